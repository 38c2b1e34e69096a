//! What is known about a client: its first request, its connection, the values kept with it.
#![cfg(feature = "server")]

mod support;

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use socketio_tokio::{Auth, Extensions, Handshake, Namespace, Server, Socket};
use support::{Client, serve};

async fn server_and_client(namespace: Namespace) -> (Server, Client, Socket) {
    let io = Server::builder().namespace(namespace).build();
    let (client, _) = Client::join(serve(&io).await, "/").await;
    let socket = io.of("/").sockets().remove(0);
    (io, client, socket)
}

#[tokio::test]
async fn the_handshake_is_that_of_the_first_request() {
    let before = SystemTime::now();
    let (_io, _client, socket) = server_and_client(Namespace::new("/")).await;
    let handshake = socket.handshake();
    assert_eq!(handshake.url().path(), "/socket.io/");
    assert_eq!(
        handshake.query_value("transport").as_deref(),
        Some("websocket")
    );
    assert_eq!(handshake.query_value("nothing"), None);
    assert!(handshake.headers().contains_key("host"));
    assert!(
        handshake
            .address()
            .is_some_and(|address| address.ip().is_loopback())
    );
    assert!(!handshake.is_secure() && !handshake.is_cross_domain());
    assert!(handshake.issued() >= before && handshake.issued() <= SystemTime::now());
    assert_eq!(handshake.auth(), "{}");
    assert_eq!(handshake.auth_as::<Option<u8>>().unwrap(), None);
}

#[tokio::test]
async fn each_namespace_has_an_auth_payload_of_its_own() {
    #[derive(Deserialize)]
    struct Who {
        who: String,
    }
    let tell = async |Auth(Who { who }): Auth<Who>, handshake: Handshake| {
        (who, handshake.auth().to_owned())
    };
    let io = Server::builder()
        .namespace(Namespace::new("/").on("who", tell))
        .namespace(Namespace::new("/other").on("who", tell))
        .build();
    let mut client = Client::open(serve(&io).await).await;
    client.send(r#"40{"who":"ada"}"#).await;
    client.text().await;
    client.send(r#"40/other,{"who":"bob"}"#).await;
    client.text().await;
    client.send(r#"421["who"]"#).await;
    assert_eq!(client.text().await, r#"431["ada","{\"who\":\"ada\"}"]"#);
    client.send(r#"42/other,1["who"]"#).await;
    assert_eq!(
        client.text().await,
        r#"43/other,1["bob","{\"who\":\"bob\"}"]"#
    );
}

#[tokio::test]
async fn a_connection_outlives_its_sockets_and_can_be_closed() {
    let (io, mut client, socket) = server_and_client(Namespace::new("/")).await;
    let connection = socket.connection().clone();
    assert_eq!(
        (connection.protocol(), connection.transport()),
        (4, "websocket")
    );
    assert!(connection.is_open() && !connection.session_id().is_empty());
    assert_ne!(connection.session_id(), socket.id().as_str());
    socket.disconnect();
    assert_eq!(client.text().await, "41");
    assert!(connection.is_open());
    connection.close();
    assert_eq!(client.receive().await, support::Received::Closed);
    for _ in 0..1_000 {
        if !connection.is_open() && io.connection_count() == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("the connection is still open");
}

#[tokio::test]
async fn data_is_any_value_and_an_empty_object_at_first() {
    #[derive(Debug, Default, Deserialize, PartialEq, Serialize)]
    #[serde(default)]
    struct User {
        name: String,
        tags: Vec<String>,
    }
    let (_io, _client, socket) = server_and_client(Namespace::new("/")).await;
    assert_eq!(socket.data::<User>().unwrap(), User::default());
    assert_eq!(
        socket.data::<serde_json::Value>().unwrap(),
        serde_json::json!({})
    );
    let ada = User {
        name: "ada".to_owned(),
        tags: vec!["a".to_owned()],
    };
    socket.set_data(&ada).unwrap();
    assert_eq!(socket.data::<User>().unwrap(), ada);
    assert!(socket.data::<u8>().is_err());
    socket.set_data(&(1, "two")).unwrap();
    assert_eq!(
        socket.data::<(u8, String)>().unwrap(),
        (1, "two".to_owned())
    );
    // A failed attempt leaves the earlier value.
    let unusable = std::collections::HashMap::from([((1, 2), 3)]);
    assert!(socket.set_data(&unusable).is_err());
    assert_eq!(socket.data::<(u8, String)>().unwrap().0, 1);
}

#[tokio::test]
async fn extensions_belong_to_one_socket_in_every_handler() {
    #[derive(Clone, Default)]
    struct Count(u32);
    let namespace = Namespace::new("/").on("count", async |extensions: Extensions| {
        extensions.update(|Count(count): &mut Count| {
            *count += 1;
            *count
        })
    });
    let (io, mut client, socket) = server_and_client(namespace).await;
    for count in 1..=3 {
        client.send(r#"421["count"]"#).await;
        assert_eq!(client.text().await, format!("431[{count}]"));
    }
    assert_eq!(
        socket.extensions().get::<Count>().map(|Count(count)| count),
        Some(3)
    );
    let other = io.of("/").sockets();
    assert_eq!(other.len(), 1);
    assert!(socket.server().is_some());
}
