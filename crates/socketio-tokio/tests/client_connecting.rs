//! How a client gets in, and how it does not.
#![cfg(all(feature = "client", feature = "server"))]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use socketio_tokio::client::{self, BuildError, Client, ConnectError, Item, Notice};
use socketio_tokio::{
    Auth, ConnectError as Kept, Data, Handshake, Namespace, NamespaceName, Server, Socket,
    TransportKind,
};
use support::line::Line;
use support::{Log, online, until, within};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Tells who they are to each client, and logs what comes.
fn namespace(path: &str, log: &Log) -> Namespace {
    let log = log.clone();
    Namespace::new(path)
        .on("who am i?", async |socket: Socket| {
            socket.connection().session_id().to_owned()
        })
        .on("say", move |Data(text): Data<String>| {
            let log = log.clone();
            async move { log.add(text) }
        })
}

async fn chat(log: &Log) -> String {
    let io = Server::builder()
        .namespace(namespace("/", log))
        .namespace(namespace("/admin", log))
        .build();
    online(&io).await
}

/// CM02: the first failure is an error that says why.
#[tokio::test]
async fn a_server_that_is_not_there_is_an_error_with_the_reason() {
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = closed.local_addr().unwrap();
    drop(closed);
    let url = format!("http://{address}");
    let error = within(Client::builder(&url).connect("/"))
        .await
        .unwrap_err();
    assert!(matches!(&error, ConnectError::Unreachable(failure) if failure.cause().is_some()));
    let text = error.to_string();
    assert!(
        text.contains("not reached") && text.contains(&address.to_string()),
        "{text}"
    );
}

/// CO06: an attempt has its time.
#[tokio::test]
async fn a_server_that_is_silent_is_given_up_in_time() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let client = Client::builder(&url).timeout(Duration::from_millis(50));
    let error = within(client.connect("/")).await.unwrap_err();
    assert!(matches!(error, ConnectError::Unreachable(_)), "{error}");
    assert!(error.to_string().contains("`timeout`"), "{error}");
}

/// A server that cannot be understood may be an old one.
#[tokio::test]
async fn a_server_that_is_not_understood_says_what_may_help() {
    let strange = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", strange.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = strange.accept().await {
            let mut head = [0; 1024];
            let _ = stream.read(&mut head).await;
            let answer = "HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n97:0{\"a";
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    let error = within(Client::builder(&url).connect("/"))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("`Builder::revision`"), "{error}");
}

/// A session that ends before the client is let in is not passed over in silence.
#[tokio::test]
async fn a_session_that_ends_too_early_is_told_before_the_end() {
    let door = Namespace::new("/").middleware(async |handshake: Handshake| {
        let _ = handshake;
        std::future::pending::<Result<(), Kept>>().await
    });
    let line = Line::to(&online(&Server::builder().namespace(door).build()).await).await;
    let builder = Client::builder(&line.url).reconnection(false);
    let mut socket = builder.open("/").unwrap();
    let client = socket.client().clone();
    until(|| client.is_connected()).await;
    line.down();
    let item = within(socket.next()).await;
    assert!(matches!(item, Some(Item::ConnectFailed(_))), "{item:?}");
    assert!(within(socket.next()).await.is_none());
}

/// Old servers are told about the client in the name of the namespace.
#[tokio::test]
async fn a_namespace_of_an_old_server_may_have_a_query() {
    let log = Log::default();
    let io = Server::builder()
        .legacy_clients(true)
        .namespace(Namespace::<()>::new("/"))
        .namespace(namespace("/gate", &log))
        .build();
    let builder = Client::builder(&online(&io).await).revision(client::Revision::V3);
    let socket = within(builder.connect("/gate?token=secret")).await.unwrap();
    assert_eq!(socket.namespace(), "/gate");
    socket.emit("say", "hi").unwrap();
    assert_eq!(log.wait_for(1).await, ["hi"]);
}

