//! An event is a struct.
use socketio::Event;

#[derive(Event)]
enum Message { //~ an event is a struct: make each variant a struct of its own
    Text(String),
}

fn main() {}
