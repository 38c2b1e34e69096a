//! `sio bench` and `--help`.

mod support;

use support::{Served, sio};

#[tokio::test]
async fn a_short_run_is_counted() {
    let served = Served::start().await;
    let load = [
        "--connections",
        "5",
        "--rate",
        "50/s",
        "--duration",
        "1s",
        "--event",
        "pair",
        "--ack",
        "--json",
    ];
    let ran = sio(&[&["bench", &*served.url], &load[..]].concat()).await;
    assert_eq!((ran.code, &*ran.stderr), (Some(0), ""), "{ran:?}");
    let report: serde_json::Value = serde_json::from_str(ran.stdout.trim()).unwrap();
    assert_eq!(report["connections"], 5);
    assert_eq!(report["connected"], 5);
    assert!(report["sent"].as_u64() > Some(0), "{report}");
    assert_eq!(report["answered"], report["sent"]);
    assert_eq!(report["answer_ms"]["count"], report["sent"]);
    assert_eq!(report["errors"], serde_json::json!({}));
}

#[tokio::test]
async fn without_a_server_there_is_nothing_to_measure() {
    let ran = sio(&[
        "bench",
        "http://127.0.0.1:1",
        "--connections",
        "1",
        "--duration",
        "1s",
    ])
    .await;
    assert_eq!(ran.code, Some(1), "{ran:?}");
}

#[tokio::test]
async fn help_has_examples_and_mistakes_are_usage() {
    for command in ["connect", "emit", "listen", "decode", "bench"] {
        let ran = sio(&[command, "--help"]).await;
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert!(ran.stdout.contains("Examples:"), "{}", ran.stdout);
    }
    for wrong in [
        &["emit"][..],
        &["listen", "ftp://a"],
        &["emit", "http://me:pw@a", "x"],
    ] {
        assert_eq!(sio(wrong).await.code, Some(2), "{wrong:?}");
    }
    let version = sio(&["--version"]).await;
    assert_eq!(
        version.stdout,
        format!("sio {}\n", env!("CARGO_PKG_VERSION"))
    );
}
