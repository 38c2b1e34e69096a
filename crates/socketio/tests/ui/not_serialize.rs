//! What a handler returns has to serialise.
use socketio::Namespace;

struct Receipt;

fn main() {
    let _ = Namespace::<()>::new("/")
        .on("message", async || Receipt); //~ `Receipt
        //~ derive(serde::Serialize)
}
