//! One request, one answer: the vectors of the reference, and what they leave out.
#![cfg(feature = "server")]

mod support;

use std::{
    io::Read,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use engineio_tokio::{
    AllowOrigin, AllowRequest, Cookie, Cors, Hooks, IdGenerator, Options, Refusal, SameSite,
    proto::{
        Config, Frame, Message, Sid,
        parser::Packet,
        server::{Cause, Compress},
    },
};
use http::HeaderValue;
use serde_json::Value;
use support::{Answer, Host, sid_of};

/// A vector on which this server differs, how, and why. All others pass exactly.
type Difference = (&'static str, &'static str, &'static str);

/// In revision 4.
const DIFFERENT: &[Difference] = &[
    (
        "path_without_slash",
        "body ",
        "the text is of the recorder's own handler",
    ),
    (
        "path_other",
        "body ",
        "the text is of the recorder's own handler",
    ),
    (
        "transport_webtransport_over_http",
        "no such transport: webtransport",
        NOT_OFFERED,
    ),
    (
        "handshake_three_transports",
        "no such transport: webtransport",
        NOT_OFFERED,
    ),
    (
        "allow_request_denied_with_code",
        r#"body {"code":4,"message":"3"}"#,
        "what a refusal says is text",
    ),
    ("post_octet_stream_with_charset", BARE_400, GARBAGE),
    ("post_empty", BARE_400, GARBAGE),
    ("post_garbage", BARE_400, GARBAGE),
    (
        "cors_preflight",
        "content-length: None",
        "hyper leaves it out of a 204, as [RFC 9110 § 8.6] demands",
    ),
];

/// In revision 3.
const DIFFERENT_FROM_V3: &[Difference] = &[
    (
        "handshake_EIO_2",
        r#"body 97:0{"sid":"abcdefghijklmnop-A00","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000}, content-length: Some("100")"#,
        "revision 2 is told what clients of its time expect",
    ),
    (
        "path_without_slash",
        "body ",
        "the text is of the recorder's own handler",
    ),
    (
        "path_other",
        "body ",
        "the text is of the recorder's own handler",
    ),
    (
        "allow_request_denied_with_code",
        r#"body {"code":4,"message":"3"}"#,
        "what a refusal says is text",
    ),
    ("post_octet_stream_with_charset", BARE_400, GARBAGE),
    ("post_empty", BARE_400, GARBAGE),
    ("post_garbage", BARE_400, GARBAGE),
    (
        "cors_preflight",
        "content-length: None",
        "hyper leaves it out of a 204, as [RFC 9110 § 8.6] demands",
    ),
];
const BARE_400: &str =
    "status 400, body , cache-control: None, content-length: Some(\"0\"), content-type: None";
const SID: &str = "abcdefghijklmnop-A00";
const GARBAGE: &str = "400 tells the client what it did; the test suites tolerate both";
const NOT_OFFERED: &str = "HTTP/3 is not spoken here";

#[tokio::test]
async fn requests_are_answered_as_the_reference_does() {
    let file = include_str!("vectors/engineio-http_v4.json");
    replay(file, 85, "http_v4_", DIFFERENT).await;
}

#[tokio::test]
async fn old_clients_are_answered_as_the_reference_does() {
    let file = include_str!("vectors/engineio-http_v3_on_v6_server.json");
    replay(file, 83, "http_v3on6_", DIFFERENT_FROM_V3).await;
}

async fn replay(file: &str, count: usize, prefix: &str, differences: &[Difference]) {
    let file: Value = serde_json::from_str(file).unwrap();
    let is_legacy = file["protocol"] == 3;
    let vectors = file["vectors"].as_array().unwrap();
    assert_eq!(vectors.len(), count);
    let mut wrong = Vec::new();
    for vector in vectors {
        let name = vector["name"].as_str().unwrap();
        let name = name.strip_prefix(prefix).unwrap();
        let listed = differences.iter().find(|(other, ..)| name == *other);
        let mut expected = listed.map(|(_, difference, _)| (*difference).to_owned());
        let compressed = &vector["response"]["headers"]["content-encoding"];
        if !cfg!(feature = "compression") && !compressed.is_null() {
            expected = Some("content-encoding: None".to_owned());
        }
        let found = check(vector, is_legacy).await.err();
        if found != expected {
            wrong.push(format!("{name}: {found:?} instead of {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

async fn check(vector: &Value, is_legacy: bool) -> Result<(), String> {
    let mut options = options(&vector["options"])?;
    if is_legacy {
        options.engine.legacy_clients = true;
        // As long as those of the reference: revision 3 counts.
        let generate = async |_| Some(Sid::new(SID));
        options.generate_id = Some(IdGenerator::new(generate));
    }
    let errors = Arc::new(Mutex::new(Vec::new()));
    options.hooks = {
        let errors = Arc::clone(&errors);
        Hooks::new().connection_error(move |error| {
            let refusal = error.refusal.map(str::to_owned);
            let found = (error.code, error.message, error.context, refusal);
            errors.lock().unwrap().push(found);
        })
    };
    let host = Host::silent(options).await;
    let mut query = vector["request"]["query"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let mut sid = String::new();
    if let Some(handshake) = vector["session_handshake_query"].as_str() {
        let opened = host.get(handshake).await;
        sid = if is_legacy {
            SID.to_owned()
        } else {
            sid_of(&opened.text())
        };
        query = query.replace("{sid}", &sid);
        let peer = host.peer();
        for message in vector["server_sends"].as_array().into_iter().flatten() {
            let compress = match message["compress"].as_bool() {
                Some(false) => Compress::No,
                Some(true) | None => Compress::Yes,
            };
            let frame = Frame::from(Packet::Message(message_of(message)));
            peer.command(move |session, _| session.send_frame_with(frame, compress).unwrap());
        }
    }

    let request = &vector["request"];
    let target = format!("{}?{query}", request["path"].as_str().unwrap());
    let headers: Vec<(&str, &str)> = request["headers"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.as_str(), value.as_str().unwrap()))
        .collect();
    let body = bytes(&request["body"]);
    let method = request["method"].as_str().unwrap();
    let mut stream = host.write_request(method, &target, &headers, &body).await;
    if is_legacy {
        SID.clone_into(&mut sid);
    }
    compare(&vector["response"], &Answer::read(&mut stream).await, &sid)?;
    let errors = errors.lock().unwrap();
    compare_errors(&vector["connection_error"], &errors)
}

fn compare_errors(
    expected: &Value,
    found: &[(u8, &str, Cause, Option<String>)],
) -> Result<(), String> {
    let [(code, message, cause, refusal)] = found else {
        return match expected {
            Value::Null if found.is_empty() => Ok(()),
            _ => Err(format!("errors {found:?}")),
        };
    };
    let context = &expected["context"];
    let told = context["message"].as_str();
    if expected["code"] == *code
        && expected["message"] == *message
        && context["name"].as_str() == cause.name()
        && told == refusal.as_deref()
    {
        Ok(())
    } else {
        Err(format!("error {code} {message} {cause:?} {refusal:?}"))
    }
}

fn compare(expected: &Value, answer: &Answer, sid: &str) -> Result<(), String> {
    let mut differences = Vec::new();
    if expected["status"] != answer.status {
        differences.push(format!("status {}", answer.status));
    }
    let sid = if answer.body.starts_with(b"0{") {
        &sid_of(&answer.text())
    } else {
        sid
    };
    let (text, expected_text) = match expected["body"]["bytes_as_latin1"].as_str() {
        Some(bytes) => (
            decoded(answer).into_iter().map(char::from).collect(),
            bytes.to_owned(),
        ),
        None => (
            String::from_utf8_lossy(&decoded(answer)).into_owned(),
            String::from_utf8(bytes(&expected["body"])).unwrap(),
        ),
    };
    if text != expected_text.replace("{sid}", sid) {
        differences.push(format!("body {text}"));
    }
    let mut headers: Vec<_> = expected["headers"].as_object().unwrap().iter().collect();
    // Whether a JSON object keeps its order is a matter of features of its library.
    headers.sort_by_key(|(name, _)| *name);
    for (name, value) in headers {
        let mut value = value.as_str().unwrap().replace("{sid}", sid);
        if name == "content-length" {
            // Session ids of the reference have 20 characters.
            let longer = if expected_text.contains("{sid}") {
                sid.len() - 20
            } else {
                0
            };
            value = (value.parse::<usize>().unwrap() + longer).to_string();
        }
        if answer.header(name) != Some(value.as_str()) {
            differences.push(format!("{name}: {:?}", answer.header(name)));
        }
    }
    if differences.is_empty() {
        Ok(())
    } else {
        Err(differences.join(", "))
    }
}

/// The body without its content coding.
fn decoded(answer: &Answer) -> Vec<u8> {
    let mut body = Vec::new();
    let mut raw = answer.body.as_slice();
    match answer.header("content-encoding") {
        None => raw.read_to_end(&mut body),
        Some("gzip") => flate2::read::GzDecoder::new(raw).read_to_end(&mut body),
        Some("deflate") => flate2::read::ZlibDecoder::new(raw).read_to_end(&mut body),
        Some(other) => panic!("no such coding: {other}"),
    }
    .unwrap();
    body
}

fn options(from: &Value) -> Result<Options, String> {
    let mut options = Options::default();
    for (name, value) in from.as_object().into_iter().flatten() {
        match name.as_str() {
            "allowRequest" => options.allow_request = Some(refuse_all(value.as_str().unwrap())),
            "allowUpgrades" => options.engine.allow_upgrades = value.as_bool().unwrap(),
            "cookie" => options.cookie = Some(cookie(value)),
            "cors" => options.cors = Some(cors(value)),
            "httpCompression" => {
                assert_eq!(value, false);
                #[cfg(feature = "compression")]
                {
                    options.http_compression = None;
                }
            }
            "initialPacket" => {
                options.engine.initial_packet = Some(value.as_str().unwrap().into());
            }
            "initialPacketHex" => {
                let bytes = bytes(&serde_json::json!({ "hex": value }));
                options.engine.initial_packet = Some(bytes.into());
            }
            "maxHttpBufferSize" => options.engine.max_payload = value.as_u64().unwrap(),
            "transports" => transports(&mut options.engine, value)?,
            other => return Err(format!("no such option: {other}")),
        }
    }
    Ok(options)
}

fn refuse_all(how: &str) -> AllowRequest {
    let message = match how {
        "deny_plain" => None,
        "deny_message" => Some("nope".to_owned()),
        "deny_code3" => Some("3".to_owned()),
        other => panic!("no such refusal: {other}"),
    };
    AllowRequest::new(move |_| {
        let message = message.clone();
        async { Err(Refusal { message }) }
    })
}

fn cookie(from: &Value) -> Cookie {
    let mut cookie = Cookie::default();
    for (name, value) in from.as_object().into_iter().flatten() {
        match name.as_str() {
            "name" => cookie.name = value.as_str().unwrap().to_owned(),
            "path" => cookie.path = value.as_str().map(str::to_owned),
            "httpOnly" => cookie.http_only = value.as_bool().unwrap(),
            "sameSite" => {
                assert_eq!(value, "strict");
                cookie.same_site = Some(SameSite::Strict);
            }
            "maxAge" => cookie.max_age = value.as_u64().map(Duration::from_secs),
            other => panic!("no such attribute: {other}"),
        }
    }
    cookie
}

fn transports(engine: &mut Config, names: &Value) -> Result<(), String> {
    let names: Vec<&str> = names
        .as_array()
        .unwrap()
        .iter()
        .flat_map(Value::as_str)
        .collect();
    engine.transports.polling = names.contains(&"polling");
    engine.transports.websocket = names.contains(&"websocket");
    match names
        .iter()
        .find(|name| !["polling", "websocket"].contains(name))
    {
        Some(other) => Err(format!("no such transport: {other}")),
        None => Ok(()),
    }
}

fn cors(from: &Value) -> Cors {
    let mut cors = Cors::new(match from["origin"].as_str().unwrap() {
        "*" => AllowOrigin::Any,
        origin => AllowOrigin::Exact(HeaderValue::from_str(origin).unwrap()),
    });
    cors.credentials = from["credentials"].as_bool().unwrap_or_default();
    if let Some(methods) = from["methods"].as_array() {
        let methods = methods
            .iter()
            .map(|method| method.as_str().unwrap().parse().unwrap());
        cors.methods = methods.collect();
    }
    cors
}

fn message_of(value: &Value) -> Message {
    match &value["binary"]["hex"] {
        Value::String(_) => Message::Binary(Bytes::from(bytes(value))),
        _ => Message::Text(String::from_utf8(bytes(value)).unwrap().into()),
    }
}

/// Text or bytes in the notation of the vectors.
fn bytes(value: &Value) -> Vec<u8> {
    if let Some(text) = value.as_str() {
        return text.as_bytes().to_vec();
    }
    if let Some(hex) = value["hex"].as_str() {
        let digits = hex.as_bytes().chunks(2);
        return digits
            .map(|d| u8::from_str_radix(str::from_utf8(d).unwrap(), 16).unwrap())
            .collect();
    }
    if let Some(parts) = value["concat"].as_array() {
        return parts.iter().flat_map(bytes).collect();
    }
    if value["repeat"].is_string() {
        return bytes(&value["repeat"]).repeat(value["count"].as_u64().unwrap() as usize);
    }
    match (&value["text"], &value["binary"]) {
        (Value::Null, Value::Null) => Vec::new(),
        (Value::Null, binary) => bytes(binary),
        (text, _) => bytes(text),
    }
}

#[tokio::test]
async fn a_list_of_origins_lets_its_members_in() {
    let mut options = Options::default();
    let list = ["https://a.example", "https://b.example"].map(HeaderValue::from_static);
    options.cors = Some(Cors::new(AllowOrigin::List(list.to_vec())));
    let host = Host::silent(options).await;
    for (origin, allowed) in [("https://b.example", true), ("https://c.example", false)] {
        let answer = host
            .request("GET", "EIO=4&transport=polling", &[("Origin", origin)], b"")
            .await;
        assert_eq!(
            answer.header("access-control-allow-origin"),
            allowed.then_some(origin)
        );
        assert_eq!(answer.header("vary"), Some("Origin"));
    }
}

#[tokio::test]
async fn a_mirrored_origin_and_every_option_of_a_preflight() {
    let mut cors = Cors::new(AllowOrigin::Mirror);
    cors.allowed_headers = Some(vec!["x-one".parse().unwrap(), "x-two".parse().unwrap()]);
    cors.exposed_headers = vec!["x-three".parse().unwrap()];
    cors.max_age = Some(Duration::from_secs(600));
    let mut options = Options::default();
    options.cors = Some(cors);
    let host = Host::silent(options).await;
    let headers = [("Origin", "https://a.example")];
    let answer = host
        .request("OPTIONS", "EIO=4&transport=polling", &headers, b"")
        .await;
    assert_eq!(answer.status, 204);
    for (name, value) in [
        ("access-control-allow-origin", "https://a.example"),
        ("access-control-allow-headers", "x-one,x-two"),
        (
            "access-control-allow-methods",
            "GET,HEAD,PUT,PATCH,POST,DELETE",
        ),
        ("access-control-expose-headers", "x-three"),
        ("access-control-max-age", "600"),
        ("vary", "Origin"),
    ] {
        assert_eq!(answer.header(name), Some(value), "{name}");
    }
    assert_eq!(answer.header("access-control-allow-credentials"), None);
    assert!(answer.body.is_empty());
}

#[tokio::test]
async fn a_path_is_normalised_and_matched_by_prefix() {
    for path in ["/chat", "/chat/"] {
        let mut options = Options::default();
        options.path = path.to_owned();
        let host = Host::silent(options).await;
        assert!(host.server.matches("/chat/") && host.server.matches("/chat/1/"));
        assert!(!host.server.matches("/chat") && !host.server.matches("/chatter/"));
    }
}
