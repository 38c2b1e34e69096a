//! Typed events: name, arguments and acknowledgement are one type, for both directions.
//!
//! `cargo run -p socketio --example typed_events`, then in Node.js with `socket.io-client`:
//!
//! ```js
//! const socket = require("socket.io-client")("http://127.0.0.1:3000");
//! socket.on("outbid", (bid) => console.log("now", bid.amount)).on("confirm", (amount, answer) => answer(amount < 100));
//! socket.emit("place_bid", { item: "vase", amount: 20 }, (receipt) => console.log(receipt));
//! ```

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use socketio::{CallError, Event, Namespace, Server, Socket, State, Typed};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let namespace = Namespace::<Bids>::new("/")
        .on_event(place_bid)
        .with_state(Bids::default());
    let io = Server::builder().namespace(namespace).build();

    let port = std::env::var("PORT").unwrap_or_else(|_| "3000".to_owned());
    let listener = TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    println!("http://{}", listener.local_addr()?);
    io.serve(listener, std::future::pending()).await
}

/// From a client: `place_bid`, one argument, answered by a [`Receipt`].
#[derive(Deserialize, Event)]
#[event(ack = Receipt)]
struct PlaceBid {
    item: String,
    amount: u32,
}

#[derive(Serialize)]
struct Receipt {
    accepted: bool,
    highest: u32,
}

/// To one client: `confirm`, one number, answered by yes or no.
#[derive(Event, Serialize)]
#[event(ack = bool)]
struct Confirm(u32);

/// To all others: `outbid`, one argument, not answered.
#[derive(Event, Serialize)]
struct Outbid {
    item: String,
    amount: u32,
}

/// The highest bid for each item.
type Bids = Arc<Mutex<HashMap<String, u32>>>;

/// A handler that returned anything but a receipt would not compile.
async fn place_bid(
    socket: Socket,
    State(bids): State<Bids>,
    Typed(PlaceBid { item, amount }): Typed<PlaceBid>,
) -> Result<Receipt, CallError> {
    let question = socket.call_event(&Confirm(amount));
    let confirmed = question.timeout(Duration::from_secs(10)).await?;

    let highest = {
        let mut bids = bids.lock().unwrap_or_else(PoisonError::into_inner);
        let highest = bids.entry(item.clone()).or_default();
        let before = *highest;
        if confirmed {
            *highest = before.max(amount);
        }
        before
    };
    let accepted = confirmed && amount > highest;
    if accepted {
        socket.broadcast().emit_event(&Outbid { item, amount })?;
    }
    Ok(Receipt {
        accepted,
        highest: if accepted { amount } else { highest },
    })
}
