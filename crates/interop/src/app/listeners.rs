//! Several handlers of one event, and those that a socket registers and takes away while it runs.

use axum::Router;
use socketio::{Ack, Data, Listener, Namespace, Server, Socket};

/// `several` has handlers of the namespace and of the socket; the other events change the latter.
pub fn router() -> Router {
    let namespace = Namespace::new("/")
        .on("several", async |socket: Socket| {
            heard(&socket, "namespace, first");
            "first"
        })
        .on("several", async |socket: Socket, ack: Ack<&'static str>| {
            heard(&socket, "namespace, second");
            // The first handler has the right to answer: this says nothing.
            ack.send("second")
        })
        .on_connect(async |socket: Socket| {
            socket.on("several", async |socket: Socket| {
                heard(&socket, "socket");
                "third"
            });
        })
        .on(
            "listen",
            async |socket: Socket, Data(event): Data<String>| {
                let listener = socket.on(&event, async |socket: Socket| {
                    heard(&socket, "always");
                    "always"
                });
                remember(&socket, listener);
            },
        )
        .on(
            "listen-once",
            async |socket: Socket, Data(event): Data<String>| {
                let listener = socket.once(&event, async |socket: Socket| {
                    heard(&socket, "once");
                    "once"
                });
                remember(&socket, listener);
            },
        )
        .on("off", async |socket: Socket| {
            let last = socket
                .extensions()
                .update(|Known(known): &mut Known| known.pop());
            last.is_some_and(|listener| socket.off(listener))
        })
        .on(
            "off-event",
            async |socket: Socket, Data(event): Data<String>| {
                socket.off_event(&event);
            },
        )
        .on("off-all", async |socket: Socket| socket.off_all())
        .on(
            "count",
            async |socket: Socket, Data(event): Data<String>| socket.listener_count(&event),
        )
        .on("heard", async |socket: Socket| {
            let words = socket
                .extensions()
                .update(|Heard(words): &mut Heard| std::mem::take(words));
            (words,)
        });
    socketio::axum::router(&Server::builder().namespace(namespace).build())
}

#[derive(Clone, Default)]
struct Known(Vec<Listener>);

#[derive(Clone, Default)]
struct Heard(Vec<&'static str>);

fn remember(socket: &Socket, listener: Listener) {
    socket
        .extensions()
        .update(|Known(known): &mut Known| known.push(listener));
}

fn heard(socket: &Socket, word: &'static str) {
    socket
        .extensions()
        .update(|Heard(words): &mut Heard| words.push(word));
}
