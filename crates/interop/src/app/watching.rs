//! Catch-alls: who sees every event, in which order.

use axum::Router;
use socketio::{Data, EmitError, EventName, Listener, Namespace, Outgoing, Server, Socket};

/// Catch-alls in both directions, of the namespace and of each socket.
pub fn router() -> Router {
    let namespace = Namespace::new("/")
        .on_any(async |socket: Socket, EventName(name): EventName| {
            note(&socket, format!("any {name}"));
        })
        .event_middleware(async |socket: Socket, EventName(name): EventName| {
            note(&socket, format!("middleware {name}"));
            if name == "blocked" {
                Err("blocked")
            } else {
                Ok(())
            }
        })
        .on_any_outgoing(|socket: &Socket, event: &Outgoing| {
            note(socket, format!("out {}", event.name()));
        })
        .on_connect(async |socket: Socket| watch(&socket))
        .on("hello", async |socket: Socket| {
            note(&socket, "handler hello".to_owned());
            "answered"
        })
        .on("blocked", async |socket: Socket| {
            note(&socket, "handler blocked".to_owned());
        })
        .on("emit", async |socket: Socket| {
            socket.emit("one", 1)?;
            socket.volatile().emit("two", 2)
        })
        .on("broadcast", async |socket: Socket| match socket.server() {
            Some(io) => io.emit("news", "for everybody"),
            None => Ok(()),
        })
        .on("ask", async |socket: Socket| {
            let answer: Result<u8, _> = socket.call("question", ()).await;
            answer
        })
        .on("unwatch", async |socket: Socket| {
            let Watchers(watchers) = socket.extensions().get().unwrap_or_default();
            watchers.into_iter().filter(|one| socket.off(*one)).count()
        })
        .on("notes", async |socket: Socket, Data(keep): Data<bool>| {
            let taken = socket.extensions().update(|Notes(notes): &mut Notes| {
                if keep {
                    notes.clone()
                } else {
                    std::mem::take(notes)
                }
            });
            (taken,)
        });
    socketio::axum::router(&Server::builder().namespace(namespace).build())
}

/// What was seen around one socket, in order.
#[derive(Clone, Default)]
struct Notes(Vec<String>);

/// The catch-alls of one socket.
#[derive(Clone, Default)]
struct Watchers(Vec<Listener>);

fn note(socket: &Socket, what: String) {
    if !what.ends_with(" notes") {
        socket
            .extensions()
            .update(|Notes(notes): &mut Notes| notes.push(what));
    }
}

fn watch(socket: &Socket) -> Result<(), EmitError> {
    let incoming = |word: &'static str| {
        move |socket: Socket, EventName(name): EventName| async move {
            note(&socket, format!("{word} {name}"));
        }
    };
    let outgoing = |word: &'static str| {
        move |socket: &Socket, event: &Outgoing| note(socket, format!("{word} {}", event.name()))
    };
    let watchers = vec![
        socket.on_any(incoming("own any, second")),
        socket.prepend_any(incoming("own any, first")),
        socket.on_any_outgoing(outgoing("own out, second")),
        socket.prepend_any_outgoing(outgoing("own out, first")),
    ];
    socket.extensions().insert(Watchers(watchers));
    Ok(())
}
