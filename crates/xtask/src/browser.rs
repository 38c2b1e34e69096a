//! Finding Chromium, or installing it where that is possible.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use crate::run::{self, Failure};

const NAMES: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];

/// The browser's program: what `CHROMIUM` says, what the search path has, or what apt installs for root.
pub(crate) fn chromium() -> Result<PathBuf, Failure> {
    if let Some(chosen) = env::var_os("CHROMIUM") {
        return Ok(PathBuf::from(chosen));
    }
    if let Some(found) = find() {
        return Ok(found);
    }
    if run::find("apt-get").is_some() && is_root() {
        install()?;
    }
    find().ok_or_else(|| {
        Failure::new(
            "Chromium is missing: install the package `chromium`, or set CHROMIUM to its program",
        )
    })
}

fn find() -> Option<PathBuf> {
    NAMES.iter().find_map(|name| run::find(name))
}

fn is_root() -> bool {
    run::output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

fn install() -> Result<(), Failure> {
    run::run(Command::new("apt-get").args(["update", "-qq"]))?;
    run::run(
        Command::new("apt-get")
            .args([
                "install",
                "-qq",
                "--yes",
                "--no-install-recommends",
                "chromium",
                "fonts-dejavu-core",
            ])
            .env("DEBIAN_FRONTEND", "noninteractive"),
    )
}
