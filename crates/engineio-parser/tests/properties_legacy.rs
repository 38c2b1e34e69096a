//! Laws that hold for any packet and any input of revisions 2 and 3.

mod strategies;

use std::borrow::Cow;

use bytes::Bytes;
use engineio_parser::{
    Channel, DecodeError, Frame, Message, MessageRef, Packet, PacketRef, Utf8Bytes, Wire,
    legacy::{
        self,
        Dialect::{self, ByteStringPayloads, ByteStrings, Plain},
        byte_string,
    },
    payload::Form,
};
use proptest::{collection::vec, prelude::*, sample::select};

use strategies::{packets, texts};

proptest! {
    #[test]
    fn decoding_undoes_encoding_of_frames(packet in packets(), wire in wires(), channel in channels()) {
        let frame = wire.encode(&packet, channel);
        if channel == Channel::Text {
            prop_assert!(matches!(frame, Frame::Text(_)));
        }
        prop_assert_eq!(&wire.rewrite(Frame::from(&packet), channel), &frame);
        prop_assert_eq!(wire.rewritten_len(&Frame::from(&packet), channel), frame.len());
        prop_assert_eq!(wire.decode(&frame), Ok(packet));
    }

    #[test]
    fn decoding_undoes_encoding_of_bodies(packets in vec(packets(), 0..20), form in forms()) {
        let body = form.encode(&packets);
        let decoded: Result<Vec<_>, _> = form.decode(&body).collect();
        prop_assert_eq!(decoded, Ok(packets));
    }

    /// What comes out of a decoder is written in one way only.
    #[test]
    fn encoding_what_was_decoded_is_canonical(body in bodies(), form in forms()) {
        let packets: Vec<Packet> = form.decode(&body).map_while(Result::ok).collect();
        let canonical = form.encode(&packets);
        let decoded: Result<Vec<_>, _> = form.decode(&canonical).collect();
        prop_assert_eq!(decoded.as_ref(), Ok(&packets));
        prop_assert_eq!(form.encode(&packets), canonical);
    }

    #[test]
    fn any_bytes_are_decoded_or_refused(body in bodies(), form in forms()) {
        check_body(form, &body)?;
    }

    /// A body of plain text is cut where its lengths say, counted as the standard library counts.
    #[test]
    fn lengths_count_utf16(texts in vec(texts(), 1..5)) {
        let body: String = texts
            .iter()
            .map(|text| format!("{}:4{text}", text.encode_utf16().count() + 1))
            .collect();
        let form = Form::String(Plain);
        let packets: Vec<Packet> = texts.iter().map(|text| Packet::Message(text.clone().into())).collect();
        prop_assert_eq!(&form.encode(&packets), &body);
        let decoded: Result<Vec<_>, _> = form.decode(&body.into()).collect();
        prop_assert_eq!(decoded, Ok(packets));
    }

    #[test]
    fn any_frame_is_decoded_or_refused(bytes in vec(any::<u8>(), 0..100), text in texts(), wire in wires()) {
        let _ = wire.decode(&Frame::Text(text.into()));
        let _ = wire.decode(&Frame::Binary(bytes.into()));
    }

    #[test]
    fn views_and_values_agree(bytes in vec(0_u8..9, 0..10), text in "b?[0-7]?[a-zA-Z=€]{0,8}") {
        let view = legacy::decode_bytes(&bytes).map(|packet| packet.to_owned());
        let bytes = Bytes::from(bytes);
        let wire = Wire::Legacy(Plain);
        prop_assert_eq!(wire.decode(&Frame::Binary(bytes)), view);

        let view = legacy::decode_text(&text);
        let value = wire.decode(&Frame::Text(text.as_str().into()));
        prop_assert_eq!(value, view.clone().map(|packet| packet.to_owned()));
        let is_bytes = matches!(view, Ok(PacketRef::Message(MessageRef::Binary(Cow::Owned(_)))));
        prop_assert_eq!(is_bytes, text.starts_with("b4"));
    }

    #[test]
    fn byte_strings_are_undone_and_repaired(text in texts()) {
        let encoded = byte_string::encode(&text);
        prop_assert_eq!(encoded.chars().count(), text.len());
        prop_assert_eq!(byte_string::decode(&encoded), Ok(text.as_str().into()));
        prop_assert_eq!(byte_string::repair(&encoded), text.as_str());
    }

    #[test]
    fn repair_agrees_with_decoding(text in vec(0_u8..=255, 0..12)) {
        let text: String = text.into_iter().map(char::from).collect();
        match byte_string::decode(&text) {
            Ok(plain) if !plain.contains('\u{fffd}') => prop_assert_eq!(byte_string::repair(&text), plain),
            Ok(_) => {}
            Err(error) => {
                prop_assert!(error.offset < text.len());
                prop_assert!(text.is_char_boundary(error.offset));
                prop_assert_eq!(byte_string::repair(&text), text.as_str());
            }
        }
    }
}

/// Errors lie within the body and end it; in a text, they lie between two characters.
fn check_body(form: Form, body: &Bytes) -> Result<(), TestCaseError> {
    let text = Utf8Bytes::try_from(body.clone());
    let mut bad: Option<DecodeError> = None;
    for packet in form.decode(body) {
        prop_assert_eq!(bad, None);
        bad = packet.err();
    }
    let Some(error) = bad else { return Ok(()) };
    match (form, text) {
        (Form::Binary, _) => prop_assert!(error.offset <= body.len()),
        (_, Ok(text)) => prop_assert!(text.is_char_boundary(error.offset)),
        (_, Err(_)) => {}
    }
    Ok(())
}

fn wires() -> impl Strategy<Value = Wire> {
    let legacy = dialects().prop_map(Wire::Legacy);
    prop_oneof![legacy, Just(Wire::V4)]
}

fn channels() -> impl Strategy<Value = Channel> {
    select(&[Channel::Bytes, Channel::Text][..])
}

fn dialects() -> impl Strategy<Value = Dialect> {
    select(&[ByteStringPayloads, ByteStrings, Plain][..])
}

/// The forms that have lengths.
fn forms() -> impl Strategy<Value = Form> {
    prop_oneof![Just(Form::Binary), dialects().prop_map(Form::String)]
}

/// Random bytes, and bodies in which most things are right.
fn bodies() -> impl Strategy<Value = Bytes> {
    let message = |text: &str| Packet::Message(Message::Text(text.into()));
    let binary = Form::Binary.encode([&message("é"), &Packet::Noop, &message("€uro")]);
    prop_oneof![
        vec(any::<u8>(), 0..60).prop_map(Bytes::from),
        "([0-9]{1,2}:?[0-7b][0-9a-zÃ©€😀]{0,4}){0,6}".prop_map(Bytes::from),
        "([0-4]:[0-7b][0-4]?[a-zÃ]{0,2}©?){0,6}".prop_map(Bytes::from),
        vec(
            select(&[0, 1, 2, 3, 4, 9, 10, b'4', b'6', b'b', 0xc3, 0xa9, 0xff][..]),
            0..30
        )
        .prop_map(Bytes::from),
        (0..binary.len(), any::<u8>()).prop_map(move |(at, byte)| {
            let mut body = binary.to_vec();
            body[at] = byte;
            body.into()
        }),
    ]
}
