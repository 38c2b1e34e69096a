//! `sio decode`.

mod support;

use support::sio_with;

#[tokio::test]
async fn packets_are_taken_apart() {
    let frames = b"40/admin,{\"token\":\"t\"}\n42[\"chat\",\"hi\",{\"a\":1}]\n451-7[\"file\",{\"_placeholder\":true,\"num\":0}]\nhex:01ff\n";
    let ran = sio_with(&["decode", "--engine"], frames).await;
    assert_eq!((ran.code, &*ran.stderr), (Some(0), ""), "{ran:?}");
    let lines = ran.lines();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(lines[0].contains("connect /admin"), "{lines:?}");
    assert!(
        lines[1].ends_with(r#"event / chat "hi" {"a":1}"#),
        "{lines:?}"
    );
    assert!(
        lines[2].contains("#7 file") && lines[2].contains("<bytes 2: 01 ff>"),
        "{lines:?}"
    );
}

#[tokio::test]
async fn what_is_wrong_is_pointed_at_and_the_rest_is_decoded() {
    let ran = sio_with(&["decode"], b"2[\"a\",{]\n2[\"b\"]\n").await;
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let all = format!("{}{}", ran.stdout, ran.stderr);
    assert!(
        all.contains("line 1: ") && all.contains("at byte 7"),
        "{all}"
    );
    let caret = all.lines().find(|line| line.trim() == "^");
    assert_eq!(caret.map(|line| line.find('^')), Some(Some(2 + 7)), "{all}");
    assert!(ran.stdout.contains("event / b"), "{all}");
}

#[tokio::test]
async fn programs_get_objects() {
    let ran = sio_with(&["decode", "--json"], b"2/chat,7[\"say\",\"hello\"]\n").await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let packet: serde_json::Value = serde_json::from_str(ran.stdout.trim()).unwrap();
    assert_eq!(packet["type"], "event");
    assert_eq!(packet["id"], 7);
}
