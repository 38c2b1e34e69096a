//! A server to talk to, and the program that talks to it.

#![allow(dead_code, reason = "each test uses what it needs")]

use std::process::Stdio;
use std::time::Duration;

use socketio::{
    Ack, Args, Auth, Bytes, CallError, ConnectError, Data, EmitError, Namespace, Server, Socket,
};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::sync::mpsc;

/// A server on a port of its own.
pub(crate) struct Served {
    pub(crate) url: String,
    pub(crate) io: Server,
    /// What clients have said with the event `say`, as JSON.
    said: mpsc::UnboundedReceiver<String>,
}

impl Served {
    pub(crate) async fn start() -> Self {
        let (says, said) = mpsc::unbounded_channel();
        let namespaces = [root(says), admin()];
        let mut builder = Server::builder();
        for namespace in namespaces {
            builder = builder.namespace(namespace);
        }
        let io = builder.build();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = io.clone();
        tokio::spawn(async move { server.serve(listener, std::future::pending()).await });
        Self { url, io, said }
    }

    /// The next thing that was said.
    pub(crate) async fn heard(&mut self) -> String {
        let said = tokio::time::timeout(PATIENCE, self.said.recv()).await;
        said.expect("nothing was said in time").unwrap()
    }
}

fn root(says: mpsc::UnboundedSender<String>) -> Namespace {
    Namespace::new("/")
        .on_connect(async |socket: Socket| {
            let file = Bytes::from_static(&[1, 2, 3, 4, 5]);
            socket.emit("welcome", ("ada", file))
        })
        .on("add", async |Data((a, b)): Data<(i64, i64)>| a + b)
        .on("pair", async || (1, "two"))
        .on("length", async |Data(bytes): Data<Bytes>| bytes.len())
        .on("silence", async |ack: Ack<()>| {
            std::future::pending::<()>().await;
            ack.send(())
        })
        .on("say", move |args: Args| {
            let heard = says.send(args.json().to_owned());
            async move { drop(heard) }
        })
        .on("count to", async |socket: Socket, Data(n): Data<u32>| {
            for number in 1..=n {
                socket.emit("number", number)?;
            }
            Ok::<_, EmitError>(())
        })
        .on(
            "ask me",
            async |socket: Socket, Data(question): Data<String>| {
                let answer: String = socket.call("question", question).await?;
                socket.emit("understood", answer)?;
                Ok::<_, CallError>(())
            },
        )
        .on("put me out", async |socket: Socket| socket.disconnect())
}

/// A namespace for those who know the word.
fn admin() -> Namespace {
    Namespace::new("/admin")
        .middleware(async |Auth(token): Auth<Option<Token>>| match token {
            Some(Token { token }) if token == "tulip" => Ok(()),
            _ => Err(refusal()),
        })
        .on("whoami", async || "root")
}

#[derive(serde::Deserialize)]
struct Token {
    token: String,
}

fn refusal() -> ConnectError {
    // A message on two lines, to see that one is printed.
    let refusal = ConnectError::new("not\nauthorised");
    refusal.with_data(&[401]).unwrap()
}

/// What a run of the program has left behind.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// The lines of standard output.
    pub(crate) fn lines(&self) -> Vec<&str> {
        self.stdout.lines().collect()
    }

    /// Exit code 1, nothing on standard output, and one line on standard error: this one.
    #[track_caller]
    pub(crate) fn failed_with(&self, line: &str) {
        let expected = Self {
            code: Some(1),
            stdout: String::new(),
            stderr: format!("sio: {line}\n"),
        };
        assert_eq!(*self, expected);
    }
}

/// The program, in an environment without history and proxies.
pub(crate) fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sio"));
    command.args(args).env("SIO_HISTORY", "").env("TZ", "UTC");
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_COLOR"] {
        command
            .env_remove(name)
            .env_remove(name.to_ascii_lowercase());
    }
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command.kill_on_drop(true);
    command
}

/// Runs the program to its end.
pub(crate) async fn sio(args: &[&str]) -> Ran {
    sio_with(args, b"").await
}

/// Runs the program to its end, with this standard input.
pub(crate) async fn sio_with(args: &[&str], input: &[u8]) -> Ran {
    let mut child = command(args).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // A program that does not read its input may be gone already.
    let _ = stdin.write_all(input).await;
    drop(stdin);
    let output = tokio::time::timeout(PATIENCE, child.wait_with_output()).await;
    let output = output.expect("the program does not end").unwrap();
    Ran {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Long enough for a machine that does something else.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
