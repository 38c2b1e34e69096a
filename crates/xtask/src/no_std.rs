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

/// What they do besides if they are asked to, without `std` as well.
const FEATURES: [(&str, &str); 3] = [
    ("engineio-parser", "serde"),
    ("socketio-parser", "msgpack"),
    ("socketio-proto", "msgpack"),
];

pub(crate) fn check() -> Result<(), Failure> {
    let alone = SANS_IO.map(|name| (name, None));
    let more = FEATURES.map(|(name, feature)| (name, Some(feature)));
    alone
        .into_iter()
        .chain(more)
        .try_for_each(|(name, feature)| check_one(name, feature))
}

fn check_one(name: &str, feature: Option<&str>) -> Result<(), Failure> {
    let folder = run::target().join("no-std-check");
    let package = folder.join(name);
    write_package(&package, name, feature)
        .map_err(|error| Failure::new(format!("cannot write {}: {error}", package.display())))?;
    let built = run::run(
        cargo(&["build", "--quiet", "--manifest-path"])
            .arg(package.join("Cargo.toml"))
            .arg("--target-dir")
            .arg(folder.join("target")),
    );
    built.map_err(|failure| {
        let with = feature.map_or(String::new(), |feature| format!(" with {feature}"));
        Failure::new(format!("{name}{with} is not no_std: {failure}"))
    })
}

fn write_package(folder: &Path, name: &str, feature: Option<&str>) -> std::io::Result<()> {
    let path = run::root().join("crates").join(name);
    fs::create_dir_all(folder.join("src"))?;
    fs::write(folder.join("Cargo.toml"), manifest(name, &path, feature))?;
    fs::write(
        folder.join("src/lib.rs"),
        LIBRARY.replace("SUBJECT", &name.replace('-', "_")),
    )?;
    // The versions of the workspace, not newer ones.
    fs::copy(run::root().join("Cargo.lock"), folder.join("Cargo.lock"))?;
    Ok(())
}

fn manifest(name: &str, path: &Path, feature: Option<&str>) -> String {
    let features: Vec<_> = feature.into_iter().collect();
    format!(
        r#"[package]
name = "no-std-{name}"
version = "0.0.0"
edition = "2024"

[lib]
crate-type = ["staticlib"]

[dependencies]
{name} = {{ path = {path:?}, features = {features:?} }}

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
