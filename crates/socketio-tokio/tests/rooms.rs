//! Rooms and broadcasts: who is reached, once each, and in which order.
#![cfg(feature = "server")]

mod support;

use socketio_tokio::{Broadcast, Data, EmitError, Namespace, Server, Socket};
use support::{Client, Received, serve};

fn rooms() -> Namespace {
    Namespace::new("/")
        .on("echo", async |Data(value): Data<serde_json::Value>| value)
        .on("join", async |socket: Socket, Data(room): Data<String>| {
            socket.join(room)
        })
        .on("leave", async |socket: Socket, Data(room): Data<String>| {
            socket.leave(room)
        })
        .on(
            "say",
            async |socket: Socket, Data((room, text)): Data<(String, String)>| {
                socket.to(room).emit("said", text)
            },
        )
        .on("all", async |socket: Socket, Data(text): Data<String>| {
            socket.broadcast().emit("said", text)
        })
}

async fn three(io: &Server) -> [(Client, String); 3] {
    let address = serve(io).await;
    [
        Client::join(address, "/").await,
        Client::join(address, "/").await,
        Client::join(address, "/").await,
    ]
}

async fn ask(client: &mut Client, event: &str, data: &str) {
    client.send(&format!(r#"421["{event}","{data}"]"#)).await;
    assert_eq!(client.text().await, "431[]");
}

#[tokio::test]
async fn a_room_reaches_its_members_but_not_the_speaker() {
    let io = Server::builder().namespace(rooms()).build();
    let [(mut a, _), (mut b, _), (mut c, _)] = three(&io).await;
    ask(&mut a, "join", "tea").await;
    ask(&mut b, "join", "tea").await;
    a.send(r#"42["say","tea","hot"]"#).await;
    assert_eq!(b.text().await, r#"42["said","hot"]"#);
    a.assert_alive().await;
    c.assert_alive().await;
    ask(&mut b, "leave", "tea").await;
    a.send(r#"42["say","tea","cold"]"#).await;
    a.assert_alive().await;
    b.assert_alive().await;
}

#[tokio::test]
async fn a_broadcast_reaches_everybody_else() {
    let io = Server::builder().namespace(rooms()).build();
    let [(mut a, _), (mut b, _), (mut c, _)] = three(&io).await;
    a.send(r#"42["all","hi"]"#).await;
    assert_eq!(b.text().await, r#"42["said","hi"]"#);
    assert_eq!(c.text().await, r#"42["said","hi"]"#);
    a.assert_alive().await;
}

#[tokio::test]
async fn several_rooms_reach_each_socket_once_and_exceptions_none() {
    let io = Server::builder().namespace(rooms()).build();
    let [(mut a, _), (mut b, _), (mut c, _)] = three(&io).await;
    for client in [&mut a, &mut b] {
        ask(client, "join", "x").await;
        ask(client, "join", "y").await;
    }
    ask(&mut b, "join", "muted").await;
    ask(&mut c, "join", "y").await;
    let choice: Broadcast = io.of("/").to("x").to("y").except("muted");
    choice.emit("n", 1).unwrap();
    choice.clone().emit("n", (2, "two")).unwrap();
    for client in [&mut a, &mut c] {
        assert_eq!(client.text().await, r#"42["n",1]"#);
        assert_eq!(client.text().await, r#"42["n",2,"two"]"#);
        client.assert_alive().await;
    }
    b.assert_alive().await;
}

#[tokio::test]
async fn the_socket_id_is_a_room_of_its_own() {
    let io = Server::builder().namespace(rooms()).build();
    let [(mut a, id), (mut b, _), _] = three(&io).await;
    io.to(id.as_str())
        .emit("psst", bytes::Bytes::from_static(b"secret"))
        .unwrap();
    assert_eq!(
        a.text().await,
        r#"451-["psst",{"_placeholder":true,"num":0}]"#
    );
    assert_eq!(a.receive().await, Received::Binary(b"secret".to_vec()));
    b.assert_alive().await;
}

#[tokio::test]
async fn a_client_that_left_is_in_no_room() {
    let io = Server::builder().namespace(rooms()).build();
    let [(mut a, _), (mut b, _), _] = three(&io).await;
    ask(&mut a, "join", "tea").await;
    a.send("41").await;
    a.send("40").await;
    assert!(a.text().await.starts_with("40{"));
    io.to("tea").emit("said", "nobody hears").unwrap();
    a.assert_alive().await;
    b.assert_alive().await;
}

#[tokio::test]
async fn an_unknown_namespace_is_an_error_of_the_caller() {
    let io = Server::builder().build();
    let error = io.of("/typo").emit("x", 1).unwrap_err();
    assert!(matches!(error, EmitError::UnknownNamespace(name) if name == "/typo"));
}

#[tokio::test]
async fn reserved_names_are_refused_where_they_are_said() {
    let io = Server::builder().build();
    assert!(matches!(
        io.emit("disconnect", 1),
        Err(EmitError::Encode(_))
    ));
}

#[tokio::test]
async fn namespaces_share_a_connection_and_nothing_else() {
    let io = Server::builder()
        .namespace(rooms())
        .namespace(Namespace::new("admin"))
        .build();
    let address = serve(&io).await;
    let (mut client, id) = Client::join(address, "/").await;
    client.send("40/admin,").await;
    let answer = client.text().await;
    assert!(
        answer.starts_with(r#"40/admin,{"sid":""#) && !answer.contains(&id),
        "{answer}"
    );
    io.of("/admin").emit("x", 1).unwrap();
    assert_eq!(client.text().await, r#"42/admin,["x",1]"#);
    client.send("41/admin,").await;
    client.assert_alive().await;
    io.of("/admin").emit("x", 2).unwrap();
    client.assert_alive().await;
    assert_eq!(io.connection_count(), 1);
}

#[tokio::test]
async fn the_server_puts_clients_out() {
    let namespace = rooms()
        .on("kick", async |socket: Socket| socket.disconnect())
        .on("close", async |socket: Socket| socket.close());
    let io = Server::builder().namespace(namespace).build();
    let [(mut a, _), (mut b, _), (mut c, _)] = three(&io).await;
    a.send(r#"42["kick"]"#).await;
    assert_eq!(a.text().await, "41");
    a.send("40").await;
    assert!(a.text().await.starts_with("40{"));
    b.send(r#"42["close"]"#).await;
    assert_eq!(b.text().await, "41");
    assert_eq!(b.receive().await, Received::Closed);
    io.close();
    assert_eq!(c.receive().await, Received::Closed);
    assert_eq!(a.receive().await, Received::Closed);
}
