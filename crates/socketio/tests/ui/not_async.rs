//! A handler has to be async.
use socketio::{Data, Namespace};

fn main() {
    let _ = Namespace::<()>::new("/")
        .on("double", |Data(n): Data<i64>| n * 2); //~ is not a handler
        //~ write `async` in front
}
