//! Servers behind TLS.
#![cfg(all(feature = "server", feature = "tls"))]

mod support;

use std::sync::Arc;

use engineio_tokio::{
    Options as ServerOptions,
    client::{Dialer, DialerError, Failure, Options, Tls},
    proto::TransportKind::{self, Polling, WebSocket},
};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair,
};
use support::{Host, client::Client, network::ProxyServer};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ClientConfig, RootCertStore, ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
        server::WebPkiClientVerifier,
    },
};

const BOTH: [TransportKind; 2] = [Polling, WebSocket];

/// Signs certificates.
struct Authority(CertifiedIssuer<'static, KeyPair>);

/// PEM files of a certificate and its key.
struct Identity {
    chain: String,
    key: String,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        Self(CertifiedIssuer::self_signed(params, key).unwrap())
    }

    fn pem(&self) -> String {
        self.0.pem()
    }

    fn issue(&self, name: &str, usage: ExtendedKeyUsagePurpose) -> Identity {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.extended_key_usages = vec![usage];
        let key = KeyPair::generate().unwrap();
        Identity {
            chain: params.signed_by(&key, &self.0).unwrap().pem(),
            key: key.serialize_pem(),
        }
    }

    fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        let root = CertificateDer::from_pem_slice(self.pem().as_bytes()).unwrap();
        roots.add(root).unwrap();
        roots
    }
}

/// A server behind TLS.
struct SecureHost {
    authority: Authority,
    host: Host,
    port: u16,
}

impl SecureHost {
    async fn start() -> Self {
        Self::run("localhost", None).await
    }

    /// `clients`: who signs the certificates of clients, which then must have one.
    async fn run(name: &str, clients: Option<&Authority>) -> Self {
        let authority = Authority::new();
        let identity = authority.issue(name, ExtendedKeyUsagePurpose::ServerAuth);
        let chain = CertificateDer::pem_slice_iter(identity.chain.as_bytes());
        let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).unwrap();
        let provider = Arc::new(ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .unwrap();
        let builder = match clients {
            None => builder.with_no_client_auth(),
            Some(clients) => {
                let roots = Arc::new(clients.roots());
                let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider);
                builder.with_client_cert_verifier(verifier.build().unwrap())
            }
        };
        let chain = chain.collect::<Result<_, _>>().unwrap();
        let mut config = builder.with_single_cert(chain, key).unwrap();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let host = Host::echo(ServerOptions::default()).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let address = host.address;
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let Ok(mut client) = acceptor.accept(client).await else {
                        return;
                    };
                    assert_eq!(client.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
                    let mut server = TcpStream::connect(address).await.unwrap();
                    let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
                });
            }
        });
        Self {
            authority,
            host,
            port,
        }
    }

    fn url(&self) -> String {
        format!("https://localhost:{}", self.port)
    }

    fn trusting(&self) -> Tls {
        Tls::default()
            .without_system_roots()
            .add_roots_pem(self.authority.pem().as_bytes())
            .unwrap()
    }
}

fn options(tls: Tls) -> Options {
    let mut options = Options::default();
    options.tls = tls;
    options
}

async fn succeed(url: &str, options: Options) {
    for transports in [&[Polling][..], &[WebSocket], &BOTH] {
        let mut client = Client::connect(url, options.clone(), transports);
        client.opened().await;
        if transports.len() == 2 {
            client.upgraded().await;
        }
        client.echo("hello").await;
        client.leave().await;
    }
}

async fn fail(url: &str, tls: Tls, says: &str) {
    for transport in BOTH {
        let mut client = Client::connect(url, options(tls.clone()), &[transport]);
        let failure = client.failure().await;
        assert!(matches!(failure, Failure::Tls(_)), "{failure:?}");
        assert!(failure.to_string().contains(says), "{failure}");
    }
}

#[tokio::test]
async fn a_server_is_trusted_because_of_its_issuer() {
    let server = SecureHost::start().await;
    succeed(&server.url(), options(server.trusting())).await;
    let der = CertificateDer::from_pem_slice(server.authority.pem().as_bytes()).unwrap();
    let tls = Tls::default()
        .without_system_roots()
        .add_root_der(der.to_vec());
    let url = format!("wss://localhost:{}", server.port);
    succeed(&url, options(tls)).await;
}

