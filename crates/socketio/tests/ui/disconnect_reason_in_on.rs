//! A disconnect reason exists where a client has left, and nowhere else.
use socketio::{DisconnectReason, Namespace};

fn main() {
    let _ = Namespace::<()>::new("/")
        .on("message", async |_: DisconnectReason| {}); //~ `DisconnectReason` cannot be an argument of this handler
        //~ exists in `on_disconnect` only
}
