//! The recorded behaviour of servers that speak revisions 2 and 3, replayed against ours.
//!
//! For revision 3 the reference is the current server, with its option for old clients. For
//! revision 2 it is the server of its time, whose errors are not repeated.

mod replay;

use engineio_proto::Frame;
use engineio_proto::parser::jsonp;
use serde_json::{Value, json};

use replay::{World, exchange, hex, latin1, message_of, replay, same, scenario, text};

const ABOUT_PATHS: &str = "paths are matched by the driver";
const ABOUT_CORS: &str = "CORS is a layer in front of the driver";
const ABOUT_MESSAGES: &str = "the message is the application's";
const GARBAGE: &str = "garbage is answered 400 instead of ok";
const CLOSE_CODE: &str = "a WebSocket is closed without a status code, as today";
const CLOSE_PACKET: &str = "the session ends at once instead of by ping timeout";
const LEFT_OPEN: &str = "the WebSocket is closed with its session";
const REVISIONS_DIFFER: &str = "that server did not look at the revision";
const TOO_LARGE: &str = "413, and the session lives, instead of a connection cut off";
const WRONG_DIRECTION: &str = "nobody asked for a pong: as in revision 3 today, that is an error";

/// Recordings of one request of revision 3 that must not pass, and why.
const HTTP_V3_EXCEPTIONS: &[(&str, &str)] = &[
    (
        "http_v3on6_handshake_EIO_2",
        "revision 2 is told what clients of its time expect",
    ),
    ("http_v3on6_path_without_slash", ABOUT_PATHS),
    ("http_v3on6_path_other", ABOUT_PATHS),
    (
        "http_v3on6_allow_request_denied_with_message",
        ABOUT_MESSAGES,
    ),
    ("http_v3on6_allow_request_denied_with_code", ABOUT_MESSAGES),
    ("http_v3on6_post_octet_stream_with_charset", GARBAGE),
    ("http_v3on6_post_empty", GARBAGE),
    ("http_v3on6_post_garbage", GARBAGE),
    ("http_v3on6_cors_preflight", ABOUT_CORS),
];

/// Recordings of one request of revision 2 that must not pass, and why.
const HTTP_V2_EXCEPTIONS: &[(&str, &str)] = &[
    ("http_eio2_handshake_EIO_3", REVISIONS_DIFFER),
    ("http_eio2_handshake_EIO_4", REVISIONS_DIFFER),
    ("http_eio2_handshake_EIO_5", REVISIONS_DIFFER),
    ("http_eio2_handshake_EIO_abc", REVISIONS_DIFFER),
    ("http_eio2_handshake_EIO_empty", REVISIONS_DIFFER),
    ("http_eio2_handshake_EIO_missing", REVISIONS_DIFFER),
    ("http_eio2_path_without_slash", ABOUT_PATHS),
    ("http_eio2_path_other", ABOUT_PATHS),
    ("http_eio2_with_sid_OPTIONS", ABOUT_CORS),
    ("http_eio2_post_octet_stream_with_charset", GARBAGE),
    ("http_eio2_post_empty", GARBAGE),
    ("http_eio2_post_garbage", GARBAGE),
    ("http_eio2_post_pong", WRONG_DIRECTION),
    ("http_eio2_post_one_byte_over_max_size", TOO_LARGE),
    ("http_eio2_post_size_counts_utf8_bytes", TOO_LARGE),
];

/// Scenarios of revision 3 that must not pass, and why.
const SCENARIO_V3_EXCEPTIONS: &[(&str, &str)] = &[
    (
        "scenario_v3on6_upgrade_packet_while_poll_pending",
        "the poll is sent back with a noop: a close could be taken for the end of the session",
    ),
    (
        "scenario_v3on6_websocket_close_packet_from_client",
        CLOSE_PACKET,
    ),
    (
        "scenario_v3on6_polling_overlapping_posts",
        "the unfinished post is answered 400 instead of cut off: every request is answered",
    ),
    (
        "scenario_v3on6_heartbeat_messages_without_pings",
        "its steps take 440 ms, less than the deadline; the recorder was slower",
    ),
];

