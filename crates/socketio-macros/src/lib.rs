//! The derive macro of typed Socket.IO events.
//!
//! Not for direct use: `socketio` and `socketio-tokio` export it beside the trait `Event` that it
//! implements, and the examples are there.
#![forbid(unsafe_code)]

mod event;
mod options;
mod snake_case;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input, parse_quote};

/// Implements `Event` for a struct: the name under which it is sent and received, and the type of
/// its acknowledgement.
///
/// In `#[event(name = "chat message", ack = Receipt)]` may stand, in any order:
///
/// * `name = "chat message"`: the event's name; without it the name of the struct in snake case,
///   so that `ChatMessage` is `"chat_message"`;
/// * `ack = Receipt`: the type of its acknowledgement; without it `()`, which carries nothing;
/// * `crate = my_crate::socketio`: where the trait is, if the crate was renamed or is only reached
///   through another one.
///
/// `Serialize` and `Deserialize` come from serde as for any type. Which arguments the event has
/// follows from the shape of the struct: `Event` says how. A struct may have type parameters and
/// lifetimes; one that borrows can be sent but not received. An enum is refused, since each of its
/// variants would be an event of its own.
#[proc_macro_derive(Event, attributes(event))]
pub fn derive_event(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    event::expand(&input, &parse_quote!(::socketio)).into()
}

/// The same for crates that use `socketio-tokio` without `socketio`.
#[doc(hidden)]
#[proc_macro_derive(TokioEvent, attributes(event))]
pub fn derive_tokio_event(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    event::expand(&input, &parse_quote!(::socketio_tokio)).into()
}
