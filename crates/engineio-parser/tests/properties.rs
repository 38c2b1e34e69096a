//! Laws that hold for any packet and any input of revision 4.

mod strategies;

use bytes::{Bytes, BytesMut};
use engineio_parser::{Frame, Handshake, Message, Packet, PacketRef, Utf8Bytes, payload};
use proptest::{collection::vec, prelude::*};

use strategies::{packets, packets_without_separator, texts};

proptest! {
    #[test]
    fn encoded_len_is_exact(packet in packets()) {
        let mut out = BytesMut::new();
        packet.as_ref().encode(&mut out);
        prop_assert_eq!(packet.as_ref().encoded_len(), out.len());
        prop_assert_eq!(packet.as_ref().to_text().into_bytes(), out);
    }

    #[test]
    fn decoding_undoes_encoding_as_text(packet in packets()) {
        let text = packet.as_ref().to_text();
        prop_assert_eq!(PacketRef::decode(&text), Ok(packet.as_ref()));
        prop_assert_eq!(Packet::decode(&Frame::Text(text)), Ok(packet));
    }

    #[test]
    fn decoding_undoes_encoding_for_a_websocket(packet in packets()) {
        let frame = Frame::from(&packet);
        prop_assert_eq!(&Frame::from(packet.clone()), &frame);
        prop_assert_eq!(Packet::decode(&frame), Ok(packet));
    }

    #[test]
    fn a_copy_equals_its_original(packet in packets()) {
        prop_assert_eq!(packet.as_ref().to_owned(), packet);
    }

    #[test]
    fn payloads_round_trip_in_the_announced_size(
        packets in vec(packets_without_separator(), 1..20),
    ) {
        let frames: Vec<Frame> = packets.iter().map(Frame::from).collect();
        let len = frames.iter().map(Frame::payload_len).sum::<usize>() + frames.len() - 1;
        let mut body = payload::PayloadBuf::with_capacity(len);
        for frame in &frames {
            body.push(frame);
        }
        prop_assert_eq!(body.len(), len);
        let body = Utf8Bytes::try_from(body.into_bytes())?;
        let decoded: Result<Vec<Packet>, _> = payload::decode(&body).collect();
        prop_assert_eq!(decoded, Ok(packets));
    }

    #[test]
    fn payload_len_is_exact(packet in packets()) {
        let frame = Frame::from(packet);
        let mut body = payload::PayloadBuf::new();
        body.push(&frame);
        prop_assert_eq!(body.len(), frame.payload_len());
    }

    #[test]
    fn any_text_is_decoded_or_refused(text in texts()) {
        let text = Utf8Bytes::from(text);
        let borrowed = PacketRef::decode(&text).map(|packet| packet.to_owned());
        prop_assert_eq!(Packet::decode(&Frame::Text(text.clone())), borrowed);
        check_payload(&text)?;
    }

    #[test]
    fn any_payload_is_decoded_or_refused(text in "([0-7b]?[a-z=\u{1e}€-]{0,3}\u{1e})*") {
        check_payload(&text.into())?;
    }

    #[test]
    fn any_bytes_are_decoded_or_refused(bytes in vec(any::<u8>(), 0..200)) {
        let bytes = Bytes::from(bytes);
        let packet = Packet::decode(&Frame::Binary(bytes.clone()));
        prop_assert_eq!(packet, Ok(Packet::Message(Message::Binary(bytes.clone()))));
        if let Ok(text) = Utf8Bytes::try_from(bytes) {
            check_payload(&text)?;
        }
    }

    #[test]
    fn a_handshake_is_json_of_the_same_content(
        sid in texts(),
        upgrades in vec(texts(), 0..3),
        ping_interval: u64,
        ping_timeout: u64,
        max_payload: Option<u64>,
    ) {
        let handshake = Handshake {
            sid: sid.as_str().into(),
            upgrades: upgrades.iter().map(|name| name.as_str().into()).collect(),
            ping_interval,
            ping_timeout,
            max_payload,
        };
        let json: serde_json::Value = serde_json::from_str(&handshake.encode())?;
        prop_assert_eq!(&json["sid"], &sid);
        prop_assert_eq!(&json["upgrades"], &serde_json::json!(upgrades));
        prop_assert_eq!(&json["pingInterval"], ping_interval);
        prop_assert_eq!(&json["pingTimeout"], ping_timeout);
        prop_assert_eq!(json["maxPayload"].as_u64(), max_payload);
    }
}

/// Errors lie within the body, at the start of the packet that is bad, and end it.
fn check_payload(body: &Utf8Bytes) -> Result<(), TestCaseError> {
    let parts: Vec<&str> = body.split('\u{1e}').collect();
    let mut packets = payload::decode(body);
    let mut start = 0;
    for part in parts {
        match packets.next() {
            Some(Ok(packet)) => {
                prop_assert_eq!(
                    Ok(packet),
                    PacketRef::decode(part).map(|part| part.to_owned())
                );
            }
            Some(Err(error)) => {
                prop_assert_eq!(error.offset, start);
                prop_assert!(PacketRef::decode(part).is_err());
                break;
            }
            None => prop_assert!(false, "packets are missing"),
        }
        start += part.len() + 1;
    }
    prop_assert_eq!(packets.next(), None);
    Ok(())
}