/// Scenarios of revision 2 that must not pass, and why.
const SCENARIO_V2_EXCEPTIONS: &[(&str, &str)] = &[
    (
        "scenario_eio2_upgrade_packet_while_poll_pending",
        "the poll is sent back instead of left hanging",
    ),
    (
        "scenario_eio2_upgrade_second_websocket_after_upgrade",
        CLOSE_CODE,
    ),
    (
        "scenario_eio2_upgrade_second_websocket_while_upgrading",
        "one candidate at a time",
    ),
    (
        "scenario_eio2_upgrade_wrong_first_packet_message",
        CLOSE_CODE,
    ),
    ("scenario_eio2_upgrade_ping_without_probe_data", CLOSE_CODE),
    (
        "scenario_eio2_upgrade_timeout",
        "the candidate is closed instead of left open",
    ),
    (
        "scenario_eio2_websocket_close_packet_from_client",
        CLOSE_PACKET,
    ),
    ("scenario_eio2_websocket_invalid_packet", LEFT_OPEN),
    ("scenario_eio2_websocket_empty_text_frame", LEFT_OPEN),
    (
        "scenario_eio2_websocket_server_closes",
        "what is queued is written before the end",
    ),
    ("scenario_eio2_heartbeat_client_pong", WRONG_DIRECTION),
];

#[test]
fn one_request_one_response_in_revision_3() {
    let file = include_str!("vectors/engineio-http_v3_on_v6_server.json");
    replay(file, HTTP_V3_EXCEPTIONS, |vector| {
        exchange(World::new(3, &vector["options"]), vector)
    });
}

#[test]
fn scenarios_of_revision_3() {
    let file = include_str!("vectors/engineio-scenarios_v3_on_v6_server.json");
    replay(file, SCENARIO_V3_EXCEPTIONS, |vector| {
        scenario(World::new(3, &vector["options"]), vector)
    });
}

#[test]
fn one_request_one_response_in_revision_2() {
    let file = include_str!("vectors/engineio-http_eio2.json");
    replay(file, HTTP_V2_EXCEPTIONS, |vector| {
        exchange(World::of_its_time(&vector["options"]), vector)
    });
}

#[test]
fn scenarios_of_revision_2() {
    let file = include_str!("vectors/engineio-scenarios_eio2.json");
    replay(file, SCENARIO_V2_EXCEPTIONS, |vector| {
        scenario(World::new(2, &vector["options"]), vector)
    });
}

/// The reference is asked for the packets of revision 4 too, which clients had until 2021.
#[test]
fn scripts() {
    let file = include_str!("vectors/engineio-jsonp.json");
    replay(file, JSONP_EXCEPTIONS, |vector| {
        let mut world = World::new(vector["protocol"].as_u64().unwrap() as u8, &Value::Null);
        world.config.legacy_clients = true;
        match vector["op"].as_str().unwrap() {
            "request" => script_request(&mut world, vector),
            "response" => script_response(&mut world, vector),
            _ => script_handshake(&mut world, vector),
        }
    });
}

/// Half a character cannot be said here.
const HALF: &str = "text is UTF-8";

/// Recordings of JSONP that must not pass, and why.
const JSONP_EXCEPTIONS: &[(&str, &str)] = &[
    ("jsonp_response_v4_text_lone_surrogate", HALF),
    ("jsonp_response_v3_text_lone_surrogate", HALF),
];

fn script_handshake(world: &mut World, vector: &Value) -> Result<(), String> {
    let script = open_script(world, vector["j"].as_str().unwrap())?;
    let head = vector["head"].as_str().unwrap();
    same(script.get(..head.len()), Some(head))?;
    let (_, payload) = jsonp::decode(&script).map_err(|error| error.to_string())?;
    let length = if vector["protocol"] == 3 { "118:" } else { "" };
    same(payload.starts_with(&format!("{length}0{{")), true)
}

fn script_response(world: &mut World, vector: &Value) -> Result<(), String> {
    if vector["requires_utf16"] == true {
        return Err(HALF.to_owned());
    }
    open_script(world, vector["j"].as_str().unwrap())?;
    for packet in vector["packets"].as_array().unwrap() {
        world.session().send(message_of(packet)).unwrap();
    }
    // What a later request says is ignored.
    let later = vector["request_j"].as_str().map(|j| format!("&j={j}"));
    let query = format!("{POLL}{}", later.unwrap_or_default());
    let request = world.request("GET", &query, None, &[]);
    let response = world.answer(request)?;
    same(response.content_type(), Some(SCRIPT))?;
    world.check_response(
        response,
        &json!({ "status": 200, "body": { "text": vector["body"] } }),
    )
}

