//! What parts of the work cost by themselves, done by others: of these a floor is made.

use std::hint::black_box;

use bytes::Bytes;
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;

use crate::measure::Workload;
use crate::workload::{self, BINARY, EVENT, LONG, OBJECT, Object};

pub(crate) fn measure() {
    memory();
    payload();
    text("object", OBJECT);
    text("long text", LONG);
    for (name, bytes) in [
        ("event", EVENT),
        ("object", OBJECT),
        ("binary event", BINARY),
    ] {
        part(
            format!("read over the JSON of the {name}: serde_json"),
            || read::<IgnoredAny>(bytes),
        );
    }
    json::<String>("event, typed", EVENT);
    json::<Object>("object, typed", OBJECT);
    json::<Value>("object, values", OBJECT);
}

fn memory() {
    let shared = Bytes::from(vec![0; 64]);
    let _second = shared.clone();
    part("count one reference up and down", || shared.clone());
    Workload::new("let go of a received frame", 0)
        .of("part", || shared.clone(), |frame| frame)
        .run();
    part("allocate 64 bytes and free them", || Box::new([0_u8; 64]));
    let (_, object): (IgnoredAny, Object) = read(OBJECT);
    part("copy the object and free it", || object.clone());
    let (_, values): (IgnoredAny, Value) = read(OBJECT);
    part("copy the values of the object and free them", || {
        values.clone()
    });
    let text = std::str::from_utf8(LONG).unwrap();
    part("copy the long text and free it", || text.to_owned());
    let [attachment, _] = workload::attachments();
    part("copy an attachment and free it", || {
        Bytes::copy_from_slice(&attachment)
    });
}

/// The texts of a payload, separated.
fn payload() {
    let texts = workload::messages();
    let len = texts.iter().map(|text| text.len() + 2).sum();
    let write = || {
        let mut body = Vec::with_capacity(len);
        for text in &texts {
            body.extend_from_slice(b"\x1e4");
            body.extend_from_slice(text.as_bytes());
        }
        body
    };
    part("copy the texts of the payload into one", write);
    let body = write();
    part("find the separators of the payload: memchr", || {
        memchr::memchr_iter(0x1e, black_box(&body)).count()
    });
    part("see that the payload is UTF-8: std", || {
        std::str::from_utf8(black_box(&body)).is_ok()
    });
}

fn text(name: &str, bytes: &[u8]) {
    part(format!("see that the {name} is UTF-8: std"), || {
        std::str::from_utf8(black_box(bytes)).is_ok()
    });
    let from = bytes.iter().position(|&byte| byte == b',').unwrap() + 2;
    part(format!("find the next quote of the {name}: memchr"), || {
        memchr::memchr2(b'"', b'\\', black_box(&bytes[from..]))
    });
}

/// The arguments of an event, the name left out.
fn json<T: DeserializeOwned + Serialize>(name: &str, bytes: &[u8]) {
    part(format!("read the {name}: serde_json"), || {
        read::<(IgnoredAny, T)>(bytes)
    });
    let (_, value): (IgnoredAny, T) = read(bytes);
    part(format!("write the {name}: serde_json"), || {
        serde_json::to_vec(&value).unwrap()
    });
}

/// The JSON of an event.
fn read<T: DeserializeOwned>(bytes: &[u8]) -> T {
    let start = bytes.iter().position(|&byte| byte == b'[').unwrap();
    serde_json::from_slice(&bytes[start..]).unwrap()
}

fn part<T>(name: impl Into<String>, work: impl FnMut() -> T) {
    Workload::new(name, 0).by("part", work).run();
}
