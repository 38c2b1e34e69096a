//! What a catch-all for outgoing events sees.

use std::borrow::Cow;

use socketio_proto::Args;
#[cfg(feature = "server")]
use socketio_proto::Encoded;

/// An event on its way to the other side, as a catch-all sees it: `on_any_outgoing` of a namespace,
/// or of a client.
///
#[derive(Clone, Debug)]
pub struct Outgoing {
    args: Args,
}

impl Outgoing {
    pub(crate) fn new(args: Args) -> Self {
        Self { args }
    }

    /// Reads an event back from its packet. `None` if the packet is something else.
    #[cfg(feature = "server")]
    pub(crate) fn read(packet: &Encoded) -> Option<Self> {
        packet.args().map(Self::new)
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
