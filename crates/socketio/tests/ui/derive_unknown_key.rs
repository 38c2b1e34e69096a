//! `#[event(..)]` knows three keys.
use socketio::Event;

#[derive(Event)]
#[event(nam = "chat message")] //~ it knows `name`, `ack` and `crate`
struct Message(String);

fn main() {}
