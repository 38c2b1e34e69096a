//! A handler of `on_event` has to say which event it is for.
use socketio::Namespace;

fn main() {
    let _ = Namespace::<()>::new("/")
        .on_event(async || {}); //~ has `Typed<E>` or `Asked<E>` as its last argument
        //~ `async |Typed(event): Typed<E>| ..`
}
