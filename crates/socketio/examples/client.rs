//! A client of the example `rooms`: joins a room, says what is typed, prints what others say.
//!
//! `cargo run -p socketio --example rooms`, and in two other terminals:
//!
//! ```sh
//! cargo run -p socketio --features client --example client -- http://127.0.0.1:3000 news
//! ```

use std::error::Error;
use std::time::Duration;

use socketio::client::{Client, Item, Sender};
use tokio::io::{AsyncBufReadExt, BufReader, stdin};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().unwrap_or("http://127.0.0.1:3000".into());
    let room = arguments.next().unwrap_or("news".into());

    // The server decides who is in which room, so a new connection has to join again.
    let its = room.clone();
    let mut rooms = Client::builder(&url)
        .on_connect(move |server: Sender| join(server, its.clone()))
        .connect("/")
        .await?;

    let mut typed = BufReader::new(stdin()).lines();
    loop {
        tokio::select! {
            line = typed.next_line() => match line? {
                Some(text) => rooms.emit("say", (&room, text))?,
                None => break,
            },
            item = rooms.next() => match item {
                Some(item) => show(item)?,
                None => break,
            },
        }
    }
    rooms.client().close().await; // what was said last still arrives
    Ok(())
}

async fn join(server: Sender, room: String) -> Result<(), socketio::CallError> {
    let call = server.call("join", room).timeout(Duration::from_secs(5));
    let members: usize = call.await?;
    println!("joined, {members} here");
    Ok(())
}

fn show(item: Item) -> Result<(), Box<dyn Error>> {
    match item {
        Item::Event(event) if event.name() == "said" => {
            let (_room, text): (String, String) = event.data()?;
            println!("{text}");
        }
        Item::Disconnected { reason, .. } => println!("offline: {reason}"),
        Item::Connected { .. } => println!("online again"),
        _ => {}
    }
    Ok(())
}
