//! Who may open a session, under which id, and with which cookie.
#![cfg(feature = "server")]

mod support;

use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use engineio_tokio::{
    AllowOrigin, AllowRequest, Cookie, Cors, IdGenerator, Options, Refusal, proto::Sid,
};
use http::HeaderValue;
use support::{Answer, Host, sid_of, within};

const POLLING: &str = "EIO=4&transport=polling";
const WEB_SOCKET: &str = "EIO=4&transport=websocket";

fn allow<F, R>(check: F) -> Options
where
    F: Fn(Arc<http::request::Parts>) -> R + Send + Sync + 'static,
    R: Future<Output = Result<(), Refusal>> + Send + 'static,
{
    let mut options = Options::default();
    options.allow_request = Some(AllowRequest::new(check));
    options
}

fn generate<F, R>(generate: F) -> Options
where
    F: Fn(Arc<http::request::Parts>) -> R + Send + Sync + 'static,
    R: Future<Output = Option<Sid>> + Send + 'static,
{
    let mut options = Options::default();
    options.generate_id = Some(IdGenerator::new(generate));
    options
}

#[tokio::test]
async fn the_application_is_asked_about_handshakes_and_nothing_else() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let host = Host::echo(allow(move |request| {
        assert_eq!(request.headers["host"], "localhost");
        counter.fetch_add(1, Ordering::SeqCst);
        async { Ok(()) }
    }))
    .await;

    let (sid, _peer) = host.open().await;
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    assert_eq!(host.post(&sid, "4hello").await.status, 200);
    assert_eq!(host.poll(&sid).await.text(), "4hello");
    let mut socket = host.web_socket(Some(&sid)).await;
    socket.send("2probe").await;
    assert_eq!(socket.text().await, "3probe");
    assert_eq!(host.get("EIO=4&transport=tube").await.status, 400);
    assert_eq!(asked.load(Ordering::SeqCst), 1);

    host.open_web_socket().await;
    assert_eq!(asked.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_refused_web_socket_is_told_in_plain_text() {
    let host = Host::silent(allow(
        async |request: Arc<http::request::Parts>| match request.headers.get("x-say") {
            Some(text) => Err(Refusal::new(text.to_str().unwrap())),
            None => Err(Refusal::default()),
        },
    ))
    .await;
    for (headers, text) in [
        (&[][..], "Forbidden"),
        (&[("X-Say", "no <b>\"way\"</b>")], "no <b>\"way\"</b>"),
        (&[("X-Say", "")], "Forbidden"),
    ] {
        let mut stream = host.upgrade_request(WEB_SOCKET, headers).await;
        let answer = Answer::read(&mut stream).await;
        assert_eq!((answer.status, answer.text()), (400, text.to_owned()));
        assert_eq!(answer.header("connection"), Some("close"));
    }
    let say = [("X-Say", "say \"no\"")];
    let answer = host.request("GET", POLLING, &say, b"").await;
    assert_eq!(answer.status, 403);
    assert_eq!(answer.text(), r#"{"code":4,"message":"say \"no\""}"#);
    assert_eq!(host.server.session_count(), 0);
}

#[tokio::test]
async fn a_check_that_panics_refuses_its_own_request() {
    let mut options = allow(async |request: Arc<http::request::Parts>| {
        assert!(!request.headers.contains_key("x-panic"), "as wanted");
        Ok(())
    });
    let origin = HeaderValue::from_static("https://a.example");
    options.cors = Some(Cors::new(AllowOrigin::Exact(origin)));
    let host = Host::silent(options).await;
    let panic = [("X-Panic", "1")];
    let answer = host.request("GET", POLLING, &panic, b"").await;
    assert_eq!(answer.status, 403);
    assert_eq!(answer.text(), r#"{"code":4,"message":"Forbidden"}"#);
    let allowed = answer.header("access-control-allow-origin");
    assert_eq!(allowed, Some("https://a.example"));
    let mut stream = host.upgrade_request(WEB_SOCKET, &panic).await;
    assert_eq!(Answer::read(&mut stream).await.status, 400);
    host.open().await;
}

#[tokio::test]
async fn a_check_without_an_end_ends_with_its_client() {
    let asked = Arc::new(());
    let held = Arc::clone(&asked);
    let host = Host::silent(allow(move |request| {
        let held = request
            .headers
            .contains_key("x-wait")
            .then(|| Arc::clone(&held));
        async move {
            if held.is_some() {
                pending::<()>().await;
            }
            Ok(())
        }
    }))
    .await;
    let target = format!("/engine.io/?{POLLING}");
    let waiting = host
        .write_request("GET", &target, &[("X-Wait", "1")], b"")
        .await;
    let until = async |count| {
        while Arc::strong_count(&asked) != count {
            tokio::task::yield_now().await;
        }
    };
    within(until(3)).await;
    host.open().await;
    assert_eq!(host.server.session_count(), 1);
    drop(waiting);
    within(until(2)).await;
}

#[tokio::test]
async fn ids_come_from_the_application() {
    let host = Host::silent(generate(async |request: Arc<http::request::Parts>| {
        let wanted = request.headers.get("x-id")?.to_str().unwrap();
        Some(Sid::new(wanted.to_owned()))
    }))
    .await;
    let open = async |headers: &[(&str, &str)]| host.request("GET", POLLING, headers, b"").await;
    let answer = open(&[("X-Id", "mine")]).await;
    assert_eq!(sid_of(&answer.text()), "mine");
    assert_eq!(host.post("mine", "4x").await.status, 200);

    let bad = r#"{"code":3,"message":"Bad request"}"#;
    for headers in [&[][..], &[("X-Id", "mine")]] {
        let answer = open(headers).await;
        assert_eq!((answer.status, answer.text().as_str()), (400, bad));
        let mut stream = host.upgrade_request(WEB_SOCKET, headers).await;
        let answer = Answer::read(&mut stream).await;
        assert_eq!(
            (answer.status, answer.text().as_str()),
            (400, "Bad request")
        );
    }
    // The session that had the id first is unharmed.
    assert_eq!(host.post("mine", "4y").await.status, 200);
    assert_eq!(host.server.session_count(), 1);

    host.post("mine", "1").await;
    host.until_empty().await;
    assert_eq!(open(&[("X-Id", "mine")]).await.status, 200);
}

#[tokio::test]
async fn a_generator_that_panics_costs_its_own_request_only() {
    let host = Host::silent(generate(async |_| panic!("as wanted"))).await;
    for _ in 0..2 {
        assert_eq!(host.get(POLLING).await.status, 400);
    }
}

#[tokio::test]
async fn a_web_socket_gets_no_cookie_and_any_id_fits_into_one() {
    let mut options = generate(async |_| Some(Sid::new("a;b")));
    options.cookie = Some(Cookie::new("route"));
    let host = Host::silent(options).await;
    let answer = host.get(POLLING).await;
    let cookie = answer.header("set-cookie").unwrap();
    assert_eq!(cookie, "route=a%3Bb; Path=/; HttpOnly; SameSite=Lax");

    let mut options = Options::default();
    options.cookie = Some(Cookie::default());
    let host = Host::silent(options).await;
    let mut stream = host.upgrade_request(WEB_SOCKET, &[]).await;
    let answer = Answer::read(&mut stream).await;
    assert_eq!((answer.status, answer.header("set-cookie")), (101, None));
}

#[tokio::test]
#[should_panic(expected = "no header can carry this")]
async fn a_cookie_that_no_header_can_carry_is_noticed_at_once() {
    let mut options = Options::default();
    options.cookie = Some(Cookie::new("a b"));
    Host::silent(options).await;
}

#[tokio::test]
async fn the_initial_packet_follows_the_handshake_on_a_web_socket_too() {
    let mut options = Options::default();
    options.engine.initial_packet = Some("hello".into());
    let host = Host::silent(options).await;
    let (mut socket, _peer) = host.open_web_socket().await;
    assert_eq!(socket.text().await, "4hello");
}

#[tokio::test]
async fn without_its_slash_a_path_is_a_prefix() {
    let mut options = Options::default();
    options.path = "/chat/".to_owned();
    options.add_trailing_slash = false;
    let host = Host::silent(options).await;
    assert_eq!(host.server.path(), "/chat");
    for (path, matches) in [("/chat", true), ("/chatter", true), ("/cha", false)] {
        assert_eq!(host.server.matches(path), matches, "{path}");
    }
    let target = format!("/chat?{POLLING}");
    let mut stream = host.write_request("GET", &target, &[], b"").await;
    assert_eq!(Answer::read(&mut stream).await.status, 200);
}
