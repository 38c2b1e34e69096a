//! An upload in chunks: progress while it runs, a receipt as the acknowledgement at its end.
//!
//! `cargo run -p socketio --example binary_upload`, then in Node.js with `socket.io-client`:
//!
//! ```js
//! const socket = require("socket.io-client")("http://127.0.0.1:3000");
//! socket.on("progress", (received, size) => console.log(`${received} of ${size}`));
//! socket.emit("begin", "a.bin", 8, () => { socket.emit("chunk", Buffer.alloc(4)); socket.emit("chunk", Buffer.alloc(4)); socket.emit("finish", console.log); });
//! ```

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use socketio::{Bytes, Data, Extensions, Namespace, Server, Socket, State};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let namespace = Namespace::<Files>::new("/")
        .on("begin", begin)
        .on("chunk", chunk)
        .on("finish", finish)
        .on("download", download)
        .with_state(Files::default());
    let io = Server::builder().namespace(namespace).build();

    let port = std::env::var("PORT").unwrap_or_else(|_| "3000".to_owned());
    let listener = TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    println!("http://{}", listener.local_addr()?);
    io.serve(listener, std::future::pending()).await
}

type Files = Arc<Mutex<HashMap<String, Bytes>>>;

/// The upload that a socket has begun. `Bytes` are cheap to clone: they share their memory.
#[derive(Clone, Default)]
struct Upload {
    name: String,
    size: usize,
    received: usize,
    chunks: Vec<Bytes>,
}

async fn begin(
    extensions: Extensions,
    Data((name, size)): Data<(String, usize)>,
) -> Result<(), String> {
    if size > MAX_SIZE {
        return Err(format!("a file has at most {MAX_SIZE} bytes"));
    }
    let upload = Upload {
        name,
        size,
        ..Upload::default()
    };
    extensions.insert(upload);
    Ok(())
}

/// Never waits, so that chunks are taken in the order in which they were sent.
async fn chunk(socket: Socket, Data(bytes): Data<Bytes>) -> Result<(), String> {
    let (received, size) = socket.extensions().update(|upload: &mut Upload| {
        upload.received += bytes.len();
        if upload.received <= upload.size {
            upload.chunks.push(bytes);
        }
        (upload.received, upload.size)
    });
    let progress = socket
        .volatile()
        .emit("progress", (received.min(size), size));
    progress.map_err(|error| error.to_string())
}

async fn finish(
    extensions: Extensions,
    State(files): State<Files>,
) -> Result<(String, usize), String> {
    let upload: Upload = extensions.remove().ok_or("nothing was begun")?;
    if upload.received != upload.size {
        return Err(format!("{} of {} bytes came", upload.received, upload.size));
    }
    let mut files = files.lock().unwrap_or_else(PoisonError::into_inner);
    files.insert(upload.name.clone(), upload.chunks.concat().into());
    Ok((upload.name, upload.size))
}

async fn download(State(files): State<Files>, Data(name): Data<String>) -> Option<Bytes> {
    let files = files.lock().unwrap_or_else(PoisonError::into_inner);
    files.get(&name).cloned()
}

const MAX_SIZE: usize = 16 * 1024 * 1024;
