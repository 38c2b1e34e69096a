//! Every example of the crate `socketio`, started as a program and used by the official JavaScript client.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use interop::node;
use serde_json::Value;

macro_rules! examples {
    ($($example:ident: $claim:ident,)*) => {
        const EXAMPLES: &[&str] = &[$(stringify!($example)),*];

        $(
            #[test]
            fn $claim() {
                Program::start(stringify!($example)).meet(stringify!($example));
            }
        )*
    };
}

examples! {
    auth_middleware: a_token_decides_who_comes_in,
    axum_state_sessions: a_login_over_http_is_known_to_the_socket,
    binary_upload: an_upload_reports_progress_and_ends_with_a_receipt,
    plain_hyper: a_service_written_by_hand_hosts_the_server,
    private_messages: a_user_gets_what_it_missed,
    prometheus: metrics_count_what_a_client_does,
    rooms: a_room_hears_what_is_said_in_it,
    typed_events: a_bid_is_confirmed_answered_and_told,
}

/// Run by a test of their own, below or in `browser.rs`.
const OTHERS: [&str; 4] = ["chat", "client", "graceful_shutdown", "tower_service"];

#[test]
fn layers_see_every_request() {
    let server = Program::start("tower_service");
    server.meet("tower_service");
    let printed = server.printed();
    for line in ["GET /socket.io/", "POST /socket.io/", "GET /elsewhere"] {
        assert!(printed.iter().any(|printed| printed == line), "{printed:?}");
    }
}

#[test]
fn a_slow_handler_finishes_before_the_end() {
    let mut server = Program::start("graceful_shutdown");
    server.meet("graceful_shutdown");
    let status = server.ended();
    assert!(status.success(), "{status}");
    let printed = server.printed();
    assert_eq!(
        printed,
        [
            "work begins",
            "closing",
            "left: server shutting down",
            "work is done",
            "good night"
        ]
    );
}

/// Two clients, without JavaScript in between: what one says, the other prints.
#[test]
fn a_client_hears_what_another_one_says() {
    let server = Program::start("rooms");
    let start = || {
        let mut command = Command::new(&built()["client"]);
        command.args([&server.url, "news"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the example runs");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let mut line = move || lines.next().expect("a line").expect("text");
        assert!(line().starts_with("joined, "));
        (child, line)
    };
    let (mut listener, mut heard) = start();
    let (mut speaker, _) = start();
    let mut typed = speaker.stdin.take().expect("its input");
    typed.write_all(b"good morning\n").expect("it reads");
    drop(typed);
    assert_eq!(heard(), "good morning");
    drop(listener.stdin.take());
    for mut client in [speaker, listener] {
        let status = client.wait().expect("its status");
        assert!(status.success(), "{status}");
    }
}

#[test]
fn every_example_is_run() {
    let folder = fs::read_dir(workspace().join("crates/socketio/examples")).expect("the examples");
    let there: BTreeSet<String> = folder
        .map(|entry| entry.expect("an entry").path())
        .filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned()))
        .collect();
    let run = EXAMPLES.iter().chain(&OTHERS).map(|name| name.to_string());
    assert_eq!(there, run.collect());
}

/// A running example. Dropping it kills it.
struct Program {
    child: Child,
    url: String,
    lines: Receiver<String>,
}

impl Program {
    /// Starts an example on a free port and waits until it says where it listens.
    fn start(name: &str) -> Self {
        let mut command = Command::new(&built()[name]);
        command.env("PORT", "0").stdout(Stdio::piped());
        let mut child = command.spawn().expect("the example runs");
        let output = BufReader::new(child.stdout.take().expect("its output"));
        let (sender, lines) = mpsc::channel();
        // Ends with the program, or when nobody listens any more.
        thread::spawn(move || {
            let mut lines = output.lines().map_while(Result::ok);
            lines.try_for_each(|line| sender.send(line))
        });
        let url = lines.recv_timeout(PATIENCE).expect("its address");
        assert!(url.starts_with("http://127.0.0.1:"), "{url}");
        Self { child, url, lines }
    }

    /// Lets the script of the same name talk to it, over polling and across the upgrade.
    fn meet(&self, name: &str) {
        let script = format!("examples/{name}.mjs");
        let arguments = [self.url.clone(), "upgrade".to_owned()];
        let outcome = node::run(&script, &arguments, |line| match line {
            "interrupt" => self.interrupt(),
            other => println!("{other}"),
        });
        if let Err(why) = outcome {
            panic!("{why}");
        }
    }

    /// Does what ctrl-c in its terminal does.
    fn interrupt(&self) {
        let pid = self.child.id().to_string();
        let status = Command::new("kill").args(["-INT", &pid]).status();
        assert!(status.expect("the program kill").success());
    }

    fn ended(&mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            match self.child.try_wait().expect("its status") {
                Some(status) => return status,
                None if start.elapsed() > PATIENCE => panic!("the example does not end"),
                None => thread::sleep(Duration::from_millis(10)),
            }
        }
    }

    /// What it has printed so far, its address left out.
    fn printed(&self) -> Vec<String> {
        // A program that lives may print more at any time; what is waited for was printed before
        // the script saw its effect.
        let mut printed = Vec::new();
        while let Ok(line) = self.lines.recv_timeout(Duration::from_millis(500)) {
            printed.push(line);
        }
        printed
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The programs of all examples, by name. Built once, with the features of a build of the whole
/// workspace, hence mostly for nothing.
fn built() -> &'static HashMap<String, PathBuf> {
    static BUILT: OnceLock<HashMap<String, PathBuf>> = OnceLock::new();
    BUILT.get_or_init(|| {
        let mut command = Command::new(env!("CARGO"));
        command.args(["build", "--quiet", "--workspace", "--all-features"]);
        for name in EXAMPLES.iter().chain(&OTHERS) {
            command.args(["--example", name]);
        }
        command
            .arg("--message-format=json")
            .current_dir(workspace());
        let output = command.stderr(Stdio::inherit()).output().expect("cargo");
        assert!(output.status.success(), "the examples do not compile");
        let messages = String::from_utf8_lossy(&output.stdout);
        let built = messages.lines().filter_map(|line| {
            let message: Value = serde_json::from_str(line).ok()?;
            let executable = message["executable"].as_str()?;
            Some((
                message["target"]["name"].as_str()?.to_owned(),
                executable.into(),
            ))
        });
        built.collect()
    })
}

fn workspace() -> PathBuf {
    let this = Path::new(env!("CARGO_MANIFEST_DIR"));
    this.ancestors().nth(2).expect("a workspace").to_owned()
}

/// How long an example may take to start or to end.
const PATIENCE: Duration = Duration::from_secs(20);
