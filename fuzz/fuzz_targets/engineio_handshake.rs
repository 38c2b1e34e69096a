//! Any text as a handshake: nothing panics, and what was decoded survives encoding for every revision.

#![no_main]

use engineio_parser::{Handshake, Revision};
use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|json: &str| -> Corpus {
    let Ok(handshake) = Handshake::decode(json) else {
        return Corpus::Keep;
    };
    assert_eq!(
        Handshake::decode(&handshake.encode()).ok().as_ref(),
        Some(&handshake)
    );
    for revision in [Revision::V2, Revision::V3, Revision::V4] {
        let json = handshake.encode_for(revision);
        let told = Handshake::decode(&json).expect("what is written can be read");
        assert_eq!(told.sid, handshake.sid);
        assert_eq!(told.encode_for(revision), json);
        assert!(
            revision == Revision::V4 || !told.upgrades.iter().any(|name| name == "webtransport")
        );
        assert!(revision != Revision::V2 || told.max_payload.is_none());
    }
    Corpus::Keep
});
