//! Middleware: who is let in, and which events get through.

use axum::Router;
use serde::Deserialize;
use serde_json::Value;
use socketio::{
    Args, Auth, ConnectError, Data, EventName, HandlerError, Namespace, Server, Socket, State,
};

use super::log::Log;

/// Three middlewares in a row at the door of `/`, and two that see each event; `/open` has no door.
pub fn router() -> Router {
    let failures = Log::default();
    let seen = failures.clone();
    let namespace = Namespace::new("/")
        .middleware(async |socket: Socket, auth: Auth<Wish>| decide(&socket, &auth.0, 1))
        .middleware(async |socket: Socket, auth: Auth<Wish>| {
            tokio::task::yield_now().await;
            decide(&socket, &auth.0, 2)
        })
        .middleware(async |socket: Socket, auth: Auth<Wish>| decide(&socket, &auth.0, 3))
        .on_connect(async |socket: Socket| {
            let Steps(steps) = socket.extensions().get().unwrap_or_default();
            socket.emit("welcome", (steps, socket.rooms().len()))
        })
        .event_middleware(guard)
        .event_middleware(async |socket: Socket, EventName(name): EventName| {
            socket
                .extensions()
                .update(|passed: &mut Passed| passed.0.push(name));
        })
        .on("say", async |Data(text): Data<String>| text)
        .on("shout", async |args: Args, Data(text): Data<String>| {
            (text, args.json().len())
        })
        .on("secret", async || "the secret")
        .on("passed", async |socket: Socket| {
            let Passed(names) = socket.extensions().get().unwrap_or_default();
            (names,)
        })
        .on("failures", async |State(failures): State<Log>| {
            (failures.read(),)
        })
        .on_error(move |_: &Socket, error: &HandlerError| seen.add(error.to_string()))
        .with_state(failures);
    let io = Server::builder()
        .namespace(namespace)
        .namespace(Namespace::new("/open"))
        .build();
    socketio::axum::router(&io)
}

/// What a client wants to happen to it.
#[derive(Deserialize)]
struct Wish {
    /// The number of the middleware that refuses.
    refuse: Option<u8>,
    /// What the refusal should carry.
    #[serde(default, deserialize_with = "present")]
    data: Option<Value>,
}

/// Tells `null` from nothing.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// The middlewares that a socket has come past.
#[derive(Clone, Default)]
struct Steps(Vec<u8>);

/// The events of a socket that came past the first event middleware.
#[derive(Clone, Default)]
struct Passed(Vec<String>);

fn decide(socket: &Socket, wish: &Wish, step: u8) -> Result<(), ConnectError> {
    socket.join(format!("step {step}"));
    let failed = |error: &dyn std::error::Error| ConnectError::new(error.to_string());
    let steps = socket.extensions().update(|Steps(steps): &mut Steps| {
        steps.push(step);
        steps.clone()
    });
    socket
        .emit("step", (step, steps))
        .map_err(|error| failed(&error))?;
    if wish.refuse != Some(step) {
        return Ok(());
    }
    let refusal = ConnectError::new(format!("refused by {step}"));
    match &wish.data {
        Some(data) => Err(refusal.with_data(data).map_err(|error| failed(&error))?),
        None => Err(refusal),
    }
}

async fn guard(EventName(name): EventName, args: Args) -> Result<Args, &'static str> {
    match name.as_str() {
        "secret" => Err("not for you"),
        "shout" => {
            let text = args.to::<(String,)>().map_err(|_| "not a text")?.0;
            Args::new(&(text.to_uppercase(),)).map_err(|_| "not an argument")
        }
        _ => Ok(args),
    }
}
