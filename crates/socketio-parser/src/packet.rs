//! Packets that own what they carry.

use bytes::{BufMut, Bytes, BytesMut};

use crate::args::Args;
use crate::frame::Utf8Bytes;
use crate::namespace::Namespace;

/// The number that ties an acknowledgement to its event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AckId(u64);

impl AckId {
    /// The greatest id that is read from the wire: 2^53 - 1, up to which every peer counts exactly.
    pub const MAX: Self = Self((1 << 53) - 1);

    /// Takes a number. Peers cannot be expected to echo one above [`MAX`](Self::MAX).
    #[must_use]
    pub const fn new(id: u64) -> Self {
        Self(id)
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl core::fmt::Display for AckId {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.fmt(f)
    }
}

/// One packet, complete with its attachments.
///
/// Its text and bytes are slices of the frames that it came in: cloning counts references.
///
/// Specification: [sio5 § Packet types].
#[derive(Clone, Debug, PartialEq)]
pub enum Packet {
    /// Asks for a namespace, or grants it.
    Connect {
        /// Which namespace.
        namespace: Namespace,
        /// A JSON object: the credentials of a client, the session id from a server.
        data: Option<Utf8Bytes>,
    },
    /// Leaves a namespace.
    Disconnect {
        /// Which namespace.
        namespace: Namespace,
    },
    /// An event: its name and its arguments.
    Event {
        /// Which namespace.
        namespace: Namespace,
        /// Present if the sender waits for an [`Ack`](Self::Ack).
        id: Option<AckId>,
        /// The name, then the arguments: see [`Args::event`].
        args: Args,
    },
    /// The answer to an event.
    Ack {
        /// Which namespace.
        namespace: Namespace,
        /// Of which event. Without it nobody can use the answer, but the encoding allows it.
        id: Option<AckId>,
        /// The arguments: see [`Args::new`].
        args: Args,
    },
    /// Refuses a namespace.
    ConnectError {
        /// Which namespace.
        namespace: Namespace,
        /// JSON, an object or (from old servers) a string.
        data: Utf8Bytes,
    },
}

impl Packet {
    /// Appends the text frame to `out`: header and JSON. The [`attachments`](Self::attachments) are
    /// frames of their own, sent behind it in order.
    ///
    /// JSON given as `data` is written as it is.
    ///
    /// Specification: [sio5 § Packet encoding].
    pub fn encode(&self, out: &mut BytesMut) {
        out.reserve(self.encoded_len());
        let (tag, id, payload) = self.parts();
        let mut digits = itoa::Buffer::new();
        out.put_u8(tag);
        if !self.attachments().is_empty() {
            out.put_slice(digits.format(self.attachments().len()).as_bytes());
            out.put_u8(b'-');
        }
        if !self.namespace().is_root() {
            out.put_slice(self.namespace().as_str().as_bytes());
            out.put_u8(b',');
        }
        if let Some(id) = id {
            out.put_slice(digits.format(id.get()).as_bytes());
        }
        out.put_slice(payload.as_bytes());
    }

    /// Exactly the number of bytes that [`encode`](Self::encode) appends.
    #[must_use]
    pub fn encoded_len(&self) -> usize {
        let (_, id, payload) = self.parts();
        let mut digits = itoa::Buffer::new();
        let count = match self.attachments().len() {
            0 => 0,
            count => digits.format(count).len() + 1,
        };
        let id = id.map_or(0, |id| digits.format(id.get()).len());
        1 + count + self.namespace().encoded_len() + id + payload.len()
    }

    /// Which namespace it belongs to.
    #[must_use]
    pub fn namespace(&self) -> &Namespace {
        match self {
            Self::Connect { namespace, .. }
            | Self::Disconnect { namespace }
            | Self::Event { namespace, .. }
            | Self::Ack { namespace, .. }
            | Self::ConnectError { namespace, .. } => namespace,
        }
    }

    /// The byte strings of its arguments, in the order in which they are sent.
    #[must_use]
    pub fn attachments(&self) -> &[Bytes] {
        match self {
            Self::Event { args, .. } | Self::Ack { args, .. } => args.attachments(),
            Self::Connect { .. } | Self::Disconnect { .. } | Self::ConnectError { .. } => &[],
        }
    }

    /// What the header and the payload are made of: type digit, id, JSON.
    fn parts(&self) -> (u8, Option<AckId>, &str) {
        let binary = !self.attachments().is_empty();
        match self {
            Self::Connect { data, .. } => (b'0', None, data.as_deref().unwrap_or("")),
            Self::Disconnect { .. } => (b'1', None, ""),
            Self::Event { id, args, .. } => (if binary { b'5' } else { b'2' }, *id, args.json()),
            Self::Ack { id, args, .. } => (if binary { b'6' } else { b'3' }, *id, args.json()),
            Self::ConnectError { data, .. } => (b'4', None, data),
        }
    }
}

/// Event names that belong to the implementation: never sent, and refused when received.
///
/// Specification: [js socket.io-parser 4.2.4 and later].
pub const RESERVED_EVENTS: [&str; 6] = [
    "connect",
    "connect_error",
    "disconnect",
    "disconnecting",
    "newListener",
    "removeListener",
];
