//! What lives across an await has to be `Send`.
use std::rc::Rc;

use socketio::{Namespace, Socket};

fn main() {
    let _ = Namespace::<()>::new("/")
        .on("wait", async |socket: Socket| { //~ `Send`
            //~ Rc<i32>
            let count = Rc::new(1);
            socket.drained().await;
            *count
        });
}
