//! What many clients cost that have nothing to do: `idle-clients [CLIENTS] [SECONDS]`, 1000 and 10 by default.
//!
//! Each kind of client is measured in a process of its own, and the server runs in another one, so that nothing else
//! is counted.

use std::env;
use std::error::Error;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use interop::usage;
use socketio::client::{Client, Socket};
use socketio::{Namespace, Server, TransportKind};
use tokio::time::sleep;

type Outcome = Result<(), Box<dyn Error>>;

const KINDS: [&str; 3] = ["websocket", "upgraded", "polling"];

fn main() -> Outcome {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["serve"] => run(serve()),
        ["connect", kind, url, clients, seconds] => {
            run(connect(kind, url, clients.parse()?, seconds.parse()?))
        }
        [] => compare("1000", "10"),
        [clients] => compare(clients, "10"),
        [clients, seconds] => compare(clients, seconds),
        _ => Err("say: idle-clients [CLIENTS] [SECONDS]".into()),
    }
}

/// One thread, as a program has that does something else, too.
fn run(body: impl Future<Output = Outcome>) -> Outcome {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build()?.block_on(body)
}

fn compare(clients: &str, seconds: &str) -> Outcome {
    let program = env::current_exe()?;
    let mut server = Command::new(&program)
        .arg("serve")
        .stdout(Stdio::piped())
        .spawn()?;
    let mut url = String::new();
    if let Some(output) = server.stdout.take() {
        BufReader::new(output).read_line(&mut url)?;
    }
    for kind in KINDS {
        let arguments = ["connect", kind, url.trim(), clients, seconds];
        let status = Command::new(&program).args(arguments).status()?;
        if !status.success() {
            eprintln!("{kind}: {status}");
        }
    }
    server.kill()?;
    server.wait()?;
    Ok(())
}

async fn serve() -> Outcome {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    let io = Server::builder().namespace(Namespace::new("/")).build();
    Ok(io.serve(listener, std::future::pending()).await?)
}

async fn connect(kind: &str, url: &str, clients: usize, seconds: u64) -> Outcome {
    let before = usage::resident_memory().ok_or("the system does not say what is used")?;
    let mut sockets: Vec<Socket> = Vec::with_capacity(clients);
    for _ in 0..clients {
        sockets.push(
            Client::builder(url)
                .transports(transports(kind))
                .connect("/")
                .await?,
        );
    }
    while kind == "upgraded" && !sockets.iter().all(has_web_socket) {
        sleep(Duration::from_millis(50)).await;
    }
    sleep(Duration::from_secs(1)).await;
    let memory = usage::resident_memory()
        .unwrap_or(before)
        .saturating_sub(before);
    let cpu = usage::cpu().unwrap_or_default();
    sleep(Duration::from_secs(seconds)).await;
    let cpu = usage::cpu().unwrap_or_default() - cpu;
    println!(
        "{kind:>9}: {clients} clients, {:.1} KiB of memory each; {cpu:?} of CPU in {seconds} s",
        memory as f64 / clients as f64 / 1024.0,
    );
    Ok(())
}

fn transports(kind: &str) -> Vec<TransportKind> {
    match kind {
        "websocket" => vec![TransportKind::WebSocket],
        "polling" => vec![TransportKind::Polling],
        _ => vec![TransportKind::Polling, TransportKind::WebSocket],
    }
}

fn has_web_socket(socket: &Socket) -> bool {
    socket.client().transport() == Some(TransportKind::WebSocket)
}