/// CS13: what the server says reaches the caller, and a refused namespace stays away.
#[tokio::test]
async fn a_refusal_carries_message_and_data() {
    let door = Namespace::new("/").middleware(async |Auth(auth): Auth<Value>| {
        if auth["token"] == "good" {
            return Ok(());
        }
        Err(Kept::new("who are you?").with_data(&json!({"code": 7}))?)
    });
    let io = Server::builder().namespace(door).build();
    let client = Client::builder(&online(&io).await)
        .auth(json!({"token": "bad"}))
        .build()
        .unwrap();
    let error = within(client.connect("/")).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the server refused the connection: who are you?"
    );
    let ConnectError::Refused(refused) = error else {
        panic!("{error}")
    };
    assert_eq!(refused.message(), "who are you?");
    assert_eq!(refused.data::<Value>(), Some(json!({"code": 7})));
    assert_eq!(refused.json(), Some(r#"{"code":7}"#));

    let error = within(client.connect("/nowhere")).await.unwrap_err();
    assert!(
        matches!(&error, ConnectError::Refused(refused) if refused.message() == "Invalid namespace")
    );

    // CS03: better credentials open the door.
    let mut socket = client.open("/").unwrap();
    let item = within(socket.next()).await;
    assert!(matches!(item, Some(Item::Refused(_))), "{item:?}");
    assert!(!socket.is_active() && !socket.is_connected());
    assert!(socket.emit("x", 1).is_err());
    socket.set_auth(json!({"token": "good"})).unwrap();
    socket.connect();
    let item = within(socket.next()).await;
    assert!(matches!(item, Some(Item::Connected { .. })), "{item:?}");
    assert!(socket.is_active() && socket.is_connected());
}

/// CF02 and CE03: the path of a URL is the namespace, its query is part of the requests.
#[tokio::test]
async fn a_url_names_the_namespace_and_the_query() {
    let (log, seen) = (Log::default(), Log::default());
    let its = seen.clone();
    let admin = namespace("/admin", &log).on_connect(move |handshake: Handshake| {
        let key = handshake
            .query_value("key")
            .unwrap_or_default()
            .into_owned();
        its.add(key);
        async {}
    });
    let url = online(&Server::builder().namespace(admin).build()).await;
    let socket = within(client::connect(&format!("{url}/admin?key=k%201")))
        .await
        .unwrap();
    assert_eq!(socket.namespace(), "/admin");
    assert_eq!(seen.wait_for(1).await, ["k 1"]);
}

/// CF06: one connection for any number of namespaces.
#[tokio::test]
async fn namespaces_share_a_connection_and_clients_do_not() {
    let log = Log::default();
    let url = chat(&log).await;
    let client = Client::builder(&url).build().unwrap();
    let one = within(client.connect("/")).await.unwrap();
    let two = within(client.connect("/admin")).await.unwrap();
    let other = within(Client::builder(&url).connect("/")).await.unwrap();
    let mut ids = Vec::new();
    for socket in [&one, &two, &other] {
        let id: String = within(async { socket.call("who am i?", ()).await })
            .await
            .unwrap();
        ids.push(id);
    }
    assert_eq!(ids[0], ids[1]);
    // CF03, CF04: another client is another connection.
    assert_ne!(ids[0], ids[2]);
    assert_ne!(one.id(), two.id());
    let taken = client.open("/admin").unwrap_err();
    assert!(matches!(taken, BuildError::NamespaceInUse(_)), "{taken}");
    drop(two);
    let again = within(client.connect("/admin")).await.unwrap();
    assert!(again.is_connected());
}

/// CO07: nothing is dialed before somebody wants it.
#[tokio::test]
async fn a_client_without_namespaces_does_not_dial() {
    let log = Log::default();
    let line = Line::to(&chat(&log).await).await;
    let client = Client::builder(&line.url).build().unwrap();
    let mut notices = client.notices();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(line.calls(), 0);
    assert!(!client.is_connected() && client.transport().is_none());
    let _socket = within(client.connect("/")).await.unwrap();
    assert!(line.calls() > 0 && client.is_connected());
    // CM05, CE05
    let first = within(notices.next()).await;
    assert!(
        matches!(
            first,
            Some(Notice::Opened {
                transport: TransportKind::Polling
            })
        ),
        "{first:?}"
    );
    let second = within(notices.next()).await;
    assert!(matches!(second, Some(Notice::Upgraded)), "{second:?}");
    assert_eq!(client.transport(), Some(TransportKind::WebSocket));
}

/// CE04: the transports are the caller's choice.
#[tokio::test]
async fn a_client_may_begin_with_a_web_socket_or_stay_with_polling() {
    let log = Log::default();
    let url = chat(&log).await;
    for (transports, expected) in [
        (vec![TransportKind::WebSocket], TransportKind::WebSocket),
        (vec![TransportKind::Polling], TransportKind::Polling),
    ] {
        let socket = Client::builder(&url).transports(transports).connect("/");
        let socket = within(socket).await.unwrap();
        assert_eq!(socket.client().transport(), Some(expected));
        socket.emit("say", "hi").unwrap();
        within(socket.client().close()).await;
    }
    assert_eq!(log.lines(), ["hi", "hi"]);
}

/// CO09: a function is asked for every attempt.
#[tokio::test]
async fn auth_is_asked_for_each_attempt() {
    let log = Log::default();
    let its = log.clone();
    let door = Namespace::new("/").on_connect(move |Auth(auth): Auth<Value>| {
        its.add(auth.to_string());
        async {}
    });
    let line = Line::to(&online(&Server::builder().namespace(door).build()).await).await;
    let count = Arc::new(AtomicUsize::new(0));
    let mut socket = Client::builder(&line.url)
        .reconnection_delay(Duration::from_millis(1))
        .auth(move |name: NamespaceName| {
            let n = count.fetch_add(1, Ordering::SeqCst);
            async move {
                tokio::task::yield_now().await;
                json!({"n": n, "at": name.as_str()})
            }
        })
        .open("/")
        .unwrap();
    let first = within(socket.next()).await;
    assert!(matches!(first, Some(Item::Connected { .. })), "{first:?}");
    line.cut();
    until(|| log.lines().len() >= 2).await;
    let lines = log.lines();
    assert_eq!(lines[0], r#"{"at":"/","n":0}"#);
    assert!(
        lines[1].contains(r#""n":"#) && lines[1] != lines[0],
        "{lines:?}"
    );
}

#[tokio::test]
async fn a_question_that_is_never_answered_goes_with_its_session() {
    // A client that says nothing in time is put out, and comes back.
    let io = Server::builder()
        .connect_timeout(Duration::from_millis(10))
        .namespace(namespace("/", &Log::default()));
    let asked = Arc::new(AtomicUsize::new(0));
    let waiting = Arc::new(());
    let (count, held) = (Arc::clone(&asked), Arc::clone(&waiting));
    let socket = Client::builder(&online(&io.build()).await)
        .transports([TransportKind::WebSocket])
        .reconnection_delay(Duration::from_millis(1))
        .auth(move || {
            count.fetch_add(1, Ordering::SeqCst);
            let held = Arc::clone(&held);
            async move {
                let _held = held;
                std::future::pending::<Value>().await
            }
        })
        .open("/")
        .unwrap();
    until(|| asked.load(Ordering::SeqCst) >= 20).await;
    // The test, the function, the present question, and one that is about to go.
    assert!(Arc::strong_count(&waiting) <= 4);
    drop(socket);
}

#[tokio::test]
async fn an_auth_that_fails_or_panics_refuses_and_the_client_lives_on() {
    let log = Log::default();
    let client = Client::builder(&chat(&log).await).build().unwrap();
    let errors = Log::default();
    let its = errors.clone();
    let failing = client
        .namespace("/")
        .on_error(move |_, error| its.add(error.to_string()))
        .auth(async || Err::<Value, _>("no token today"));
    let error = within(failing.connect()).await.unwrap_err();
    assert!(
        matches!(&error, ConnectError::Refused(refused) if refused.message() == "no token today")
    );
    assert_eq!(errors.lines().len(), 1);

    async fn broken() -> Value {
        panic!("out of tokens")
    }
    let error = within(client.namespace("/").auth(broken).connect())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("out of tokens"), "{error}");

    let error = within(client.namespace("/").auth(async || 1).connect())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("object"), "{error}");
    assert!(within(client.connect("/")).await.unwrap().is_connected());
}

/// CS05: what is emitted before the server is there arrives, in order; `open` goes on trying.
#[tokio::test]
async fn an_open_namespace_waits_for_its_server_and_keeps_what_is_emitted() {
    let log = Log::default();
    let line = Line::to(&chat(&log).await).await;
    line.down();
    let mut socket = Client::builder(&line.url)
        .reconnection_delay(Duration::from_millis(1))
        .reconnection_delay_max(Duration::from_millis(5))
        .open("/")
        .unwrap();
    for n in 0..10 {
        socket.emit("say", n.to_string()).unwrap();
    }
    let item = within(socket.next()).await;
    assert!(matches!(item, Some(Item::ConnectFailed(_))), "{item:?}");
    assert!(socket.is_active() && !socket.is_connected() && socket.queued_bytes() > 0);
    line.up();
    while !matches!(within(socket.next()).await, Some(Item::Connected { .. })) {}
    within(socket.drained()).await;
    let expected: Vec<_> = (0..10).map(|n| n.to_string()).collect();
    assert_eq!(log.wait_for(10).await, expected);
}

#[tokio::test]
async fn a_connect_that_is_dropped_leaves() {
    let log = Log::default();
    let (asked, left) = (log.clone(), log.clone());
    let door = Namespace::new("/")
        .middleware(move || {
            asked.add("asked");
            async {
                tokio::time::sleep(Duration::from_millis(100)).await;
                Ok::<_, Kept>(())
            }
        })
        .on_disconnect(move || {
            left.add("left");
            async {}
        });
    let io = Server::builder()
        .namespace(door)
        .namespace(Namespace::<()>::new("/other"))
        .build();
    let client = Client::builder(&online(&io).await).build().unwrap();
    // Keeps the connection, which would otherwise end at once.
    let _other = within(client.connect("/other")).await.unwrap();
    let its = client.clone();
    let connecting = tokio::spawn(async move { its.connect("/").await.map(drop) });
    log.wait_for(1).await;
    connecting.abort();
    assert!(connecting.await.unwrap_err().is_cancelled());
    // The server has let it in meanwhile, and hears that nobody is there.
    assert_eq!(log.wait_for(2).await, ["asked", "left"]);
    // The namespace is free again.
    assert!(within(client.connect("/")).await.unwrap().is_connected());
}

#[tokio::test]
async fn a_namespace_that_no_packet_can_express_is_refused_at_once() {
    let client = Client::builder("http://127.0.0.1:1").build().unwrap();
    assert!(matches!(
        client.open("a,b"),
        Err(BuildError::InvalidNamespace(_))
    ));
    within(client.close()).await;
    assert!(matches!(client.open("/"), Err(BuildError::Closed)));
    let error = within(client.connect("/")).await.unwrap_err();
    assert!(matches!(error, ConnectError::Build(BuildError::Closed)));
}
