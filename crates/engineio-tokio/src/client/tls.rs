//! TLS: whom to trust, and as whom to appear.

use std::{
    error::Error,
    fmt,
    sync::{Arc, OnceLock},
};

use tokio_rustls::{
    TlsConnector,
    rustls::{
        self, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
        client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        crypto::{self, CryptoProvider},
        pki_types::{
            CertificateDer, PrivateKeyDer, ServerName, UnixTime,
            pem::{self, PemObject},
        },
    },
};

use super::{Failure, connect::Stream, target::Target};

/// Whom to trust, and as whom to appear: the certificates of the system, and nobody.
///
/// Versions 1.2 and 1.3. `Debug` shows no key.
///
/// ```no_run
/// use engineio_tokio::client::{Options, Tls};
///
/// # fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let mut options = Options::default();
/// options.tls = Tls::default()
///     .without_system_roots()
///     .add_roots_pem(&std::fs::read("ca.pem")?)?
///     .identity_pem(&std::fs::read("client.pem")?, &std::fs::read("client.key")?)?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Tls {
    trusts_system: bool,
    roots: Vec<CertificateDer<'static>>,
    identity: Option<Arc<Identity>>,
    server_name: Option<String>,
    accepts_anybody: bool,
    config: Option<Arc<ClientConfig>>,
}

/// Certificates, the own one first, and the key of that.
struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Tls {
    /// Trusts the issuers in a PEM file too. \[`ca`\]
    ///
    /// # Errors
    ///
    /// If it has no certificate in it, or one that cannot be read.
    pub fn add_roots_pem(mut self, pem: &[u8]) -> Result<Self, TlsError> {
        self.roots.extend(certificates(pem)?);
        Ok(self)
    }

    /// Trusts one issuer too, whose certificate is in DER.
    #[must_use]
    pub fn add_root_der(mut self, der: Vec<u8>) -> Self {
        self.roots.push(CertificateDer::from(der));
        self
    }

    /// Does not trust the issuers that the system trusts.
    #[must_use]
    pub const fn without_system_roots(mut self) -> Self {
        self.trusts_system = false;
        self
    }

    /// Appears as the owner of a certificate: PEM files with it and those that lead to its issuer,
    /// and with its key, which must not be encrypted. \[`cert`, `key`\]
    ///
    /// # Errors
    ///
    /// If there is no certificate or no key, or one that cannot be read.
    pub fn identity_pem(mut self, chain: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        let chain = certificates(chain)?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(TlsError::pem)?;
        self.identity = Some(Arc::new(Identity { chain, key }));
        Ok(self)
    }

    /// Expects the server to have a certificate for this name instead of that in the URL.
    /// \[`servername`\]
    #[must_use]
    pub fn server_name(mut self, name: impl Into<String>) -> Self {
        self.server_name = Some(name.into());
        self
    }

    /// Takes whatever certificate a server has. \[`rejectUnauthorized: false`\]
    ///
    /// Then anybody on the way can read and change what is said: for tests at most.
    #[must_use]
    pub const fn danger_accept_invalid_certificates(mut self) -> Self {
        self.accepts_anybody = true;
        self
    }

    /// Uses a configuration as it is. What else is said here does not count then, except
    /// [`server_name`](Self::server_name).
    ///
    /// If it names protocols (ALPN), `http/1.1` should be among them: nothing else is spoken.
    #[must_use]
    pub fn config(mut self, config: Arc<ClientConfig>) -> Self {
        self.config = Some(config);
        self
    }

    /// The configuration, with these issuers of the system.
    fn build(&self, system: &[CertificateDer<'static>]) -> Result<Arc<ClientConfig>, TlsError> {
        if let Some(config) = &self.config {
            return Ok(Arc::clone(config));
        }
        let provider = Arc::new(crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(TlsError::Config)?;
        let builder = if self.accepts_anybody {
            let verifier = Arc::new(Anybody(provider));
            builder
                .dangerous()
                .with_custom_certificate_verifier(verifier)
        } else {
            let mut roots = RootCertStore::empty();
            for root in &self.roots {
                roots.add(root.clone()).map_err(TlsError::Config)?;
            }
            // What the system has gathered over the years need not all be readable.
            roots.add_parsable_certificates(system.iter().cloned());
            builder.with_root_certificates(roots)
        };
        let mut config = match &self.identity {
            None => builder.with_no_client_auth(),
            Some(identity) => builder
                .with_client_auth_cert(identity.chain.clone(), identity.key.clone_key())
                .map_err(TlsError::Config)?,
        };
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }

    const fn needs_system(&self) -> bool {
        self.trusts_system && !self.accepts_anybody && self.config.is_none()
    }
}

impl Default for Tls {
    fn default() -> Self {
        Self {
            trusts_system: true,
            roots: Vec::new(),
            identity: None,
            server_name: None,
            accepts_anybody: false,
            config: None,
        }
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("trusts_system", &self.trusts_system)
            .field("roots", &self.roots.len())
            .field("has_identity", &self.identity.is_some())
            .field("server_name", &self.server_name)
            .field("accepts_anybody", &self.accepts_anybody)
            .finish_non_exhaustive()
    }
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let all = all.map_err(TlsError::pem)?;
    if all.is_empty() {
        return Err(TlsError::pem(pem::Error::NoItemsFound));
    }
    Ok(all)
}

/// Why TLS cannot be used as it was told.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum TlsError {
    /// A PEM file has not in it what it should.
    Pem(Arc<pem::Error>),
    /// The certificates and keys are not accepted: one is damaged, or they do not belong together.
    Config(rustls::Error),
    /// Not the name of a server.
    ServerName(String),
    /// The system has no certificates to trust, and why.
    NoRoots(String),
}

impl TlsError {
    fn pem(error: pem::Error) -> Self {
        Self::Pem(Arc::new(error))
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pem(error) => write!(f, "cannot read PEM: {error}"),
            Self::Config(error) => write!(f, "cannot use certificates: {error}"),
            Self::ServerName(name) => write!(f, "not the name of a server: {name:?}"),
            Self::NoRoots(why) => write!(f, "no certificates of the system: {why}"),
        }
    }
}

