//! Packets that own what they carry.

use bytes::{BufMut, Bytes, BytesMut};

use crate::args::Args;
use crate::frame::Utf8Bytes;
use crate::namespace::Namespace;
use crate::revision::Revision;

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
/// Specification: [sio5 § Exchange protocol].
#[derive(Clone, Debug, PartialEq)]
pub enum Packet {
    /// Asks for a namespace, or grants it.
    Connect {
        /// Which namespace. Clients before 3.0 put credentials into its
        /// [query](Namespace::query).
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
        /// JSON: an object, or from servers before 3.0 any value; see [`Refusal`](crate::Refusal).
        data: Utf8Bytes,
    },
}

impl Packet {
    /// Appends the text frame to `out`: header and JSON, as revision 5 writes them. The
    /// [`attachments`](Self::attachments) are frames of their own, sent behind it in order.
    ///
    /// JSON given as `data` is written as it is.
    ///
    /// Specification: [sio5 § Packet encoding].
    pub fn encode(&self, out: &mut BytesMut) {
        self.encode_as(Revision::V5, out);
    }

    /// Appends the text frame as this [`Revision`] writes it: otherwise as
    /// [`encode`](Self::encode).
    pub fn encode_as(&self, revision: Revision, out: &mut BytesMut) {
        out.reserve(self.encoded_len_as(revision));
        let parts = self.parts(revision);
        let mut digits = itoa::Buffer::new();
        out.put_u8(parts.tag);
        if let Some(count) = parts.count {
            out.put_slice(digits.format(count).as_bytes());
            out.put_u8(b'-');
        }
        out.put_slice(parts.namespace.as_bytes());
        if parts.comma {
            out.put_u8(b',');
        }
        if let Some(id) = parts.id {
            out.put_slice(digits.format(id.get()).as_bytes());
        }
        out.put_slice(parts.payload.as_bytes());
    }

    /// Exactly the number of bytes that [`encode`](Self::encode) appends.
    #[must_use]
    pub fn encoded_len(&self) -> usize {
        self.encoded_len_as(Revision::V5)
    }

    /// Exactly the number of bytes that [`encode_as`](Self::encode_as) appends.
    #[must_use]
    pub fn encoded_len_as(&self, revision: Revision) -> usize {
        let parts = self.parts(revision);
        let mut digits = itoa::Buffer::new();
        let count = parts
            .count
            .map_or(0, |count| digits.format(count).len() + 1);
        let id = parts.id.map_or(0, |id| digits.format(id.get()).len());
        let namespace = parts.namespace.len() + usize::from(parts.comma);
        1 + count + namespace + id + parts.payload.len()
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

    /// What the header and the payload are made of.
    fn parts(&self, revision: Revision) -> Parts<'_> {
        let is_v3 = revision == Revision::V3;
        let attachments = self.attachments().len();
        let is_binary = attachments > 0;
        let (tag, id, payload): (u8, _, &str) = match self {
            Self::Connect { data, .. } => (b'0', None, data.as_deref().unwrap_or_default()),
            Self::Disconnect { .. } => (b'1', None, ""),
            Self::Event { id, args, .. } if is_binary => (b'5', *id, args.json()),
            Self::Event { id, args, .. } => (b'2', *id, args.json()),
            Self::Ack { id, args, .. } if is_binary && !is_v3 => (b'6', *id, args.json()),
            Self::Ack { id, args, .. } => (b'3', *id, args.json()),
            Self::ConnectError { data, .. } => (b'4', None, data),
        };
        let namespace = match self.namespace() {
            namespace if namespace.is_root() => "",
            namespace => namespace.as_str(),
        };
        let is_end = id.is_none() && payload.is_empty();
        Parts {
            tag,
            count: (is_binary || is_v3 && tag == b'3').then_some(attachments),
            namespace,
            // Releases before 2.0 leave it out at the end; revision 3 knows no others.
            comma: !(namespace.is_empty() || is_v3 && is_end),
            id,
            payload,
        }
    }
}

/// A text frame, in the order of its parts.
struct Parts<'a> {
    tag: u8,
    count: Option<usize>,
    namespace: &'a str,
    comma: bool,
    id: Option<AckId>,
    payload: &'a str,
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
