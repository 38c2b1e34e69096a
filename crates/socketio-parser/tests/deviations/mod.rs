//! Where we differ from the recordings of the reference, on purpose.
//!
//! The documentation of the crate has the reasons in short. Each vector that is named here has to
//! differ, and no other may.

/// The names of the vectors that differ, each with the reason.
pub(crate) fn deviations() -> impl Iterator<Item = (String, &'static str)> {
    DEVIATIONS.iter().flat_map(|&(reason, vectors)| {
        vectors.iter().flat_map(move |&(files, names)| {
            files.split(' ').flat_map(move |file| {
                let names = names.split_ascii_whitespace();
                names.map(move |name| (format!("{file}.{name}"), reason))
            })
        })
    })
}

/// A reason, and what it is the reason for: files, and the names that vectors have in each of them.
const DEVIATIONS: &[(&str, &[(&str, &str)])] = &[
    (
        "before revision 5 a refusal is any JSON",
        &[
            ("msgpack-v4", "dec.json-error-object"),
            ("v4", "dec.error-true"),
        ],
    ),
    (
        "integers of any size are numbers",
        &[("v3 v4 v5", "enc.encode-error-bigint")],
    ),
    (
        "a value cannot contain itself",
        &[("v3 v4 v5", "enc.encode-error-circular")],
    ),
    (
        "digits are numbers, and nothing else is",
        &[
            (
                "v3",
                "dec.binary-count-alpha dec.binary-count-empty dec.binary-count-float \
             dec.binary-count-infinity dec.binary-count-nan",
            ),
            (
                "v3 v4 v5",
                "dec.binary-count-exp dec.binary-count-hex dec.binary-count-plus \
             dec.binary-count-space dec.bom-only dec.empty-string dec.event-id-1-space \
             dec.event-id-newline dec.event-id-space dec.event-id-space-1 \
             dec.single-newline dec.single-space dec.space-payload",
            ),
        ],
    ),
    (
        "a date is whatever its type serialises as",
        &[("msgpack", "enc.event-date enc.event-date-negative")],
    ),
    (
        "decoded, but reading it into types stops at 128 levels",
        &[(
            "v3 v4 v5",
            "dec.event-json-depth-1000 dec.event-json-depth-200 \
             dec.event-json-depth-objects-200",
        )],
    ),
    (
        "nothing comes between attachments",
        &[(
            "v3",
            "dec.binary-text-between-attachments dec.binary-text-while-reconstructing",
        )],
    ),
    (
        "the reference cuts off the bits of integers above 2^64",
        &[("msgpack", "enc.event-floats enc.event-integral-float")],
    ),
    (
        "above 2^53 - 1 peers do not count exactly",
        &[(
            "v3 v4 v5",
            "dec.event-id-21-digits dec.event-id-2^53+1 dec.event-id-400-digits \
             dec.event-id-u64max enc.event-id-1e21",
        )],
    ),
    (
        "attachments are limited in number",
        &[("v3", "dec.binary-11 dec.binary-count-1000000000")],
    ),
    (
        "an event is an array that begins with a string or a number",
        &[
            ("msgpack", "dec.event-data-empty-array"),
            ("msgpack v3", "dec.event-name-object"),
            (
                "v3",
                "dec.binary-empty-array dec.binary-placeholder-in-event-name \
             dec.event-empty-array dec.event-false dec.event-name-array dec.event-name-bool \
             dec.event-name-null dec.event-null dec.event-object dec.event-string \
             dec.event-true",
            ),
        ],
    ),
    (
        "arguments are JSON, where NaN becomes null",
        &[(
            "msgpack",
            "dec.of-event-float-special enc.event-float-special",
        )],
    ),
    ("ids are counted from 0", &[("msgpack", "dec.id-negative")]),
    (
        "a namespace begins with a slash and holds no comma",
        &[
            ("msgpack", "dec.nsp-empty dec.nsp-no-slash"),
            ("v3 v4 v5", "enc.nsp-no-leading-slash enc.nsp-with-comma"),
        ],
    ),
    (
        "events, acknowledgements and refusals have a payload",
        &[
            (
                "v3 v4 v5",
                "dec.binary-no-payload dec.binary-no-payload-nsp dec.error-no-payload \
             dec.event-admin-no-comma-payload dec.event-no-payload \
             dec.event-no-payload-admin dec.event-no-payload-id enc.event-data-undefined",
            ),
            ("v4 v5", "dec.ack-no-id-no-payload dec.ack-no-payload"),
        ],
    ),
    (
        "bytes of any type are bytes",
        &[
            ("msgpack", "enc.event-arraybuffer enc.event-uint8array"),
            (
                "v3",
                "enc.binary-event-float64array enc.binary-event-uint8array \
             enc.binary-event-uint8array-view",
            ),
        ],
    ),
    (
        "the options that the reference's client leaks are not sent",
        &[("msgpack", "enc.client-event enc.client-event-ack")],
    ),
    (
        "a placeholder says `true` and stands for an attachment",
        &[
            (
                "v3",
                "dec.binary-num-huge dec.binary-num-missing dec.binary-num-negative \
             dec.binary-num-null dec.binary-num-out-of-range dec.binary-num-proto-key \
             dec.binary-num-string dec.binary-placeholder-not-true \
             dec.binary-placeholder-string-true",
            ),
            ("v3 v4 v5", "dec.binary-num-float"),
        ],
    ),
    (
        "reserved names are refused in both directions, in all revisions",
        &[
            ("msgpack", "dec.of-event-reserved-name dec.reserved-name"),
            ("msgpack v3 v4 v5", "enc.event-reserved-name"),
            (
                "v3 v4",
                "dec.binary-reserved-then-binary dec.event-reserved-admin-id \
             dec.event-reserved-binary dec.event-reserved-connect \
             dec.event-reserved-connect_error dec.event-reserved-disconnect \
             dec.event-reserved-disconnecting dec.event-reserved-escaped \
             dec.event-reserved-newListener dec.event-reserved-removeListener",
            ),
        ],
    ),
    (
        "a CONNECT has an object or nothing, a DISCONNECT has nothing",
        &[
            (
                "v3",
                "dec.connect-bool-payload dec.connect-string-payload \
             dec.disconnect-admin-payload dec.disconnect-payload-null \
             dec.disconnect-payload-object dec.disconnect-payload-string",
            ),
            (
                "v3 v4",
                "dec.connect-array-payload dec.connect-null-payload",
            ),
        ],
    ),
    (
        "only events and acknowledgements have an id",
        &[(
            "v3 v4 v5",
            "dec.connect-number-payload dec.connect-with-id dec.disconnect-with-id \
             dec.error-number-is-id",
        )],
    ),
    (
        "strings are UTF-8",
        &[("v3 v4 v5", "enc.event-lone-surrogates")],
    ),
    (
        "the error has other words",
        &[
            (
                "msgpack",
                "dec.not-a-map-nil dec.text-frame dec.text-frame-connect dec.truncated-string",
            ),
            ("msgpack-v4", "dec.json-bad"),
        ],
    ),
    (
        "there is no toJSON: a type serialises as it likes",
        &[
            ("msgpack v3 v4 v5", "enc.event-to-json"),
            ("v3 v4 v5", "enc.binary-in-to-json"),
        ],
    ),
    (
        "what is absent is left out",
        &[(
            "msgpack",
            "enc.client-connect-admin enc.client-connect-root enc.event-undefined \
             enc.server-connect enc.server-connect-error",
        )],
    ),
];