impl Error for TlsError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Pem(error) => Some(&**error),
            Self::Config(error) => Some(error),
            Self::ServerName(_) | Self::NoRoots(_) => None,
        }
    }
}

/// Encrypts connections to one server.
pub(super) struct Connector {
    tls: Tls,
    name: ServerName<'static>,
    config: OnceLock<Arc<ClientConfig>>,
}

impl Connector {
    /// Finds what is wrong, as far as that can be known before the issuers of the system are.
    pub(super) fn new(target: &Target, tls: &Tls) -> Result<Self, TlsError> {
        let name = tls.server_name.as_ref().unwrap_or(&target.host);
        let name =
            ServerName::try_from(name.clone()).map_err(|_| TlsError::ServerName(name.clone()))?;
        let config = OnceLock::new();
        let checked = tls.build(&[])?;
        if !tls.needs_system() {
            let _ = config.set(checked);
        }
        Ok(Self {
            tls: tls.clone(),
            name,
            config,
        })
    }

    pub(super) async fn connect(
        &self,
        stream: Box<dyn Stream>,
    ) -> Result<Box<dyn Stream>, Failure> {
        let config = self.config().await.map_err(Failure::Roots)?;
        let connector = TlsConnector::from(config);
        let stream = connector.connect(self.name.clone(), stream).await;
        let stream = stream.map_err(|error| Failure::Tls(Arc::new(error)))?;
        Ok(Box::new(stream))
    }

    async fn config(&self) -> Result<Arc<ClientConfig>, TlsError> {
        if let Some(config) = self.config.get() {
            return Ok(Arc::clone(config));
        }
        let config = self.tls.build(&system_roots().await?)?;
        Ok(Arc::clone(self.config.get_or_init(|| config)))
    }
}

/// The issuers that the system trusts, read once in the life of a process. What went wrong is
/// tried again.
async fn system_roots() -> Result<Arc<Vec<CertificateDer<'static>>>, TlsError> {
    static ROOTS: OnceLock<Arc<Vec<CertificateDer<'static>>>> = OnceLock::new();

    if let Some(roots) = ROOTS.get() {
        return Ok(Arc::clone(roots));
    }
    let loaded = tokio::task::spawn_blocking(rustls_native_certs::load_native_certs).await;
    let loaded = loaded.map_err(|error| TlsError::NoRoots(error.to_string()))?;
    if loaded.certs.is_empty() {
        let why = loaded.errors.first().map(ToString::to_string);
        let why = why.unwrap_or_else(|| "there are none".to_owned());
        return Err(TlsError::NoRoots(why));
    }
    Ok(Arc::clone(ROOTS.get_or_init(|| Arc::new(loaded.certs))))
}

/// Believes every certificate.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let supported = &self.0.signature_verification_algorithms;
        crypto::verify_tls12_signature(message, certificate, signature, supported)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let supported = &self.0.signature_verification_algorithms;
        crypto::verify_tls13_signature(message, certificate, signature, supported)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
