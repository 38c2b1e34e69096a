//! Servers behind TLS.

use interop::javascript_server::{JavaScriptServer, Release};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
};
use serde_json::json;
use socketio::client::{ConnectError, Tls};

use crate::support::{Mode, Trial, connected, data, settled, start, tell};

/// An authority that nobody knows, and what it has signed.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

struct Signed {
    cert: String,
    key: String,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("parameters");
        params
            .distinguished_name
            .push(DnType::CommonName, "an authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let pem = params.self_signed(&key).expect("a certificate").pem();
        let issuer = Issuer::new(params, key);
        Self { issuer, pem }
    }

    fn sign(&self, name: &str, purpose: ExtendedKeyUsagePurpose) -> Signed {
        let mut params = CertificateParams::new(vec![name.to_owned()]).expect("parameters");
        // Otherwise everybody has the name of the authority, and seems to have signed itself.
        params.distinguished_name.push(DnType::CommonName, name);
        params.extended_key_usages = vec![purpose];
        let key = KeyPair::generate().expect("a key");
        let cert = params.signed_by(&key, &self.issuer).expect("a certificate");
        Signed {
            cert: cert.pem(),
            key: key.serialize_pem(),
        }
    }

    fn trusted(&self) -> Tls {
        let tls = Tls::default().without_system_roots();
        tls.add_roots_pem(self.pem.as_bytes()).expect("a root")
    }
}

fn server_at(release: Release, signed: &Signed, client_ca: Option<&str>) -> JavaScriptServer {
    let tls = json!({
        "cert": signed.cert,
        "key": signed.key,
        "ca": client_ca,
        "requestCert": client_ca.is_some(),
        "rejectUnauthorized": client_ca.is_some(),
    });
    start(release, json!({ "tls": tls }))
}

fn secure(server: &JavaScriptServer, host: &str) -> String {
    format!("https://{host}:{}", server.port())
}

#[tokio::test]
async fn a_server_with_a_certificate_is_trusted() {
    let authority = Authority::new();
    let signed = authority.sign("127.0.0.1", ExtendedKeyUsagePurpose::ServerAuth);
    for release in Release::ALL {
        let server = &server_at(release, &signed, None);
        for mode in Mode::ALL {
            let builder = crate::support::builder(&secure(server, "127.0.0.1"), release, mode);
            let mut socket = builder
                .tls(authority.trusted())
                .connect("/")
                .await
                .expect("connected");
            socket.emit("echo", "in secret").expect("emitted");
            assert_eq!(data::<String>(&mut socket, "echo").await, "in secret");
            settled(&socket, mode).await;
            tell(server, json!(["cut"])).await;
            connected(&mut socket).await;
            assert_eq!(socket.call::<u8>("add", (1, 2)).await.expect("a sum"), 3);
        }
    }
}

#[tokio::test]
async fn strangers_are_not_trusted() {
    let authority = Authority::new();
    let signed = authority.sign("elsewhere.example", ExtendedKeyUsagePurpose::ServerAuth);
    let server = &server_at(Release::Four, &signed, None);
    for mode in Mode::ALL {
        let builder = || crate::support::builder(&secure(server, "127.0.0.1"), Release::Four, mode);
        for tls in [
            Tls::default(),
            Authority::new().trusted(),
            authority.trusted(),
        ] {
            let error = builder()
                .tls(tls)
                .connect("/")
                .await
                .expect_err("not trusted");
            assert!(matches!(error, ConnectError::Unreachable(_)), "{error:?}");
            assert!(
                error.to_string().to_lowercase().contains("certificate"),
                "{error}"
            );
        }
        // The name that was meant, or no question asked.
        let named = authority.trusted().server_name("elsewhere.example");
        let anybody = Tls::default().danger_accept_invalid_certificates();
        for tls in [named, anybody] {
            builder().tls(tls).connect("/").await.expect("connected");
        }
    }
}

#[tokio::test]
async fn a_client_shows_its_own_certificate() {
    let authority = Authority::new();
    let signed = authority.sign("localhost", ExtendedKeyUsagePurpose::ServerAuth);
    let server = &server_at(Release::Four, &signed, Some(&authority.pem));
    let mine = authority.sign("client.example", ExtendedKeyUsagePurpose::ClientAuth);
    for mode in Mode::ALL {
        let named = authority.trusted().server_name("localhost");
        let builder = || crate::support::builder(&secure(server, "127.0.0.1"), Release::Four, mode);
        builder()
            .tls(named.clone())
            .connect("/")
            .await
            .expect_err("nobody");
        let identity = named.identity_pem(mine.cert.as_bytes(), mine.key.as_bytes());
        let socket = builder()
            .tls(identity.expect("an identity"))
            .connect("/")
            .await
            .expect("connected");
        assert_eq!(socket.call::<u8>("add", (1, 2)).await.expect("a sum"), 3);
    }
}

#[tokio::test]
async fn a_plain_server_is_no_secure_one() {
    let server = &start(Release::Four, json!({}));
    for mode in Mode::ALL {
        let trial = Trial { server, mode };
        let secure = crate::support::builder(&secure(server, "127.0.0.1"), Release::Four, mode);
        let error = secure.connect("/").await.expect_err("no TLS");
        assert!(matches!(error, ConnectError::Unreachable(_)), "{error:?}");
        trial.connect().await;
    }
}
