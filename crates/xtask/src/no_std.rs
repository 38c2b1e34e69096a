//! Proves that the four lower crates do without `std`: each is linked into a library that brings its own panic
//! handler, which the compiler refuses (two of them) as soon as anything pulls `std` in.

use std::fs;
use std::path::Path;

use crate::run::{self, Failure, cargo};

/// The crates that do no input or output.
pub(crate) const SANS_IO: [&str; 4] = [
    "engineio-parser",
    "engineio-proto",
    "socketio-parser",
    "socketio-proto",
];

pub(crate) fn check() -> Result<(), Failure> {
    let folder = run::target().join("no-std-check");
    for name in SANS_IO {
        let package = folder.join(name);
        write_package(&package, name).map_err(|error| {
            Failure::new(format!("cannot write {}: {error}", package.display()))
        })?;
        run::run(
            cargo(&["build", "--quiet", "--manifest-path"])
                .arg(package.join("Cargo.toml"))
                .arg("--target-dir")
                .arg(folder.join("target")),
        )
        .map_err(|failure| Failure::new(format!("{name} is not no_std: {failure}")))?;
    }
    Ok(())
}

fn write_package(folder: &Path, name: &str) -> std::io::Result<()> {
    let path = run::root().join("crates").join(name);
    fs::create_dir_all(folder.join("src"))?;
    fs::write(folder.join("Cargo.toml"), manifest(name, &path))?;
    fs::write(
        folder.join("src/lib.rs"),
        LIBRARY.replace("SUBJECT", &name.replace('-', "_")),
    )?;
    // The versions of the workspace, not newer ones.
    fs::copy(run::root().join("Cargo.lock"), folder.join("Cargo.lock"))?;
    Ok(())
}

fn manifest(name: &str, path: &Path) -> String {
    format!(
        r#"[package]
name = "no-std-{name}"
version = "0.0.0"
edition = "2024"

[lib]
crate-type = ["staticlib"]

[dependencies]
{name} = {{ path = {path:?} }}

[profile.dev]
panic = "abort"

[workspace]
"#
    )
}

const LIBRARY: &str = r#"#![no_std]
use SUBJECT as _;
use core::alloc::{GlobalAlloc, Layout};

struct Nothing;

unsafe impl GlobalAlloc for Nothing {
    unsafe fn alloc(&self, _: Layout) -> *mut u8 {
        core::ptr::null_mut()
    }
    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

#[global_allocator]
static NOTHING: Nothing = Nothing;

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
"#;
