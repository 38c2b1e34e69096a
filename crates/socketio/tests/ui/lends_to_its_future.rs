//! A closure cannot lend what it captures to its future.
use socketio::{Namespace, Socket};

fn main() {
    let greeting = String::from("hello");
    let _ = Namespace::<()>::new("/")
        .on("greet", async move |socket: Socket| { //~ `Fn`
            socket.emit("greeting", &greeting)
        });
}
