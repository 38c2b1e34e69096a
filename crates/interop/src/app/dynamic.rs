//! Namespaces that come into being when a client asks for them.

use axum::Router;
use serde::Deserialize;
use socketio::{
    Auth, Broadcast, ConnectError, Data, EmitError, Namespace, NamespaceName, PathParams, Server,
    Socket, State,
};

use super::log::Log;

/// Two servers with the same rules: the one at `/socket.io/` forgets namespaces that are empty,
/// the one at `/keep/` does not.
pub fn router() -> Router {
    let forgetful = server("/socket.io", true);
    let faithful = server("/keep", false);
    socketio::axum::router(&forgetful).merge(socketio::axum::router(&faithful))
}

fn server(path: &str, cleanup: bool) -> Server {
    let born = Log::default();
    let root = root(born.clone());
    Server::builder()
        .path(path)
        .cleanup_empty_child_namespaces(cleanup)
        .on_new_namespace(move |namespace: &Broadcast| born.add(namespace.name()))
        .namespace(root)
        .namespace(Namespace::new("/room-exact").on("where", async || "by name"))
        .namespace(by_pattern())
        .namespace(
            Namespace::dynamic(|path| path.starts_with("/room-"))
                .on("where", async || "by function"),
        )
        .namespace(by_question())
        .build()
}

fn root(born: Log) -> Namespace {
    Namespace::new("/")
        .on("born", async |State(born): State<Log>| (born.read(),))
        .on("exist", async |socket: Socket| (names(&socket),))
        .on(
            "tell",
            async |socket: Socket, Data((path, text)): Data<(String, String)>| {
                tell(&socket, &path, &text)
            },
        )
        .on(
            "tell-all",
            async |socket: Socket, Data(text): Data<String>| {
                let io = socket.server();
                let all = io.map(|io| io.namespaces()).unwrap_or_default();
                all.iter()
                    .try_for_each(|namespace| namespace.emit("told", &text))
            },
        )
        .on(
            "add",
            async |socket: Socket, Data(path): Data<String>| match socket.server() {
                Some(io) => io
                    .add(Namespace::new(path).on("where", async || "added"))
                    .map_err(|taken| taken.to_string()),
                None => Ok(()),
            },
        )
        .with_state(born)
}

fn by_pattern() -> Namespace {
    Namespace::pattern("/room-{}")
        .middleware(async |Auth(wish): Auth<Wish>| {
            if wish.refuse {
                Err(ConnectError::new("not today"))
            } else {
                Ok(())
            }
        })
        .on("where", async |PathParams(params): PathParams| {
            ("by pattern", params)
        })
        .on("say", async |socket: Socket, Data(text): Data<String>| {
            socket.broadcast().emit("said", text)
        })
}

/// Whoever knows the key of a tenant may come in.
fn by_question() -> Namespace {
    Namespace::dynamic_if(async |name: NamespaceName, Auth(Key { key }): Auth<Key>| {
        tokio::task::yield_now().await;
        name.as_str().strip_prefix("/tenant-") == Some(&key)
    })
    .on("where", async |socket: Socket| {
        ("by question", socket.namespace().as_str().to_owned())
    })
}

#[derive(Deserialize)]
struct Wish {
    #[serde(default)]
    refuse: bool,
}

#[derive(Deserialize)]
struct Key {
    key: String,
}

fn names(socket: &Socket) -> Vec<String> {
    let io = socket.server();
    let namespaces = io.map(|io| io.namespaces()).unwrap_or_default();
    let mut names: Vec<_> = namespaces
        .iter()
        .map(|namespace| namespace.name().to_owned())
        .collect();
    names.sort();
    names
}

fn tell(socket: &Socket, path: &str, text: &str) -> Result<(), EmitError> {
    let io = socket.server();
    io.map_or(Ok(()), |io| io.of(path).emit("told", text))
}
