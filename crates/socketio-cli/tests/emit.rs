//! `sio emit` against a server.

mod support;

use std::io::Write;

use support::{Served, sio, sio_with};

/// Without an answer to wait for, nothing but the end of the program says that it was delivered.
#[tokio::test]
async fn what_was_emitted_is_delivered_when_the_program_ends() {
    let mut served = Served::start().await;
    let url = served.url.clone();
    let ways: [&[&str]; 3] = [
        &[],
        &["--transport", "polling"],
        &["--transport", "websocket"],
    ];
    for round in 0..5 {
        for way in ways {
            let number = round.to_string();
            let args = [&["emit", &url, "say", &number], way].concat();
            let ran = sio(&args).await;
            assert_eq!((ran.code, &*ran.stderr), (Some(0), ""), "{way:?}");
            assert_eq!(served.heard().await, format!("[{round}]"));
        }
    }
}

#[tokio::test]
async fn values_are_json_words_and_files() {
    let mut served = Served::start().await;
    let url = served.url.clone();
    let mut file = std::env::temp_dir();
    file.push(format!("sio-{}", std::process::id()));
    std::fs::File::create(&file)
        .unwrap()
        .write_all(&[1, 2, 3])
        .unwrap();
    let at_file = format!("@{}", file.display());
    let ran = sio(&[
        "emit",
        &url,
        "say",
        "ada",
        "-2",
        r#"{"x":[1]}"#,
        &at_file,
        r#""3""#,
    ])
    .await;
    std::fs::remove_file(&file).unwrap();
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let bytes = r#"{"_placeholder":true,"num":0}"#;
    assert_eq!(
        served.heard().await,
        format!(r#"["ada",-2,{{"x":[1]}},{bytes},"3"]"#)
    );
}

#[tokio::test]
async fn an_answer_is_lines_of_json() {
    let served = Served::start().await;
    let ran = sio(&["emit", &served.url, "add", "2", "3", "--ack"]).await;
    assert_eq!((ran.code, &*ran.stdout, &*ran.stderr), (Some(0), "5\n", ""));
    let ran = sio(&["emit", &served.url, "--ack", "pair"]).await;
    assert_eq!((ran.code, &*ran.stdout), (Some(0), "1\n\"two\"\n"));
    let ran = sio_with(&["emit", &served.url, "length", "-", "--ack"], b"12345").await;
    assert_eq!((ran.code, &*ran.stdout), (Some(0), "5\n"));
}

#[tokio::test]
async fn credentials_open_a_namespace() {
    let served = Served::start().await;
    let url = format!("{}/admin", served.url);
    let ran = sio(&[
        "emit",
        &url,
        "whoami",
        "--ack",
        "-a",
        r#"{"token":"tulip"}"#,
    ])
    .await;
    assert_eq!((ran.code, &*ran.stdout), (Some(0), "\"root\"\n"));
    let ran = sio(&["emit", &served.url, "-n", "admin", "whoami", "--ack"]).await;
    ran.failed_with("refused: not authorised [401]");
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_not_waited_for() {
    let served = Served::start().await;
    let ran = sio(&[
        "emit",
        &served.url,
        "silence",
        "--ack",
        "--timeout",
        "500ms",
    ])
    .await;
    ran.failed_with("no answer within 500ms");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_said() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap().to_string();
    drop(free);
    let ran = sio(&["emit", &address, "say"]).await;
    assert_eq!(
        (ran.code, ran.stderr.lines().count()),
        (Some(1), 1),
        "{ran:?}"
    );
    let expected = format!("sio: cannot connect to {address}: ");
    assert!(ran.stderr.starts_with(&expected), "{ran:?}");
    assert!(
        ran.stderr
            .ends_with("is it running, and is this its port?\n"),
        "{ran:?}"
    );
}

#[tokio::test]
async fn another_path_is_another_place() {
    let served = Served::start().await;
    let ran = sio(&["emit", &served.url, "say", "--path", "/elsewhere/"]).await;
    assert_eq!(
        (ran.code, ran.stderr.lines().count()),
        (Some(1), 1),
        "{ran:?}"
    );
    assert!(ran.stderr.contains("status 404"), "{ran:?}");
}

#[tokio::test]
async fn bad_usage_names_the_argument() {
    for (args, argument) in [
        (&["emit", "ftp://a", "say"][..], "<URL>"),
        (&["emit", ":1", "say", r#"{"x":1"#], "[VALUE]..."),
        (&["emit", ":1", "say", "--timeout", "soon"], "--timeout"),
        (&["emit", ":1"], "<EVENT>"),
        (&["emit", ":1/a", "say", "-n", "/b"], "--namespace"),
        (
            &["emit", ":1", "say", "@/nonexistent/file"],
            "/nonexistent/file",
        ),
    ] {
        let ran = sio(args).await;
        assert_eq!(ran.code, Some(2), "{ran:?}");
        assert!(ran.stderr.contains(argument), "{ran:?}");
        assert_eq!(ran.stdout, "");
    }
}
