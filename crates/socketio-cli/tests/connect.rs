//! `sio connect`, its lines from a pipe.

mod support;

use support::{Served, sio_with};

/// What came for these lines, without the clock in front.
async fn session(url: &str, lines: &str) -> Vec<String> {
    let ran = sio_with(&["connect", url], lines.as_bytes()).await;
    assert_eq!((ran.code, &*ran.stderr), (Some(0), ""), "{ran:?}");
    let said = ran.lines().into_iter();
    let without_clock = |line: &str| line.split_once(' ').unwrap_or_default().1.to_owned();
    said.map(without_clock).collect()
}

#[track_caller]
fn has(said: &[String], wanted: &str) {
    assert!(
        said.iter().any(|line| line.starts_with(wanted)),
        "no {wanted:?} in {said:#?}"
    );
}

#[tokio::test]
async fn lines_emit_ask_and_show_what_comes() {
    let mut served = Served::start().await;
    let url = served.url.clone();
    let said = session(
        &url,
        "emit say hello {\"x\":1}\nack add 2 3\nack pair\nquit\n",
    )
    .await;
    has(&said, "connected as ");
    has(&said, "← welcome \"ada\" <bytes 5: 01 02 03 04 05>");
    has(&said, "⇐ add 5");
    has(&said, "⇐ pair 1 \"two\"");
    assert_eq!(served.heard().await, r#"["hello",{"x":1}]"#);
}

#[tokio::test]
async fn a_question_of_the_server_is_answered() {
    let served = Served::start().await;
    let said = session(
        &served.url,
        "autoreply \"fine\"\nack \"ask me\" \"how are you?\"\n",
    )
    .await;
    has(&said, "← question \"how are you?\"");
    has(&said, "← understood \"fine\"");
}

#[tokio::test]
async fn a_namespace_is_left_and_joined_again() {
    let served = Served::start().await;
    let said = session(&served.url, "disconnect\nconnect\nack add 1 1\n").await;
    let joined = said.iter().filter(|line| line.starts_with("connected as "));
    assert_eq!(joined.count(), 2, "{said:#?}");
    has(&said, "⇐ add 2");
}
