//! The recorded behaviour of the reference server, replayed against `Route` and `Session`.
//!
//! What a recording says about other layers (paths, CORS, cookies, compression) is not compared
//! here; a recording that is about nothing else, or that differs on purpose, is in a table below.

mod replay;

use replay::{World, exchange, replay, scenario};

/// Recordings of one request that must not pass, and why.
const HTTP_EXCEPTIONS: &[(&str, &str)] = &[
    (
        "http_v4_path_without_slash",
        "paths are matched by the driver",
    ),
    ("http_v4_path_other", "paths are matched by the driver"),
    (
        "http_v4_handshake_three_transports",
        "WebTransport is not offered yet",
    ),
    (
        "http_v4_allow_request_denied_with_message",
        "the message is the application's",
    ),
    (
        "http_v4_allow_request_denied_with_code",
        "the message is the application's",
    ),
    (
        "http_v4_post_octet_stream_with_charset",
        "garbage is answered 400 instead of ok",
    ),
    (
        "http_v4_post_empty",
        "garbage is answered 400 instead of ok",
    ),
    (
        "http_v4_post_garbage",
        "garbage is answered 400 instead of ok",
    ),
    (
        "http_v4_cors_preflight",
        "CORS is a layer in front of the driver",
    ),
];

/// Scenarios that must not pass, and why.
const SCENARIO_EXCEPTIONS: &[(&str, &str)] = &[
    (
        "scenario_v4_upgrade_packet_while_poll_pending",
        "the poll is sent back with a noop: a close could be taken for the end of the session",
    ),
    (
        "scenario_v4_polling_overlapping_posts",
        "the unfinished post is answered 400 instead of cut off: every request is answered",
    ),
    (
        "scenario_v4_websocket_close_packet_from_client",
        "the session ends at once instead of by ping timeout",
    ),
];

#[test]
fn one_request_one_response() {
    let file = include_str!("vectors/engineio-http_v4.json");
    replay(file, HTTP_EXCEPTIONS, |vector| {
        exchange(World::new(4, &vector["options"]), vector)
    });
}

#[test]
fn scenarios() {
    let file = include_str!("vectors/engineio-scenarios_v4.json");
    replay(file, SCENARIO_EXCEPTIONS, |vector| {
        scenario(World::new(4, &vector["options"]), vector)
    });
}
