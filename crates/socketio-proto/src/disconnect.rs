//! Why a socket left its namespace.

use core::fmt;

use engineio_proto::{CloseReason, Violation};

/// Why a socket left its namespace: one per socket, in its last event. [js socket.io 4.8.4]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DisconnectReason {
    /// The client left this namespace; the connection may go on.
    ClientNamespaceDisconnect,
    /// The Engine.IO session ended, and with it every namespace.
    Engine(CloseReason),
    /// This side ended the connection over a fault of the client, and the transport could not be
    /// closed at once.
    ForcedServerClose,
    /// This side ended the namespace; the connection may go on.
    ServerNamespaceDisconnect,
    /// This side shuts down as a whole.
    ServerShuttingDown,
}

impl DisconnectReason {
    /// Returns the reference's spelling, for logs and for clients of a cluster.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::ClientNamespaceDisconnect => "client namespace disconnect",
            Self::Engine(reason) => reason.as_str(),
            Self::ForcedServerClose => "forced server close",
            Self::ServerNamespaceDisconnect => "server namespace disconnect",
            Self::ServerShuttingDown => "server shutting down",
        }
    }

    /// Whether the client may pick up later where it left off: nobody asked for this end.
    pub fn is_recoverable(&self) -> bool {
        match self {
            Self::ClientNamespaceDisconnect | Self::ServerNamespaceDisconnect => false,
            Self::Engine(CloseReason::Violation(Violation::BadPacket(_))) => false,
            Self::Engine(_) | Self::ForcedServerClose | Self::ServerShuttingDown => true,
        }
    }
}

impl fmt::Display for DisconnectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of reasons: spelling, and whether recovery makes sense.
    #[test]
    fn reasons_are_spelt_as_the_reference_spells_them() {
        let engine = DisconnectReason::Engine;
        let table = [
            (
                DisconnectReason::ClientNamespaceDisconnect,
                "client namespace disconnect",
                false,
            ),
            (
                DisconnectReason::ServerNamespaceDisconnect,
                "server namespace disconnect",
                false,
            ),
            (
                DisconnectReason::ServerShuttingDown,
                "server shutting down",
                true,
            ),
            (
                DisconnectReason::ForcedServerClose,
                "forced server close",
                true,
            ),
            (engine(CloseReason::Forced), "forced close", true),
            (engine(CloseReason::PingTimeout), "ping timeout", true),
            (engine(CloseReason::TransportClose), "transport close", true),
            (engine(CloseReason::TransportError), "transport error", true),
            (
                engine(CloseReason::Violation(Violation::PollOverlap)),
                "transport error",
                true,
            ),
        ];
        for (reason, text, recoverable) in table {
            assert_eq!(reason.as_str(), text);
            assert_eq!(reason.is_recoverable(), recoverable, "{text}");
        }
    }

    #[test]
    fn a_peer_that_sends_no_packets_is_not_recovered() {
        let error =
            engineio_proto::parser::Packet::decode(&engineio_proto::Frame::Text("x".into()));
        let reason = CloseReason::Violation(Violation::BadPacket(error.unwrap_err()));
        let reason = DisconnectReason::Engine(reason);
        assert_eq!(
            (reason.as_str(), reason.is_recoverable()),
            ("parse error", false)
        );
    }
}
