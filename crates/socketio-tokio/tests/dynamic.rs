//! Dynamic namespaces: which rule a name belongs to, when a namespace is born and when it is gone.
#![cfg(feature = "server")]

mod support;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::Deserialize;
use socketio_tokio::{
    Auth, Broadcast, ConnectError, EmitError, Handshake, Namespace, NamespaceName, Server, Socket,
};
use support::{Client, serve};

fn names(io: &Server) -> Vec<String> {
    let mut names: Vec<_> = io
        .namespaces()
        .iter()
        .map(|one| one.name().to_owned())
        .collect();
    names.sort();
    names
}

async fn forgotten(io: &Server, name: &str) {
    for _ in 0..1_000 {
        if !names(io).contains(&name.to_owned()) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("{name} is still there");
}

#[tokio::test]
async fn rules_are_asked_in_order_and_names_come_first() {
    let say = |word: &'static str| move || async move { word };
    let io = Server::builder()
        .namespace(Namespace::dynamic_if(async || false).on("who", say("never")))
        .namespace(Namespace::pattern("/a-{}").on("who", say("pattern")))
        .namespace(Namespace::dynamic(|path| path.starts_with("/a")).on("who", say("function")))
        .namespace(Namespace::dynamic_if(async || true).on("who", say("question")))
        .namespace(Namespace::new("/a-name").on("who", say("name")))
        .build();
    let address = serve(&io).await;
    for (name, expected) in [
        ("/a-name", "name"),
        ("/a-1", "pattern"),
        ("/a", "function"),
        ("/b", "question"),
    ] {
        let (mut client, _) = Client::join(address, name).await;
        client.send(&format!(r#"42{name},1["who"]"#)).await;
        assert_eq!(client.text().await, format!(r#"43{name},1["{expected}"]"#));
    }
}

#[tokio::test]
async fn a_question_sees_name_handshake_and_auth_and_says_no_by_failing() {
    #[derive(Deserialize)]
    struct Key {
        key: String,
    }
    let io = Server::builder()
        .namespace(Namespace::dynamic_if(
            async |name: NamespaceName, handshake: Handshake, Auth(Key { key }): Auth<Key>| {
                assert!(key != "panic", "on purpose");
                tokio::time::sleep(Duration::from_millis(1)).await;
                let protocol = handshake.query_value("EIO").map(|value| value.into_owned());
                name.as_str().strip_prefix("/t-") == Some(key.as_str())
                    && protocol.as_deref() == Some("4")
            },
        ))
        .build();
    let mut client = Client::open(serve(&io).await).await;
    for auth in [
        r#"{"key":"y"}"#,
        r#"{"key":7}"#,
        "{}",
        "",
        r#"{"key":"panic"}"#,
    ] {
        client.send(&format!("40/t-x,{auth}")).await;
        assert_eq!(
            client.text().await,
            r#"44/t-x,{"message":"Invalid namespace"}"#
        );
    }
    client.send(r#"40/t-x,{"key":"x"}"#).await;
    assert!(client.text().await.starts_with(r#"40/t-x,{"sid""#));
    assert_eq!(names(&io), ["/", "/t-x"]);
}

#[tokio::test]
async fn a_namespace_is_announced_once_before_its_first_client_is_asked() {
    let log = Arc::new(Mutex::new(Vec::new()));
    let (born, met) = (Arc::clone(&log), Arc::clone(&log));
    let io = Server::builder()
        .on_new_namespace(move |namespace: &Broadcast| {
            born.lock()
                .unwrap()
                .push(format!("new {}", namespace.name()));
            namespace.emit("nobody is here yet", ()).unwrap();
        })
        .namespace(Namespace::new("/first"))
        .namespace(
            Namespace::pattern("/a-{}").middleware(move |socket: Socket| {
                met.lock()
                    .unwrap()
                    .push(format!("asked in {}", socket.namespace()));
                async { Ok::<_, ConnectError>(()) }
            }),
        )
        .build();
    let address = serve(&io).await;
    let (mut ada, _) = Client::join(address, "/a-1").await;
    let (mut bob, _) = Client::join(address, "/a-1").await;
    io.add(Namespace::new("late")).unwrap();
    let expected = ["new /a-1", "asked in /a-1", "asked in /a-1", "new /late"];
    assert_eq!(*log.lock().unwrap(), expected);
    io.of("/a-1").emit("both", ()).unwrap();
    for client in [&mut ada, &mut bob] {
        assert_eq!(client.text().await, r#"42/a-1,["both"]"#);
    }
    assert!(io.add(Namespace::new("/late")).is_err());
}

#[tokio::test]
async fn an_empty_namespace_is_forgotten_if_that_is_asked_for() {
    for cleanup in [true, false] {
        let io = Server::builder()
            .cleanup_empty_child_namespaces(cleanup)
            .namespace(Namespace::pattern("/a-{}"))
            .build();
        let address = serve(&io).await;
        let (mut ada, _) = Client::join(address, "/a-1").await;
        let (bob, _) = Client::join(address, "/a-1").await;
        ada.send("41/a-1,").await;
        ada.send("40").await;
        assert!(ada.text().await.starts_with("40"));
        assert_eq!(names(&io), ["/", "/a-1"]);
        drop(bob);
        if cleanup {
            forgotten(&io, "/a-1").await;
            let error = io.of("/a-1").emit("x", ()).unwrap_err();
            assert!(matches!(error, EmitError::UnknownNamespace(_)));
        } else {
            while io.connection_count() > 1 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            assert_eq!(names(&io), ["/", "/a-1"]);
        }
    }
}

#[tokio::test]
async fn one_who_is_refused_leaves_no_namespace_behind_and_named_ones_stay() {
    let refuse = async || Err::<(), _>(ConnectError::new("no"));
    let io = Server::builder()
        .cleanup_empty_child_namespaces(true)
        .namespace(Namespace::pattern("/a-{}").middleware(refuse))
        .namespace(Namespace::new("/named"))
        .build();
    let address = serve(&io).await;
    let mut client = Client::open(address).await;
    client.send("40/a-1,").await;
    assert_eq!(client.text().await, r#"44/a-1,{"message":"no"}"#);
    forgotten(&io, "/a-1").await;
    client.send("40/named,").await;
    assert!(client.text().await.starts_with("40/named,"));
    client.send("41/named,").await;
    client.send("40").await;
    assert!(client.text().await.starts_with("40{"));
    assert_eq!(names(&io), ["/", "/named"]);
}

#[tokio::test]
async fn of_does_not_bring_a_namespace_into_being() {
    let io = Server::builder()
        .namespace(Namespace::pattern("/a-{}"))
        .build();
    assert!(io.of("/a-1").emit("x", ()).is_err());
    assert!(io.of("no, comma").emit("x", ()).is_err());
    assert_eq!(names(&io), ["/"]);
    assert!(io.of("/").emit("x", ()).is_ok());
}
