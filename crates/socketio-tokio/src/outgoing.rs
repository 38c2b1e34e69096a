//! What a catch-all for outgoing events sees.

use std::borrow::Cow;

use socketio_proto::{Args, Encoded};

/// An event on its way to a client, as [`Namespace::on_any_outgoing`] sees it.
///
/// [`Namespace::on_any_outgoing`]: crate::Namespace::on_any_outgoing
#[derive(Clone, Debug)]
pub struct Outgoing {
    args: Args,
}

impl Outgoing {
    /// Reads an event back from its packet. `None` if the packet is something else.
    pub(crate) fn read(packet: &Encoded) -> Option<Self> {
        packet.args().map(|args| Self { args })
    }

    /// The name of the event.
    pub fn name(&self) -> Cow<'_, str> {
        self.args.event_name().unwrap_or_default()
    }

    /// The arguments, the name in front.
    pub fn args(&self) -> &Args {
        &self.args
    }
}
