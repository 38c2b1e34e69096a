//! What `Data` reads has to deserialise.
use socketio::{Data, Namespace};

struct Message;

fn main() {
    let _ = Namespace::<()>::new("/")
        .on("message", async |_: Data<Message>| {}); //~ `Message
        //~ derive(serde::Deserialize)
}
