//! Headless Chromium: the chat example with two people, text, pictures, a restart of the server and
//! a phone; and pages with clients of every age.

use std::env;
use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use interop::app;
use interop::node;
use interop::server::Running;
use serde_json::Value;

const BROWSERS: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];

#[test]
fn two_people_chat_in_a_browser() {
    let chromium = chromium().unwrap_or_else(|why| panic!("{why}"));
    let example = build_example().unwrap_or_else(|why| panic!("{why}"));
    let port = free_port();
    let mut server = Some(Chat::start(&example, port));
    let url = format!("http://127.0.0.1:{port}");
    // Beside the folder for temporary files is the build folder itself.
    let pictures = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .parent()
        .expect("a build folder");
    let arguments = [url.as_ref(), chromium.as_os_str(), pictures.as_os_str()];
    let outcome = node::run("browser.mjs", &arguments, |line| match line {
        "stop" => drop(server.take()),
        "start" => server = Some(Chat::start(&example, port)),
        other => println!("{other}"),
    });
    if let Err(why) = outcome {
        panic!("{why}");
    }
}

#[test]
fn pages_of_every_age_share_a_room() {
    let chromium = chromium().unwrap_or_else(|why| panic!("{why}"));
    let server = Running::start(app::pages::router).expect("a server");
    let arguments: [OsString; 2] = [server.url().into(), chromium.into()];
    let outcome = node::run("legacy_browser.mjs", &arguments, |line| println!("{line}"));
    if let Err(why) = outcome {
        panic!("{why}");
    }
}

/// The running example. Dropping it kills it.
struct Chat(Child);

impl Chat {
    /// Starts it and waits until it says that it listens.
    fn start(example: &Path, port: u16) -> Self {
        let mut command = Command::new(example);
        command.env("PORT", port.to_string()).stdout(Stdio::piped());
        let mut chat = Self(command.spawn().expect("the example runs"));
        let output = chat.0.stdout.take().expect("its output");
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line).expect("a line");
        assert!(
            line.contains(&port.to_string()),
            "the chat example did not start on port {port}: {line:?}"
        );
        chat
    }
}

impl Drop for Chat {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Builds the example with the features of a build of the whole workspace, hence mostly for nothing.
fn build_example() -> Result<PathBuf, String> {
    let mut command = Command::new(env!("CARGO"));
    command.args([
        "build",
        "--quiet",
        "--workspace",
        "--all-features",
        "--example",
        "chat",
    ]);
    command
        .arg("--message-format=json")
        .current_dir(env!("CARGO_MANIFEST_DIR"));
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cannot run cargo: {error}"))?;
    let messages = String::from_utf8_lossy(&output.stdout);
    let built = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut executables =
        built.filter_map(|message| message["executable"].as_str().map(PathBuf::from));
    executables
        .next()
        .ok_or_else(|| "the chat example does not compile".to_owned())
}

fn chromium() -> Result<PathBuf, String> {
    if let Some(chosen) = env::var_os("CHROMIUM") {
        return Ok(chosen.into());
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let candidates =
        env::split_paths(&path).flat_map(|folder| BROWSERS.map(|name| folder.join(name)));
    let missing = || {
        "Chromium is missing: install the package `chromium`, or set CHROMIUM to its program"
            .to_owned()
    };
    candidates
        .into_iter()
        .find(|candidate| candidate.is_file())
        .ok_or_else(missing)
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("its address").port()
}
