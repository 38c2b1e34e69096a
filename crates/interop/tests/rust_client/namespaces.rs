//! Several namespaces over one connection, and doors that stay closed.

use interop::javascript_server::Release;
use serde_json::{Value, json};
use socketio::client::{BuildError, ConnectError, Item};

use crate::support::{
    Trial, alone, connected, data, disconnected, everywhere, next, tell, until, with,
};

#[tokio::test]
async fn namespaces_share_a_connection() {
    alone(&Release::ALL, json!({}), async |trial: Trial<'_>| {
        let mut root = trial.connect().await;
        let mut other = root.client().connect("/other").await.expect("connected");
        assert_eq!(tell(trial.server, json!(["clients"])).await, 1);
        assert_eq!(data::<String>(&mut other, "welcome").await, "/other");
        root.emit("echo", "root").expect("emitted");
        other.emit("echo", "other").expect("emitted");
        assert_eq!(data::<String>(&mut other, "echo").await, "other");
        assert_eq!(data::<String>(&mut root, "echo").await, "root");
        if !trial.is_old() {
            assert_ne!(root.id(), other.id());
        }

        // One is left, the other goes on.
        drop(other);
        until("the server has noticed", async || {
            tell(trial.server, json!(["sockets", "/other"])).await == json!([])
        })
        .await;
        assert_eq!(root.call::<u8>("add", (1, 2)).await.expect("a sum"), 3);
        let mut again = root
            .client()
            .connect("/other")
            .await
            .expect("connected again");
        assert_eq!(data::<String>(&mut again, "welcome").await, "/other");
    })
    .await;
}

#[tokio::test]
async fn a_namespace_is_put_out_alone() {
    everywhere(async |trial: Trial<'_>| {
        let root = trial.connect().await;
        let mut other = root.client().connect("/other").await.expect("connected");
        other.emit("kick", ()).expect("emitted");
        let (reason, back) = disconnected(&mut other).await;
        assert_eq!((reason.as_str(), back), ("io server disconnect", false));
        assert!(!other.is_active());
        assert_eq!(root.call::<u8>("add", (1, 2)).await.expect("a sum"), 3);
        other.connect();
        connected(&mut other).await;
    })
    .await;
}

#[tokio::test]
async fn middleware_refuses_with_message_and_data() {
    with(
        &[Release::Three, Release::Four],
        async |trial: Trial<'_>| {
            let error = trial.builder().connect("/gate").await.expect_err("refused");
            let ConnectError::Refused(refused) = &error else {
                panic!("{error:?}");
            };
            assert_eq!(refused.message(), "denied");
            assert_eq!(
                refused.data::<Value>().expect("data"),
                json!({ "code": 401, "hint": "ask for a token" })
            );
            assert_eq!(
                error.to_string(),
                "the server refused the connection: denied"
            );
            let known = trial.builder().auth(json!({ "token": "secret" }));
            let mut socket = known.connect("/gate").await.expect("connected");
            assert_eq!(data::<String>(&mut socket, "welcome").await, "/gate");
        },
    )
    .await;
}

#[tokio::test]
async fn a_refused_client_tries_again_when_it_knows_more() {
    with(
        &[Release::Three, Release::Four],
        async |trial: Trial<'_>| {
            let mut socket = trial
                .builder()
                .auth(json!({ "token": "guess" }))
                .open("/gate")
                .expect("opened");
            let Item::Refused(refused) = next(&mut socket).await else {
                panic!("not refused");
            };
            assert_eq!(refused.message(), "denied");
            assert!(!socket.is_active());
            socket
                .set_auth(json!({ "token": "secret" }))
                .expect("an object");
            socket.connect();
            connected(&mut socket).await;
            assert_eq!(data::<String>(&mut socket, "welcome").await, "/gate");
        },
    )
    .await;
}

#[tokio::test]
async fn an_unknown_namespace_is_refused() {
    everywhere(async |trial: Trial<'_>| {
        let root = trial.connect().await;
        let error = root
            .client()
            .connect("/nowhere")
            .await
            .expect_err("refused");
        assert_eq!(
            error.to_string(),
            "the server refused the connection: Invalid namespace"
        );
        assert_eq!(root.call::<u8>("add", (1, 2)).await.expect("a sum"), 3);
    })
    .await;
}

#[tokio::test]
async fn namespaces_have_credentials_of_their_own() {
    with(
        &[Release::Three, Release::Four],
        async |trial: Trial<'_>| {
            let client = trial
                .builder()
                .auth(json!({ "token": "none" }))
                .build()
                .expect("a client");
            client.connect("/gate").await.expect_err("refused");
            let gate = client.namespace("/gate").auth(json!({ "token": "secret" }));
            let mut gate = gate.connect().await.expect("connected");
            assert_eq!(data::<String>(&mut gate, "welcome").await, "/gate");
            let twice = client.open("/gate").expect_err("there already");
            assert!(matches!(twice, BuildError::NamespaceInUse(_)), "{twice:?}");
        },
    )
    .await;
}

#[tokio::test]
async fn a_url_names_a_namespace_and_a_query() {
    for release in [Release::Three, Release::Four] {
        let server = crate::support::start(release, json!({}));
        let url = format!("{}/other?from=url", server.url());
        let mut socket = socketio::client::connect(&url).await.expect("connected");
        assert_eq!(socket.namespace(), "/other");
        assert_eq!(data::<String>(&mut socket, "welcome").await, "/other");
        let requests = tell(&server, json!(["seen", "requests"])).await;
        for request in requests.as_array().expect("requests") {
            let url = request["url"].as_str().expect("a URL");
            assert!(url.contains("from=url"), "{url}");
        }
    }
}
