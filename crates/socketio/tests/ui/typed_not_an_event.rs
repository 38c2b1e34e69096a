//! What is emitted as a typed event has to be one.
use socketio::Socket;

#[derive(serde::Serialize)]
struct Message(String);

fn main() {
    let _ = |socket: Socket| socket.emit_event(&Message(String::new())); //~ `Message` is not an event
    //~ `#[derive(Event)]`
}
