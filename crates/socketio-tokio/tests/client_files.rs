//! The browser client as the server serves it.
#![cfg(feature = "server")]

mod support;

use std::fs;
use std::path::PathBuf;

use socketio_tokio::{ClientFiles, Server};
use support::{http, serve};

/// A folder like that of the npm package, with a bundle of our own in it.
fn package(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("client-files-{name}-{}", std::process::id()));
    let dist = folder.join("dist");
    fs::create_dir_all(&dist).unwrap();
    fs::write(
        folder.join("package.json"),
        r#"{"name":"x","version":"4.8.4"}"#,
    )
    .unwrap();
    for bundle in [
        "socket.io",
        "socket.io.min",
        "socket.io.esm.min",
        "socket.io.msgpack.min",
    ] {
        let text = format!("/* {bundle} */ ").repeat(100);
        fs::write(dist.join(format!("{bundle}.js")), text).unwrap();
    }
    fs::write(dist.join("socket.io.js.map"), "{}").unwrap();
    dist
}

async fn get(name: &str, target: &str, headers: &str) -> (u16, String, Vec<u8>) {
    let files = ClientFiles::open(package(name)).unwrap();
    let io = Server::builder().serve_client(files).build();
    http(serve(&io).await, "GET", target, headers, "").await
}

#[tokio::test]
async fn a_bundle_comes_with_its_version_as_etag() {
    let (status, head, body) = get("plain", "/socket.io/socket.io.js?x=1", "").await;
    let head = head.to_ascii_lowercase();
    assert_eq!(status, 200);
    assert!(head.contains("etag: \"4.8.4\""), "{head}");
    assert!(head.contains("cache-control: public, max-age=0"), "{head}");
    assert!(
        head.contains("content-type: application/javascript; charset=utf-8"),
        "{head}"
    );
    assert!(body.starts_with(b"/* socket.io */"));
}

#[tokio::test]
async fn a_browser_that_has_it_gets_304() {
    for tag in ["\"4.8.4\"", "W/\"4.8.4\"", "\"old\", \"4.8.4\""] {
        let headers = format!("If-None-Match: {tag}\r\n");
        let (status, _, body) = get("known", "/socket.io/socket.io.min.js", &headers).await;
        assert_eq!((status, body.len()), (304, 0), "{tag}");
    }
    let headers = "If-None-Match: \"4.8.3\"\r\n";
    assert_eq!(
        get("old", "/socket.io/socket.io.min.js", headers).await.0,
        200
    );
}

#[cfg(feature = "compression")]
#[tokio::test]
async fn it_is_compressed_as_the_browser_likes() {
    for (accepted, coding) in [("gzip, br", "br"), ("gzip", "gzip"), ("deflate", "deflate")] {
        let headers = format!("Accept-Encoding: {accepted}\r\n");
        let (status, head, body) = get("coded", "/socket.io/socket.io.js", &headers).await;
        let head = head.to_ascii_lowercase();
        assert_eq!(status, 200);
        assert!(
            head.contains(&format!("content-encoding: {coding}")),
            "{head}"
        );
        assert!(head.contains("vary: accept-encoding"), "{head}");
        assert!(body.len() < 200, "{} bytes", body.len());
    }
}

#[tokio::test]
async fn source_maps_are_served_and_other_names_belong_to_the_engine() {
    let (status, _, body) = get("map", "/socket.io/socket.io.js.map", "").await;
    assert_eq!((status, &body[..]), (200, &b"{}"[..]));
    let (status, _, body) = get("other", "/socket.io/nothing.js", "").await;
    assert_eq!(
        (status, &body[..]),
        (400, &br#"{"code":0,"message":"Transport unknown"}"#[..])
    );
}

#[test]
fn a_missing_folder_is_named() {
    let error = ClientFiles::open("/nowhere/dist").unwrap_err();
    assert!(
        error.to_string().contains("/nowhere/dist/../package.json"),
        "{error}"
    );
}
