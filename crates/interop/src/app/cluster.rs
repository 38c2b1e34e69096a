//! Two servers in one cluster, which their clients take for one.

use std::time::Duration;

use axum::Router;
use serde_json::{Value, json};
use socketio::cluster::InProcess;
use socketio::{Broadcast, Data, EmitError, FetchError, Namespace, Server, Socket, State};

/// The servers at `/one/` and `/two/`.
pub fn router() -> Router {
    let cluster = InProcess::new();
    ["/one", "/two"]
        .into_iter()
        .map(|path| {
            let io = Server::builder()
                .path(path)
                .cluster(cluster.member())
                .namespace(namespace(path))
                .build();
            socketio::axum::router(&io)
        })
        .fold(Router::new(), Router::merge)
}

/// The name of the server is the state of its handlers.
fn namespace(server: &'static str) -> Namespace {
    talking(fetching(Namespace::new("/")))
        .on_server_side(
            "word",
            async |everybody: Broadcast,
                   Data(word): Data<String>,
                   State(name): State<&'static str>| {
                everybody.local().emit("word", (name, word))
            },
        )
        .on_server_side("load", async |State(name): State<&'static str>| name)
        .with_state(server)
}

fn talking(namespace: Namespace<&'static str>) -> Namespace<&'static str> {
    namespace
        .on("join", async |socket: Socket, Data(room): Data<String>| {
            socket.join(room)
        })
        .on("rooms", async |socket: Socket| {
            let mut rooms: Vec<_> = socket.rooms().iter().map(ToString::to_string).collect();
            rooms.sort();
            (rooms,)
        })
        .on(
            "tell",
            async |socket: Socket, Data((room, text)): Data<(String, String)>| {
                socket.to(room).emit("told", text)
            },
        )
        .on(
            "tell-local",
            async |socket: Socket, Data(text): Data<String>| {
                socket.broadcast().local().emit("told", text)
            },
        )
        .on("survey", async |socket: Socket| {
            let answers = socket.broadcast().call::<i64>("question", ()).await?;
            let mut given = answers.answers;
            given.sort_unstable();
            Ok::<_, EmitError>((given, answers.missing))
        })
        .on("word", async |socket: Socket, Data(word): Data<String>| {
            socket.broadcast().server_side_emit("word", word)
        })
        .on("loads", async |socket: Socket| {
            let loads = socket.broadcast().server_side_call::<String>("load", ());
            let loads = loads.timeout(Duration::from_secs(5)).await?;
            Ok::<_, EmitError>((loads.answers, loads.missing_servers))
        })
}

fn fetching(namespace: Namespace<&'static str>) -> Namespace<&'static str> {
    namespace
        .on(
            "set-data",
            async |socket: Socket, Data(data): Data<Value>| {
                socket.set_data(&data).map_err(|error| error.to_string())
            },
        )
        .on("fetch", async |socket: Socket, Data(room): Data<String>| {
            let sockets = socket.to(room).fetch_sockets().await.map_err(told)?;
            let mut found: Vec<_> = sockets
                .iter()
                .map(|one| {
                    let mut rooms: Vec<_> = one.rooms().iter().map(ToString::to_string).collect();
                    rooms.sort();
                    json!({
                        "id": one.id().as_str(),
                        "local": one.is_local(),
                        "rooms": rooms,
                        "data": one.data::<Value>().ok(),
                        "transport": one.handshake().query_value("transport"),
                    })
                })
                .collect();
            found.sort_by_key(|one| one["id"].to_string());
            Ok::<_, String>((found,))
        })
        .on(
            "greet-each",
            async |socket: Socket, Data(room): Data<String>| {
                let mut answers = Vec::new();
                for one in socket.to(room).fetch_sockets().await.map_err(told)? {
                    one.emit("told", "you alone")
                        .map_err(|error| error.to_string())?;
                    one.join("greeted");
                    let answer = one
                        .call::<i64>("question", ())
                        .timeout(Duration::from_secs(5));
                    answers.push(answer.await.ok());
                }
                answers.sort();
                Ok::<_, String>((answers,))
            },
        )
        .on(
            "put-out-each",
            async |socket: Socket, Data(room): Data<String>| {
                for one in socket.to(room).fetch_sockets().await.map_err(told)? {
                    one.disconnect();
                }
                Ok::<_, String>(())
            },
        )
}

fn told(error: FetchError) -> String {
    error.to_string()
}
