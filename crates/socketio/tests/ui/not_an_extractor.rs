//! An argument has to be one that the event offers: here `Data` is missing around the type.
use socketio::{Namespace, Socket};

struct Message;

fn main() {
    let _ = Namespace::<()>::new("/")
        .on("message", async |_: Socket, _: Message| {}); //~ `Message` cannot be an argument of this handler
        //~ is read by `Data`
}
