//! The typed event has to be the last argument.
use socketio::{Event, Namespace, Socket, Typed};

#[derive(serde::Deserialize, Event)]
struct Message(String);

fn main() {
    let _ = Namespace::<()>::new("/")
        .on_event(async |_: Typed<Message>, _: Socket| {}); //~ the last argument of a handler of `on_event` is `Typed<E>`
        //~ behind the other arguments
}
