//! `sio listen` against a server.

mod support;

use serde_json::Value;
use support::{Served, sio};

fn objects(lines: &[&str]) -> Vec<Value> {
    let parse = |line: &&str| serde_json::from_str(line).unwrap();
    lines.iter().map(parse).collect()
}

#[tokio::test]
async fn events_are_lines_for_programs_until_there_were_enough() {
    let served = Served::start().await;
    let ran = sio(&["listen", &served.url, "--json", "--count", "1"]).await;
    assert_eq!((ran.code, &*ran.stderr), (Some(0), ""), "{ran:?}");
    let lines = objects(&ran.lines());
    assert_eq!(lines[0]["type"], "connect");
    assert!(lines[0]["id"].is_string() && lines[0]["time"].is_string());
    let event = lines.last().unwrap();
    assert_eq!(event["type"], "event");
    assert_eq!(event["event"], "welcome");
    let args = serde_json::json!(["ada", { "$base64": "AQIDBAU=" }]);
    assert_eq!(event["args"], args);
}

#[tokio::test]
async fn people_see_the_size_of_bytes() {
    let served = Served::start().await;
    let ran = sio(&["listen", &served.url, "--count", "1"]).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let last = ran.lines().last().copied().unwrap_or_default().to_owned();
    assert!(
        last.ends_with("← welcome \"ada\" <bytes 5: 01 02 03 04 05>"),
        "{last}"
    );
}

#[tokio::test]
async fn too_few_events_in_time_are_a_failure() {
    let served = Served::start().await;
    let other = ["--event", "never", "--count", "2", "--timeout", "300ms"];
    let ran = sio(&[&["listen", &*served.url], &other[..]].concat()).await;
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert_eq!(ran.stderr, "sio: 0 of 2 events within 300ms\n");
    let ran = sio(&["listen", &served.url, "--timeout", "300ms"]).await;
    assert_eq!((ran.code, &*ran.stderr), (Some(0), ""), "{ran:?}");
}

#[tokio::test]
async fn a_namespace_may_refuse_and_may_let_in() {
    let served = Served::start().await;
    let admin = format!("{}/admin", served.url);
    let ran = sio(&["listen", &admin]).await;
    ran.failed_with("refused: not authorised [401]");
    let auth = ["-a", r#"{"token":"tulip"}"#, "--json", "--timeout", "2s"];
    let ran = sio(&[&["listen", &*admin], &auth[..]].concat()).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(objects(&ran.lines())[0]["type"], "connect");
}
