//! The official servers, as programs that a test starts, commands and asks what they have seen.

use std::collections::HashMap;
use std::fmt;
use std::io::{self, BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::node;

/// The release of the package `socket.io` that serves.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Release {
    /// 2.5.1, which speaks revision 4 of the protocol.
    Two,
    /// 3.1.2, the first that speaks revision 5.
    Three,
    /// 4.8.4.
    Four,
}

impl Release {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Two, Self::Three, Self::Four];

    /// How the package says it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Two => "2.5.1",
            Self::Three => "3.1.2",
            Self::Four => "4.8.4",
        }
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A server of Node.js that runs until it is dropped.
///
/// `js/servers/application.mjs` says what it does for its clients, `js/servers/commands.mjs` what it can be told.
#[derive(Debug)]
pub struct JavaScriptServer {
    release: Release,
    port: u16,
    child: Child,
    input: Mutex<ChildStdin>,
    waiting: Arc<Waiting>,
    next: AtomicU64,
}

type Answer = Result<Value, String>;

/// Who waits for the answer to which command.
#[derive(Debug, Default)]
struct Waiting(Mutex<HashMap<u64, oneshot::Sender<Answer>>>);

impl JavaScriptServer {
    /// Starts a server on a free port of this machine, with the options of the package and those of
    /// `js/servers/running.mjs`. Returns when it listens.
    ///
    /// # Errors
    ///
    /// What is missing, or that it did not come up; it has said more on the standard error.
    pub fn start(release: Release, options: &Value) -> io::Result<Self> {
        let mut child = Command::new("node")
            .args(["servers/main.mjs", release.as_str(), &options.to_string()])
            .current_dir(node::folder())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::Error::other("no pipes to the server"));
        };
        let mut output = BufReader::new(output);
        let mut port = String::new();
        output.read_line(&mut port)?;
        let port = port
            .trim()
            .parse()
            .map_err(|_| io::Error::other(format!("the server {release} did not start")))?;
        let waiting = Arc::new(Waiting::default());
        thread::spawn({
            let waiting = Arc::clone(&waiting);
            move || waiting.answer_from(output)
        });
        Ok(Self {
            release,
            port,
            child,
            input: Mutex::new(input),
            waiting,
            next: AtomicU64::new(0),
        })
    }

    /// Which release it is.
    #[must_use]
    pub const fn release(&self) -> Release {
        self.release
    }

    /// The port at which it listens, at 127.0.0.1.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Where it listens, as a URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Gives a command, such as `["kick", "/", id, true]`, and returns its result when it is done.
    ///
    /// # Errors
    ///
    /// What went wrong in the server, or that there is no server any more.
    pub async fn tell(&self, command: Value) -> Result<Value, String> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let (reply, answer) = oneshot::channel();
        self.waiting.lock().insert(number, reply);
        self.write(number, command)
            .map_err(|error| format!("cannot command the server: {error}"))?;
        answer
            .await
            .unwrap_or_else(|_| Err("the server has ended".to_owned()))
    }

    fn write(&self, number: u64, command: Value) -> io::Result<()> {
        let mut line = vec![json!(number)];
        match command {
            Value::Array(words) => line.extend(words),
            word => line.push(word),
        }
        let mut input = self.input.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(input, "{}", Value::Array(line))
    }
}

impl Drop for JavaScriptServer {
    fn drop(&mut self) {
        // Either fails only if it is over already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Waiting {
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<u64, oneshot::Sender<Answer>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Passes on every answer until the server ends, then tells everybody that there will be none.
    fn answer_from(&self, output: BufReader<ChildStdout>) {
        for line in output.lines().map_while(Result::ok) {
            let Ok((number, answer)) = parse(&line) else {
                // Whatever else it prints is for whoever reads the output of the test.
                println!("{line}");
                continue;
            };
            if let Some(reply) = self.lock().remove(&number) {
                // Nobody waits for a command that was given up.
                let _ = reply.send(answer);
            }
        }
        self.lock().clear();
    }
}

fn parse(line: &str) -> serde_json::Result<(u64, Answer)> {
    serde_json::from_str::<(u64, Value)>(line)
        .map(|(number, result)| (number, Ok(result)))
        .or_else(|_| {
            serde_json::from_str::<(u64, (), String)>(line)
                .map(|(number, (), error)| (number, Err(error)))
        })
}
