//! The state that a handler asks for has to be the one that its namespace has.
use socketio::{Namespace, State};

#[derive(Clone)]
struct Database;

fn main() {
    let _ = Namespace::<()>::new("/")
        .on("query", async |_: State<Database>| {}); //~ this namespace has no state of type `Database`
        //~ .with_state(..)
}