fn script_request(world: &mut World, vector: &Value) -> Result<(), String> {
    open_script(world, "0")?;
    let content_type = Some("application/x-www-form-urlencoded");
    let body = vector["body"].as_str().unwrap().as_bytes();
    let request = world.request("POST", POLL, content_type, body);
    let response = world.answer(request)?;
    let packets = vector["server_packets"].as_array().unwrap();
    let is_bad = packets.iter().any(|packet| packet["type"] == "error");
    let mut expected: Vec<Value> = packets
        .iter()
        .filter(|packet| packet["type"] == "message")
        .map(|packet| json!({ "packet": packet }))
        .collect();
    match vector["session_closed_with"].as_str() {
        Some(reason) => expected.push(json!({ "close": reason })),
        None if is_bad => expected.push(json!({ "close": "parse error" })),
        None => {}
    }
    same(response.status(), if is_bad { 400 } else { 200 })?;
    world.check_events(&Value::Array(expected))
}

/// Opens a session whose answers are scripts; what the first one is.
fn open_script(world: &mut World, j: &str) -> Result<String, String> {
    let request = world.request(
        "GET",
        &format!("EIO={{EIO}}&transport=polling&j={j}"),
        None,
        &[],
    );
    let response = world.answer(request)?;
    same(response.content_type(), Some(SCRIPT))?;
    String::from_utf8(response.into_body().into()).map_err(|error| error.to_string())
}

/// What the browsers of Socket.IO 1.0 put on the wire, text by text.
#[test]
fn text_that_is_encoded_twice() {
    let file = include_str!("vectors/engineio-eio2.json");
    replay(file, DOUBLE_EXCEPTIONS, |vector| {
        let mut world = World::new(2, &Value::Null);
        match vector["level"].as_str().unwrap() {
            "packet" => double_frame(&mut world, vector),
            _ => double_payload(&mut world, vector),
        }
    });
}

fn double_frame(world: &mut World, vector: &Value) -> Result<(), String> {
    let b64 = if vector["supports_binary"] == false {
        "&b64=1"
    } else {
        ""
    };
    world.connect("w".into(), &format!("EIO=2&transport=websocket{b64}"))?;
    world.frames("w");
    let packet = &vector["packet"];
    let frame = match &vector["encoded"]["binary"]["hex"] {
        Value::Null => Frame::Text(text(&vector["encoded"]["text"]).into()),
        digits => Frame::Binary(hex(digits).into()),
    };
    if packet["type"] == "message" {
        if vector["op"] != "decode" {
            world.session().send(message_of(packet)).unwrap();
            world.drain();
            same(world.frames("w"), vec![vector["encoded"].clone()])?;
        }
        world.hears("w", frame);
        return world.check_events(&json!([{ "packet": packet }]));
    }
    world.hears("w", frame.clone());
    match (vector["throws"].is_string(), frame) {
        (true, Frame::Text(text)) => {
            world.check_events(&json!([{ "packet": { "type": "message", "text": &text[1..] } }]))
        }
        _ => Ok(()),
    }
}

fn double_payload(world: &mut World, vector: &Value) -> Result<(), String> {
    let b64 = if vector["supports_binary"] == false {
        "&b64=1"
    } else {
        ""
    };
    let query = format!("EIO=2&transport=polling{b64}");
    world.request("GET", &query, None, &[]);
    let body = match &vector["payload_bytes"]["hex"] {
        Value::Null => hex(&vector["body_utf8"]["hex"]),
        digits => hex(digits),
    };
    let content_type = vector["content_type"].as_str();
    let packets = vector["packets"].as_array().unwrap();
    let are_messages = packets.iter().all(|packet| packet["type"] == "message");
    if are_messages {
        for packet in packets {
            world.session().send(message_of(packet)).unwrap();
        }
        let request = world.request("GET", POLL, None, &[]);
        let response = world.answer(request)?;
        same(response.content_type(), content_type)?;
        same(latin1(&response.into_body()), latin1(&body))?;
    }
    let request = world.request("POST", POLL, content_type, &body);
    same(world.answer(request)?.status(), 200)?;
    let shown = packets.iter().map(|packet| match packet["type"].as_str() {
        Some("close") => json!({ "close": "transport close" }),
        // Nobody asked for it.
        Some("pong") => json!({ "close": "transport error" }),
        _ => json!({ "packet": packet }),
    });
    world.check_events(&shown.collect())
}

/// Texts of revision 2 that must not be understood as the reference does, and why.
const DOUBLE_EXCEPTIONS: &[(&str, &str)] = &[(
    "eio2_ws_text_received_without_byte_string_encoding_emoji",
    "plain text is taken as it is, where the reference garbles it or ends",
)];

const POLL: &str = "EIO={EIO}&transport=polling&sid={sid}";

const SCRIPT: &str = "text/javascript; charset=UTF-8";
