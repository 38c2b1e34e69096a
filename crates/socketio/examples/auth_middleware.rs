//! Authentication: a token in `auth` decides who comes in, and the handlers know who it was.
//!
//! `cargo run -p socketio --example auth_middleware`, then in Node.js with `socket.io-client`:
//!
//! ```js
//! const socket = require("socket.io-client")("http://127.0.0.1:3000", { auth: { token: "tulip" } });
//! socket.on("connect", () => socket.emit("whoami", (name) => console.log(name)));
//! socket.on("connect_error", (error) => console.log(error.message, error.data));
//! ```

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use socketio::{Auth, ConnectError, EncodeError, Extension, Namespace, Server, Socket, State};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let tokens = HashMap::from([("tulip", User("ada")), ("daisy", User("grace"))]);
    let namespace = Namespace::<Tokens>::new("/")
        .middleware(authenticate)
        .on("whoami", async |Extension(User(name)): Extension<User>| {
            name
        })
        .with_state(Arc::new(tokens));
    let io = Server::builder().namespace(namespace).build();

    let port = std::env::var("PORT").unwrap_or_else(|_| "3000".to_owned());
    let listener = TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    println!("http://{}", listener.local_addr()?);
    io.serve(listener, std::future::pending()).await
}

/// Who owns which token. A real application would ask its database.
type Tokens = Arc<HashMap<&'static str, User>>;

#[derive(Clone, Copy)]
struct User(&'static str);

/// What the client puts into `auth`.
#[derive(Deserialize)]
struct Credentials {
    token: Option<String>,
}

/// Runs before the client is in: an `Err` keeps it out.
async fn authenticate(
    socket: Socket,
    State(tokens): State<Tokens>,
    Auth(Credentials { token }): Auth<Credentials>,
) -> Result<(), ConnectError> {
    let Some(token) = token else {
        return Err(refusal(401, "log in first")?);
    };
    let Some(user) = tokens.get(token.as_str()) else {
        return Err(refusal(403, "the token is not known")?);
    };
    socket.extensions().insert(*user);
    Ok(())
}

/// What the client sees in `connect_error`: `error.message` and `error.data`.
fn refusal(code: u16, hint: &str) -> Result<ConnectError, ConnectError> {
    #[derive(Serialize)]
    struct Details<'a> {
        code: u16,
        hint: &'a str,
    }
    let refused = ConnectError::new("not authorised").with_data(&Details { code, hint });
    refused.map_err(|error: EncodeError| ConnectError::new(error.to_string()))
}
