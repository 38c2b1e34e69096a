//! A thousand clients lose their server at the same moment, and come back.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use interop::server::{ANY_PORT, App, Running};
use interop::usage;
use socketio::client::{Client, Item, Socket};
use socketio::{Data, Namespace, Server, TransportKind};
use tokio::sync::{mpsc, watch};
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};

const CLIENTS: usize = 1000;
/// The first wait of a client is between half of this and half as much again.
const DELAY: Duration = Duration::from_secs(2);
const LONGEST_DELAY: Duration = Duration::from_secs(4);
const WINDOW: Duration = Duration::from_millis(100);

fn server() -> Server {
    let add = async |Data((a, b)): Data<(usize, usize)>| a + b;
    Server::builder()
        .namespace(Namespace::new("/").on("add", add))
        .build()
}

/// A client that was lost and is back, and when.
struct Back {
    after: Duration,
    attempts: usize,
}

/// Lives through one outage, the beginning of which is told.
async fn live(
    url: String,
    number: usize,
    arrived: Arc<AtomicUsize>,
    mut outage: watch::Receiver<Option<Instant>>,
    back: mpsc::Sender<Back>,
) {
    let builder = Client::builder(&url)
        .transports([TransportKind::WebSocket])
        .reconnection_delay(DELAY)
        .reconnection_delay_max(LONGEST_DELAY);
    let mut socket = builder.open("/").expect("opened");
    wait_for_connection(&mut socket).await;
    arrived.fetch_add(1, Ordering::Relaxed);
    let begin = outage
        .wait_for(Option::is_some)
        .await
        .expect("told")
        .expect("a time");
    let attempts = 1 + wait_for_connection(&mut socket).await;
    let after = begin.elapsed();
    let sum: usize = socket.call("add", (number, 1)).await.expect("a sum");
    assert_eq!(sum, number + 1);
    back.send(Back { after, attempts })
        .await
        .expect("somebody counts");
}

/// Waits until the client is in. Gives how often it was not.
async fn wait_for_connection(socket: &mut Socket) -> usize {
    let mut failures = 0;
    loop {
        match socket.next().await.expect("nobody gives up") {
            Item::Connected { .. } => return failures,
            Item::ConnectFailed(_) => failures += 1,
            _ => {}
        }
    }
}

/// It starts a runtime of its own, which cannot be done inside of another one.
async fn start(address: SocketAddr) -> Running {
    let start = move || Running::start_at(address, App::Alone(server));
    spawn_blocking(start)
        .await
        .expect("no panic")
        .expect("a server")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_clients_come_back_one_after_the_other() {
    let running = start(ANY_PORT.into()).await;
    let (arrived, (tell, outage)) = (Arc::<AtomicUsize>::default(), watch::channel(None));
    let (back, mut returned) = mpsc::channel(CLIENTS);
    for number in 0..CLIENTS {
        let arrived = Arc::clone(&arrived);
        tokio::spawn(live(
            running.url(),
            number,
            arrived,
            outage.clone(),
            back.clone(),
        ));
    }
    let everybody = async {
        while arrived.load(Ordering::Relaxed) < CLIENTS {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(Duration::from_secs(60), everybody)
        .await
        .expect("all are there");

    let (begin, cpu) = (Instant::now(), usage::cpu());
    tell.send_replace(Some(begin));
    // Down for less than the shortest wait: nobody should have to try twice.
    let stopped = spawn_blocking(|| running.stop()).await;
    let running = start(stopped.expect("stopped")).await;
    let down = begin.elapsed();
    let mut story = Vec::new();
    while story.len() < CLIENTS {
        let next = timeout(Duration::from_secs(60), returned.recv()).await;
        story.push(next.expect("all come back").expect("a client"));
    }
    let cpu = usage::cpu().zip(cpu).map(|(now, before)| now - before);
    judge(&story, down, cpu, begin.elapsed());
    let stopped = spawn_blocking(|| running.stop()).await;
    stopped.expect("stopped");
}

fn judge(story: &[Back], down: Duration, cpu: Option<Duration>, took: Duration) {
    let windows = histogram(story);
    let most = windows.iter().copied().max().unwrap_or_default();
    println!(
        "down for {down:.1?}, all back after {took:.1?}, with {cpu:.1?} of CPU, server included"
    );
    for (n, count) in windows.iter().enumerate() {
        println!(
            "{:>6.1?} {count:>4} {}",
            WINDOW * u32::try_from(n).unwrap_or(u32::MAX),
            "#".repeat(count / 4)
        );
    }
    // Evenly, half of twice the delay would be twenty windows of fifty. A busy machine makes bunches of them.
    assert!(most <= CLIENTS * 3 / 10, "{most} came in one window");
    let first = story
        .iter()
        .map(|back| back.after)
        .min()
        .unwrap_or_default();
    assert!(first >= DELAY / 2, "one came after {first:?}");
    let attempts: usize = story.iter().map(|back| back.attempts).sum();
    assert!(attempts <= 3 * CLIENTS, "{attempts} attempts");
    if let Some(cpu) = cpu {
        // A few milliseconds each, for both ends, without optimisation.
        assert!(cpu < Duration::from_millis(15) * CLIENTS as u32, "{cpu:?}");
    }
}

fn histogram(story: &[Back]) -> Vec<usize> {
    let window = |back: &Back| (back.after.as_millis() / WINDOW.as_millis()) as usize;
    let count = story
        .iter()
        .map(|back| window(back) + 1)
        .max()
        .unwrap_or_default();
    let mut windows = vec![0; count];
    for back in story {
        windows[window(back)] += 1;
    }
    windows
}
