//! A handler of a typed event has to return the acknowledgement of the event.
use socketio::{Event, Namespace, Typed};

#[derive(serde::Deserialize, Event)]
#[event(ack = u64)]
struct Message(String);

fn main() {
    let _ = Namespace::<()>::new("/")
        .on_event(async |Typed(Message(text)): Typed<Message>| text); //~ this handler returns `String`, but its event is acknowledged with `u64`
        //~ return `u64`, or a `Result<u64, E>`
        //~ without it that is `()`
}
