//! Installing the JavaScript packages of a folder.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

use crate::run::{self, Failure};

/// Installs exactly what the folder's lock file says; does nothing if that is installed already.
pub(crate) fn install(folder: &Path) -> Result<(), Failure> {
    for program in ["node", "npm"] {
        if run::find(program).is_none() {
            return Err(Failure::new(format!(
                "`{program}` is missing: install Node.js 20 or newer"
            )));
        }
    }
    let lock = folder.join("package-lock.json");
    let Some(locked) = changed(&lock) else {
        return Err(Failure::new(format!("{} is missing", lock.display())));
    };
    // npm writes this file when an installation is complete.
    let installed = changed(&folder.join("node_modules/.package-lock.json"));
    if installed.is_some_and(|installed| installed >= locked) {
        return Ok(());
    }
    run::run(
        Command::new("npm")
            .args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"])
            .current_dir(folder),
    )
}

fn changed(file: &Path) -> Option<SystemTime> {
    fs::metadata(file)
        .and_then(|metadata| metadata.modified())
        .ok()
}
