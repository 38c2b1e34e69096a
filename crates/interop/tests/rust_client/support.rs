//! What the tests share: servers, clients for each transport, and waiting with a limit.

use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use futures_util::future::join_all;
use interop::javascript_server::{JavaScriptServer, Release};
use serde_json::{Value, json};
use socketio::TransportKind;
use socketio::client::{
    Builder, Client, DisconnectReason, Event, Item, Notice, Notices, Revision, Socket,
};

/// No test waits longer for anything. A machine that is busy is no failure.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// How soon clients come back in tests.
pub(crate) const SOON: Duration = Duration::from_millis(50);

/// Longer than a client needs to join a namespace, so that every client has begun to talk over polling.
const UPGRADE_DELAY: u64 = 60;

/// Which transports a client has.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Mode {
    Polling,
    WebSocket,
    Upgrade,
}

impl Mode {
    pub(crate) const ALL: [Self; 3] = [Self::Polling, Self::WebSocket, Self::Upgrade];

    fn transports(self) -> Vec<TransportKind> {
        match self {
            Self::Polling => vec![TransportKind::Polling],
            Self::WebSocket => vec![TransportKind::WebSocket],
            Self::Upgrade => vec![TransportKind::Polling, TransportKind::WebSocket],
        }
    }

    /// What a connection comes to in the end.
    pub(crate) const fn settled(self) -> TransportKind {
        match self {
            Self::Polling => TransportKind::Polling,
            Self::WebSocket | Self::Upgrade => TransportKind::WebSocket,
        }
    }
}

/// A client of one release over one transport.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trial<'a> {
    pub(crate) server: &'a JavaScriptServer,
    pub(crate) mode: Mode,
}

impl Trial<'_> {
    pub(crate) fn is_old(&self) -> bool {
        self.server.release() == Release::Two
    }

    /// A client that tries hard and soon.
    pub(crate) fn builder(&self) -> Builder {
        builder(&self.server.url(), self.server.release(), self.mode)
    }

    /// A client that is in `/`.
    pub(crate) async fn connect(&self) -> Socket {
        let socket = within("a connection", self.builder().connect("/")).await;
        socket.expect("connected")
    }
}

/// A client that comes back soon.
pub(crate) fn builder(url: &str, release: Release, mode: Mode) -> Builder {
    let builder = Client::builder(url)
        .transports(mode.transports())
        .reconnection_delay(SOON)
        .reconnection_delay_max(4 * SOON);
    match release {
        Release::Two => builder.revision(Revision::V3),
        Release::Three | Release::Four => builder,
    }
}

/// Says which trial was on when a test fails.
struct Witness<'a>(Trial<'a>);

impl Drop for Witness<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            let Trial { server, mode } = self.0;
            eprintln!("with the server {} over {mode:?}", server.release());
        }
    }
}

async fn play(trial: Trial<'_>, part: &impl AsyncFn(Trial<'_>)) {
    let _witness = Witness(trial);
    part(trial).await;
}

/// Plays a part with every release and every transport, on servers that tests share.
pub(crate) async fn everywhere(part: impl AsyncFn(Trial<'_>)) {
    with(&Release::ALL, part).await;
}

/// The same with some releases.
pub(crate) async fn with(releases: &[Release], part: impl AsyncFn(Trial<'_>)) {
    let part = &part;
    join_all(releases.iter().map(async |release| {
        let server = shared(*release);
        for mode in Mode::ALL {
            play(Trial { server, mode }, part).await;
        }
    }))
    .await;
}

/// Plays a part with some releases and every transport, each time with a server of its own.
pub(crate) async fn alone(releases: &[Release], options: Value, part: impl AsyncFn(Trial<'_>)) {
    let (part, options) = (&part, &options);
    join_all(releases.iter().map(async |release| {
        for mode in Mode::ALL {
            let server = &start(*release, options.clone());
            play(Trial { server, mode }, part).await;
        }
    }))
    .await;
}

/// A server with options of its own.
pub(crate) fn start(release: Release, mut options: Value) -> JavaScriptServer {
    if let Value::Object(options) = &mut options {
        options
            .entry("upgradeDelay")
            .or_insert(UPGRADE_DELAY.into());
    }
    JavaScriptServer::start(release, &options).expect("a server of Node.js")
}

/// A server that is never stopped. It ends with this process.
pub(crate) fn shared(release: Release) -> &'static JavaScriptServer {
    static SERVERS: [OnceLock<JavaScriptServer>; 3] = [const { OnceLock::new() }; 3];
    let server = match release {
        Release::Two => &SERVERS[0],
        Release::Three => &SERVERS[1],
        Release::Four => &SERVERS[2],
    };
    server.get_or_init(|| start(release, json!({ "maxHttpBufferSize": 10_000_000 })))
}

/// Gives a server a command that must succeed.
pub(crate) async fn tell(server: &JavaScriptServer, command: Value) -> Value {
    let what = command.to_string();
    within(&what, server.tell(command))
        .await
        .unwrap_or_else(|error| panic!("{what}: {error}"))
}

/// What comes of it, within reason.
pub(crate) async fn within<T>(what: &str, future: impl IntoFuture<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, future.into_future()).await {
        Ok(outcome) => outcome,
        Err(_) => panic!("waited for {what} in vain"),
    }
}

/// Waits until something holds.
pub(crate) async fn until(what: &str, condition: impl AsyncFn() -> bool) {
    within(what, async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

/// The next thing that happens.
pub(crate) async fn next(socket: &mut Socket) -> Item {
    let item = within("an item", socket.next()).await;
    item.expect("the client goes on")
}

/// The next event; nothing else may happen before.
pub(crate) async fn event(socket: &mut Socket) -> Event {
    match next(socket).await {
        Item::Event(event) => event,
        other => panic!("no event: {other:?}"),
    }
}

/// The arguments of the next event, which has that name.
pub(crate) async fn data<T: serde::de::DeserializeOwned>(socket: &mut Socket, name: &str) -> T {
    let event = event(socket).await;
    assert_eq!(event.name(), name);
    event.data().expect("arguments of that type")
}

/// Waits until the client is let in, whatever happens before. Gives its id, and whether it has been recovered.
pub(crate) async fn connected(socket: &mut Socket) -> (String, bool) {
    loop {
        if let Item::Connected { id, recovered } = next(socket).await {
            return (id.to_string(), recovered);
        }
    }
}

/// Waits until the client is outside, whatever happens before. Gives the reason, and whether it will be back.
pub(crate) async fn disconnected(socket: &mut Socket) -> (DisconnectReason, bool) {
    loop {
        if let Item::Disconnected {
            reason,
            retry_after,
        } = next(socket).await
        {
            return (reason, retry_after.is_some());
        }
    }
}

/// Waits until the connection uses the transport that it must come to.
pub(crate) async fn settled(socket: &Socket, mode: Mode) {
    until("the last transport", async || {
        socket.client().transport() == Some(mode.settled())
    })
    .await;
}

/// Waits for a notice of that kind, whatever comes before.
pub(crate) async fn noticed<T>(notices: &mut Notices, pick: impl Fn(&Notice) -> Option<T>) -> T {
    loop {
        let notice = within("a notice", notices.next()).await;
        if let Some(found) = pick(&notice.expect("the client goes on")) {
            return found;
        }
    }
}
