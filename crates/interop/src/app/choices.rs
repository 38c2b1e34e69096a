//! Many sockets at once: choosing them, telling them, asking them, moving them, putting them out.

use std::time::Duration;

use axum::Router;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use socketio::{Answers, Broadcast, Bytes, Data, EmitError, Namespace, Server, Socket};

/// Each event takes a choice of sockets and does one thing to it.
pub fn router() -> Router {
    let io = Server::builder()
        .namespace(moving(asking(telling(Namespace::new("/")))))
        .namespace(telling(Namespace::new("/other")))
        .build();
    socketio::axum::router(&io)
}

/// A choice of sockets as a client describes it.
#[derive(Deserialize)]
struct Choice {
    /// Any of these rooms; none: everybody.
    #[serde(default)]
    rooms: Vec<String>,
    /// And none of these.
    #[serde(default)]
    except: Vec<String>,
    /// Whether the one who asks is left out.
    #[serde(default)]
    others: bool,
    /// Whether what is told may get lost.
    #[serde(default)]
    volatile: bool,
}

impl Choice {
    fn of(self, socket: &Socket) -> Option<Broadcast> {
        let everybody = if self.others {
            socket.broadcast()
        } else {
            socket.server()?.of(socket.namespace().as_str())
        };
        let chosen = everybody.to_rooms(self.rooms).except_rooms(self.except);
        Some(if self.volatile {
            chosen.volatile()
        } else {
            chosen
        })
    }
}

fn telling(namespace: Namespace) -> Namespace {
    namespace
        .on(
            "join",
            async |socket: Socket, Data(rooms): Data<Vec<String>>| {
                rooms.into_iter().for_each(|room| socket.join(room));
            },
        )
        .on("leave", async |socket: Socket, Data(room): Data<String>| {
            socket.leave(room)
        })
        .on("rooms", async |socket: Socket| {
            let mut rooms: Vec<_> = socket.rooms().iter().map(ToString::to_string).collect();
            rooms.sort();
            (rooms,)
        })
        .on(
            "tell",
            async |socket: Socket, Data((choice, text)): Data<(Choice, String)>| match choice
                .of(&socket)
            {
                Some(chosen) => chosen.emit("told", text),
                None => Ok(()),
            },
        )
        .on(
            "tell-bytes",
            async |socket: Socket, Data((choice, bytes)): Data<(Choice, Bytes)>| match choice
                .of(&socket)
            {
                Some(chosen) => chosen.emit("told", ("bytes", bytes)),
                None => Ok(()),
            },
        )
        .on(
            "tell-twice",
            async |socket: Socket, Data(choice): Data<Choice>| {
                let Some(kept) = choice.of(&socket) else {
                    return Ok(());
                };
                kept.clone()
                    .to("nobody")
                    .except("red")
                    .emit("told", "narrower")?;
                kept.emit("told", "the kept choice")
            },
        )
        .on(
            "reserved",
            async |socket: Socket, Data(name): Data<String>| {
                let refused = |outcome: Result<(), EmitError>| outcome.is_err();
                (
                    refused(socket.emit(&name, 1)),
                    refused(socket.volatile().emit(&name, 1)),
                    refused(socket.broadcast().emit(&name, 1)),
                    socket.call::<()>(&name, 1).await.is_err(),
                )
            },
        )
}

fn asking(namespace: Namespace) -> Namespace {
    namespace
        .on(
            "survey",
            async |socket: Socket, Data((choice, milliseconds)): Data<(Choice, u64)>| {
                let chosen = choice.of(&socket).ok_or("no server")?;
                let call = chosen.call::<Value>("question", ("how many?", 7));
                let answers = call.timeout(Duration::from_millis(milliseconds)).await;
                answers.map(report).map_err(|_| "not sent")
            },
        )
        .on(
            "survey-numbers",
            async |socket: Socket, Data(choice): Data<Choice>| {
                let chosen = choice.of(&socket).ok_or("no server")?;
                let answers = chosen.call::<i64>("question", ("how many?", 7)).await;
                answers.map(report).map_err(|_| "not sent")
            },
        )
        .on(
            "ask-each",
            async |socket: Socket, Data(choice): Data<Choice>| {
                let mut answers = Vec::new();
                for one in choice.of(&socket).iter().flat_map(Broadcast::sockets) {
                    answers.push(one.call::<i64>("question", ("how many?", 7)).await.ok());
                }
                answers.sort();
                (answers,)
            },
        )
}

fn moving(namespace: Namespace) -> Namespace {
    namespace
        .on("who", async |socket: Socket, Data(choice): Data<Choice>| {
            let sockets = choice.of(&socket).map(|chosen| chosen.sockets());
            let mut ids: Vec<_> = sockets
                .iter()
                .flatten()
                .map(|socket| socket.id().to_string())
                .collect();
            ids.sort();
            (ids,)
        })
        .on(
            "join-them",
            async |socket: Socket, Data((choice, room)): Data<(Choice, String)>| {
                if let Some(chosen) = choice.of(&socket) {
                    chosen.sockets_join(room);
                }
            },
        )
        .on(
            "leave-them",
            async |socket: Socket, Data((choice, room)): Data<(Choice, String)>| {
                if let Some(chosen) = choice.of(&socket) {
                    chosen.sockets_leave(room);
                }
            },
        )
        .on(
            "put-out",
            async |socket: Socket, Data(choice): Data<Choice>| {
                if let Some(chosen) = choice.of(&socket) {
                    chosen.disconnect_sockets();
                }
            },
        )
        .on(
            "close-them",
            async |socket: Socket, Data(choice): Data<Choice>| {
                if let Some(chosen) = choice.of(&socket) {
                    chosen.close_sockets();
                }
            },
        )
}

fn report<R: Serialize>(answers: Answers<R>) -> Value {
    let mut given: Vec<_> = answers.answers.iter().map(|answer| json!(answer)).collect();
    given.sort_by_key(ToString::to_string);
    json!({
        "answers": given,
        "missing": answers.missing,
        "invalid": answers.invalid.len(),
        "complete": answers.is_complete(),
    })
}