#[tokio::test]
async fn another_issuer_is_not_trusted() {
    let server = SecureHost::start().await;
    let other = Authority::new();
    let tls = Tls::default()
        .without_system_roots()
        .add_roots_pem(other.pem().as_bytes())
        .unwrap();
    fail(&server.url(), tls.clone(), "certificate").await;
    fail(
        &server.url(),
        Tls::default().without_system_roots(),
        "UnknownIssuer",
    )
    .await;
    succeed(
        &server.url(),
        options(tls.danger_accept_invalid_certificates()),
    )
    .await;
}

#[tokio::test]
async fn a_certificate_is_for_a_name() {
    let server = SecureHost::run("example.test", None).await;
    fail(&server.url(), server.trusting(), "certificate").await;
    let tls = server.trusting().server_name("example.test");
    succeed(&server.url(), options(tls)).await;
}

#[tokio::test]
async fn a_client_shows_who_it_is() {
    let clients = Authority::new();
    let server = SecureHost::run("localhost", Some(&clients)).await;
    let known = clients.issue("me", ExtendedKeyUsagePurpose::ClientAuth);
    let tls = server.trusting();
    let tls = tls
        .identity_pem(known.chain.as_bytes(), known.key.as_bytes())
        .unwrap();
    assert!(!format!("{tls:?}").contains("PRIVATE"));
    succeed(&server.url(), options(tls)).await;
    // In version 1.3 the client has finished before the server looks at it.
    for transport in BOTH {
        let mut client = Client::connect(&server.url(), options(server.trusting()), &[transport]);
        let failure = client.failure().await;
        let text = format!("{failure} {failure:?}");
        assert!(text.to_lowercase().contains("certificate"), "{text}");
    }
}

#[tokio::test]
async fn a_configuration_is_used_as_it_is() {
    let server = SecureHost::start().await;
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(server.authority.roots())
        .with_no_client_auth();
    let mut config = config;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    succeed(
        &server.url(),
        options(Tls::default().config(Arc::new(config))),
    )
    .await;
}

#[tokio::test]
async fn a_tunnel_carries_what_is_encrypted() {
    let server = SecureHost::start().await;
    let proxy = ProxyServer::run(None).await;
    let mut options = options(server.trusting());
    options.proxy = Some(format!("http://{}", proxy.address).parse().unwrap());
    succeed(&server.url(), options).await;
    let expected = format!("CONNECT localhost:{} HTTP/1.1\r\n", server.port);
    assert!(
        proxy
            .requests()
            .iter()
            .all(|head| head.starts_with(&expected))
    );
}

#[tokio::test]
async fn what_is_no_tls_is_told() {
    let host = Host::echo(ServerOptions::default()).await;
    let url = format!("https://{}", host.address);
    let tls = Tls::default().without_system_roots();
    for transport in BOTH {
        let mut client = Client::connect(&url, options(tls.clone()), &[transport]);
        let failure = client.failure().await;
        assert!(matches!(failure, Failure::Tls(_)), "{failure:?}");
    }
}

/// What the system trusts, nobody who issues for tests is.
#[tokio::test]
async fn the_issuers_of_the_system_are_read() {
    let server = SecureHost::start().await;
    let mut client = Client::connect(&server.url(), Options::default(), &[Polling]);
    let failure = client.failure().await;
    let is_told = match &failure {
        Failure::Tls(error) => error.to_string().contains("UnknownIssuer"),
        // A system that trusts nobody.
        Failure::Roots(_) => true,
        _ => false,
    };
    assert!(is_told, "{failure:?}");
    drop(server.host);
}

#[test]
fn certificates_and_keys_are_checked_at_once() {
    let (one, other) = (Authority::new(), Authority::new());
    let mine = one.issue("me", ExtendedKeyUsagePurpose::ClientAuth);
    let yours = other.issue("you", ExtendedKeyUsagePurpose::ClientAuth);
    assert!(Tls::default().add_roots_pem(b"no certificate").is_err());
    assert!(
        Tls::default()
            .identity_pem(mine.chain.as_bytes(), b"no key")
            .is_err()
    );
    let mixed = Tls::default()
        .identity_pem(mine.chain.as_bytes(), yours.key.as_bytes())
        .unwrap();
    let outcome = Dialer::new("https://localhost", options(mixed));
    assert!(matches!(outcome, Err(DialerError::Tls(_))), "{outcome:?}");
    let damaged = Tls::default().add_root_der(vec![1, 2, 3]);
    assert!(Dialer::new("https://localhost", options(damaged)).is_err());
    let unnamed = Tls::default().server_name("not a name");
    assert!(Dialer::new("https://localhost", options(unnamed)).is_err());
}
