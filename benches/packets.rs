//! Packets of both protocols: what one event costs on its way in and out.

use std::hint::black_box;

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use engineio_parser::payload::{self, PayloadBuf};
use engineio_parser::{Frame as EngineFrame, Packet, Utf8Bytes};
use socketio_parser::{Decoder, Frame, Limits, Namespace, Progress, encode_event};

const SMALL: &str = r#"2["message","hello"]"#;

fn decode(c: &mut Criterion) {
    let mut group = c.benchmark_group("decode");
    let mut event = |name: &str, text: String| {
        let text = Utf8Bytes::from(text);
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(name, |b| {
            let mut decoder = Decoder::new(Limits::default());
            b.iter(|| match decoder.feed(Frame::Text(text.clone())) {
                Ok(Progress::Complete(packet)) => black_box(packet),
                other => panic!("{other:?}"),
            });
        });
    };
    event("small_event", SMALL.to_owned());
    event(
        "event_of_200_bytes",
        format!(r#"2/chat,17["update",{{"text":"{}"}}]"#, "x".repeat(180)),
    );
    event(
        "event_of_16_kib",
        format!(r#"2["update","{}"]"#, "x".repeat(16 * 1024)),
    );
    let attachment = Bytes::from(vec![7; 1024]);
    let header = Utf8Bytes::from_static(
        r#"52-["b",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#,
    );
    group.bench_function("event_with_two_attachments", |b| {
        let mut decoder = Decoder::new(Limits::default());
        b.iter(|| {
            decoder.feed(Frame::Text(header.clone())).unwrap();
            decoder.feed(Frame::Binary(attachment.clone())).unwrap();
            black_box(decoder.feed(Frame::Binary(attachment.clone())).unwrap())
        });
    });
    let body = Utf8Bytes::from(vec![format!("4{SMALL}"); 16].join("\x1e"));
    group.throughput(Throughput::Bytes(body.len() as u64));
    group.bench_function("payload_of_16_packets", |b| {
        b.iter(|| {
            payload::decode(&body)
                .map(Result::unwrap)
                .map(black_box)
                .count()
        });
    });
    group.finish();
}

fn encode(c: &mut Criterion) {
    let mut group = c.benchmark_group("encode");
    let namespace = Namespace::root();
    group.bench_function("small_event", |b| {
        b.iter(|| encode_event(b"4", &namespace, None, "message", black_box(&"hello")).unwrap());
    });
    let pair = (Bytes::from(vec![7; 1024]), Bytes::from(vec![8; 1024]));
    group.bench_function("event_with_two_attachments", |b| {
        b.iter(|| encode_event(b"4", &namespace, None, "b", black_box(&pair)).unwrap());
    });
    let frame = EngineFrame::from(Packet::Message(SMALL.into()));
    group.bench_function("payload_of_16_packets", |b| {
        b.iter(|| {
            let mut payload = PayloadBuf::with_capacity(16 * (frame.payload_len() + 1));
            (0..16).for_each(|_| payload.push(&frame));
            black_box(payload.into_bytes())
        });
    });
    group.finish();
}

criterion_group!(benches, decode, encode);
criterion_main!(benches);
