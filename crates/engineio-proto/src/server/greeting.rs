//! What a session says first: the handshake, and what the server adds to it.

use alloc::borrow::Cow;
use alloc::vec;
use core::time::Duration;

use engineio_parser::{Channel, Frame, Handshake, Packet, PacketRef, Revision, Utf8Bytes};

use super::link::Link;
use super::{Opening, Session};
use crate::config::TransportKind;

impl Session {
    /// Says what every client is told first: over polling in one answer, over a WebSocket packet
    /// by packet. [js engine.io 6.6.12]
    pub(super) fn greet(&mut self, via: Opening, channel: Channel) {
        let open = self.open_packet();
        let initial = self.config.initial_packet.clone();
        let initial = initial.map(|message| Frame::from(Packet::Message(message)));
        let mut frames = vec![Frame::Text(open)];
        match (via, self.speech.revision()) {
            // Native clients take the first answer for one packet.
            (Opening::Poll(_), Revision::V2) => initial.into_iter().for_each(|initial| {
                self.outbox.push(initial);
            }),
            _ => frames.extend(initial),
        }
        match via {
            Opening::Poll(request) => self.respond(request, self.speech.say(&frames)),
            Opening::WebSocket(transport) => {
                for frame in frames {
                    let frame = self.speech.frame(frame, channel);
                    self.link.spend(frame.len());
                    self.write(transport, frame);
                }
            }
        }
    }

    /// [eio4 § Handshake] The five members are all mandatory; old clients know four.
    fn open_packet(&self) -> Utf8Bytes {
        let upgrades = match self.link {
            Link::Polling { .. } if self.config.offers_upgrade() => {
                vec![Cow::Borrowed(TransportKind::WebSocket.as_str())]
            }
            Link::Polling { .. } | Link::WebSocket { .. } => vec![],
        };
        let handshake = Handshake {
            sid: Cow::Borrowed(self.sid.as_str()),
            upgrades,
            ping_interval: millis(self.config.ping_interval),
            ping_timeout: millis(self.config.ping_timeout),
            max_payload: Some(self.config.max_payload),
        };
        let revision = self.speech.revision();
        PacketRef::Open(&handshake.encode_for(revision)).to_text()
    }
}

/// A span as the handshake spells it.
fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use alloc::string::String;
    use alloc::vec::Vec;

    use engineio_parser::Message;

    use super::*;
    use crate::config::Config;
    use crate::id::{Ids, Sid};
    use crate::machine::{Machine, Output};
    use crate::server::Io;
    use crate::time::Timestamp;

    /// What a session says that nobody has spoken to yet.
    fn said(initial: Message, via: impl FnOnce(&mut Ids) -> Opening) -> Vec<String> {
        let config = Config {
            initial_packet: Some(initial),
            ..Config::default()
        };
        let opening = via(&mut Ids::new());
        let now = Timestamp::from_millis(0);
        let mut session = Session::open(&config, Sid::new("s1"), opening, now);
        core::iter::from_fn(|| session.poll_output())
            .map(|output| match output {
                Output::Io(Io::Respond { response, .. }) => {
                    String::from_utf8(response.into_body().into()).unwrap()
                }
                Output::Io(Io::Frame { frame, .. }) => match frame {
                    Frame::Text(text) => String::from(&*text),
                    Frame::Binary(bytes) => alloc::format!("{bytes:?}"),
                },
                other => panic!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn the_initial_packet_shares_the_first_answer() {
        let said = said(Message::from(alloc::vec![1, 2, 3]), |ids| {
            Opening::Poll(ids.request())
        });
        let [answer] = said.try_into().unwrap();
        assert!(answer.starts_with("0{") && answer.ends_with("}\u{1e}bAQID"));
    }

    #[test]
    fn the_initial_packet_is_a_message_of_its_own_on_a_web_socket() {
        let said = said("hello".into(), |ids| Opening::WebSocket(ids.transport()));
        let [open, initial] = said.try_into().unwrap();
        assert!(open.starts_with("0{"));
        assert_eq!(initial, "4hello");
    }
}
