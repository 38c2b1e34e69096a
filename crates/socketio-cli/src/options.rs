//! What all commands that connect have in common.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::{Args, ValueEnum};
use socketio::client::{Builder, Client, Proxy, ProxyError, Revision, Tls};
use socketio::{Parser, TransportKind};
use socketio_parser::{Value, from_json};

use crate::address::Address;
use crate::args;
use crate::failure::Failure;

/// Where to connect, and how.
#[derive(Debug, Args)]
pub(crate) struct Target {
    /// The server, such as http://localhost:3000 or just :3000; a path is the namespace.
    #[arg(value_name = "URL")]
    address: Address,

    /// Join this namespace.
    #[arg(short, long, value_name = "NAME", value_parser = namespace, help_heading = CONNECTION)]
    namespace: Option<String>,

    /// Credentials for it: an object of JSON, or @FILE with one.
    #[arg(short, long, value_name = "JSON", value_parser = auth, help_heading = CONNECTION)]
    auth: Option<Value>,

    /// Send this header with each request; may be repeated.
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE", value_parser = header, help_heading = CONNECTION)]
    headers: Vec<(String, String)>,

    /// Add this parameter to each request; may be repeated.
    #[arg(short, long, value_name = "KEY=VALUE", value_parser = query, help_heading = CONNECTION)]
    query: Vec<(String, String)>,

    /// Where the server listens.
    #[arg(long, default_value = "/socket.io/", help_heading = CONNECTION)]
    path: String,

    /// Use only this transport, or these in this order [default: polling, then websocket].
    #[arg(long = "transport", value_enum, value_name = "TRANSPORT", help_heading = CONNECTION)]
    transports: Vec<Transport>,

    /// Revision of Engine.IO: 4 for servers since 3.0, 3 for older ones, 2 for those of 1.0.
    #[arg(long, value_enum, default_value = "4", value_name = "REVISION", conflicts_with = "socketio2", help_heading = CONNECTION)]
    revision: Protocol,

    /// The server is Socket.IO 2: the same as --revision 3.
    #[arg(long, help_heading = CONNECTION)]
    socketio2: bool,

    /// Packets are MessagePack: the server uses socket.io-msgpack-parser.
    #[arg(long, help_heading = CONNECTION)]
    msgpack: bool,

    /// Do not check the certificate of the server.
    #[arg(long, help_heading = TLS)]
    insecure: bool,

    /// Trust the certificates in this PEM file, too.
    #[arg(long, value_name = "FILE", help_heading = TLS)]
    ca: Option<PathBuf>,

    /// Show this certificate to the server, a PEM file.
    #[arg(long, value_name = "FILE", requires = "key", help_heading = TLS)]
    cert: Option<PathBuf>,

    /// The private key of the certificate, a PEM file.
    #[arg(long, value_name = "FILE", requires = "cert", help_heading = TLS)]
    key: Option<PathBuf>,

    /// Connect through this proxy, such as http://user:password@localhost:8080; '' for none, even if
    /// HTTP_PROXY or HTTPS_PROXY say so.
    #[arg(long, value_name = "URL", help_heading = CONNECTION)]
    proxy: Option<Through>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Transport {
    Polling,
    #[value(name = "websocket")]
    WebSocket,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Protocol {
    #[value(name = "2")]
    V2,
    #[value(name = "3")]
    V3,
    #[value(name = "4")]
    V4,
}

impl Target {
    /// The server, for people.
    pub(crate) fn url(&self) -> &str {
        &self.address.url
    }

    /// The namespace to join: that of the option, else that of the URL.
    pub(crate) fn namespace(&self) -> Result<&str, Failure> {
        match (&self.namespace, &self.address.namespace) {
            (Some(option), Some(path)) if option != path => Err(Failure::usage(format_args!(
                "the URL says {path}, and --namespace says {option}: leave one of them out (where \
                 the server listens is --path)"
            ))),
            (Some(name), _) | (None, Some(name)) => Ok(name),
            (None, None) => Ok("/"),
        }
    }

    /// A client with all of these options.
    pub(crate) fn builder(&self) -> Result<Builder, Failure> {
        let mut builder = Client::builder(self.url())
            .path(&self.path)
            .revision(self.revision());
        for (name, value) in &self.headers {
            builder = builder.header(name.as_str(), value.as_str());
        }
        for (key, value) in &self.query {
            builder = builder.query(key.as_str(), value.as_str());
        }
        if !self.transports.is_empty() {
            builder = builder.transports(self.transports.iter().copied().map(TransportKind::from));
        }
        if let Some(auth) = &self.auth {
            builder = builder.auth(auth.clone());
        }
        if self.msgpack {
            builder = builder.parser(Parser::MessagePack);
        }
        if let Through::Proxy(proxy) = self.proxy()? {
            builder = builder.proxy(proxy);
        }
        Ok(match self.tls()? {
            Some(tls) => builder.tls(tls),
            None => builder,
        })
    }

    fn revision(&self) -> Revision {
        match (self.socketio2, self.revision) {
            (true, _) | (false, Protocol::V3) => Revision::V3,
            (false, Protocol::V2) => Revision::V2,
            (false, Protocol::V4) => Revision::V4,
        }
    }

    /// What was said about proxies, here or in the environment.
    fn proxy(&self) -> Result<Through, Failure> {
        match &self.proxy {
            Some(proxy) => Ok(proxy.clone()),
            None => match Proxy::from_env(self.url()) {
                Ok(proxy) => Ok(proxy.map_or(Through::Nothing, Through::Proxy)),
                Err(error) => Err(Failure::usage(format_args!(
                    "proxy of the environment: {error}"
                ))),
            },
        }
    }

    /// What was said about TLS, if anything was.
    fn tls(&self) -> Result<Option<Tls>, Failure> {
        if !self.insecure && self.ca.is_none() && self.cert.is_none() {
            return Ok(None);
        }
        let mut tls = Tls::default();
        if let Some(path) = &self.ca {
            tls = tls
                .add_roots_pem(&pem(path)?)
                .map_err(|error| bad_pem(path, &error))?;
        }
        if let (Some(cert), Some(key)) = (&self.cert, &self.key) {
            tls = tls
                .identity_pem(&pem(cert)?, &pem(key)?)
                .map_err(|error| bad_pem(cert, &error))?;
        }
        if self.insecure {
            tls = tls.danger_accept_invalid_certificates();
        }
        Ok(Some(tls))
    }
}

/// How the server is reached.
#[derive(Clone, Debug)]
enum Through {
    Nothing,
    Proxy(Proxy),
}

impl FromStr for Through {
    type Err = ProxyError;

    fn from_str(text: &str) -> Result<Self, ProxyError> {
        match text {
            "" => Ok(Self::Nothing),
            text => text.parse().map(Self::Proxy),
        }
    }
}

impl From<Transport> for TransportKind {
    fn from(transport: Transport) -> Self {
        match transport {
            Transport::Polling => Self::Polling,
            Transport::WebSocket => Self::WebSocket,
        }
    }
}

fn pem(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path)
        .map_err(|error| Failure::usage(format_args!("cannot read {}: {error}", path.display())))
}

fn bad_pem(path: &Path, error: &dyn std::fmt::Display) -> Failure {
    Failure::usage(format_args!("{}: {error}", path.display()))
}

fn namespace(text: &str) -> Result<String, String> {
    match (text.starts_with('/'), text.contains(',')) {
        (_, true) => Err("the name of a namespace holds no comma".into()),
        (true, false) => Ok(text.into()),
        (false, false) => Ok(format!("/{text}")),
    }
}

fn auth(text: &str) -> Result<Value, String> {
    let value = match text.strip_prefix('@') {
        Some(path) => {
            let json = std::fs::read_to_string(path);
            let json = json.map_err(|error| format!("cannot read {path}: {error}"))?;
            from_json(json.trim()).map_err(|error| format!("{path}: {error}"))?
        }
        None => args::value(text).map_err(|error| error.to_string())?,
    };
    // [sio5 § Connection to a namespace]: the payload of CONNECT is an object.
    match value {
        Value::Object(_) => Ok(value),
        _ => Err(r#"credentials are an object, such as {"token":"abc"}"#.into()),
    }
}

fn header(text: &str) -> Result<(String, String), String> {
    match text.split_once(':') {
        Some((name, value)) if !name.trim().is_empty() => {
            Ok((name.trim().into(), value.trim().into()))
        }
        Some(_) | None => Err("a header looks like 'Name: value'".into()),
    }
}

fn query(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.into(), value.into())),
        Some(_) | None => Err("a parameter looks like key=value".into()),
    }
}

const CONNECTION: &str = "Connection";
const TLS: &str = "TLS";

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(Debug, clap::Parser)]
    struct Line {
        #[command(flatten)]
        target: Target,
    }

    fn target(line: &str) -> Result<Target, String> {
        let line = Line::try_parse_from(["sio"].into_iter().chain(line.split('|')));
        line.map(|line| line.target)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn the_namespace_is_said_once() {
        assert_eq!(target("http://a").unwrap().namespace(), Ok("/"));
        assert_eq!(target("http://a/chat").unwrap().namespace(), Ok("/chat"));
        assert_eq!(target("http://a|-n|chat").unwrap().namespace(), Ok("/chat"));
        assert_eq!(
            target("http://a/chat|-n|/chat").unwrap().namespace(),
            Ok("/chat")
        );
        let twice = target("http://a/chat|-n|/admin").unwrap();
        assert!(matches!(twice.namespace(), Err(Failure::Usage(_))));
    }

    #[test]
    fn a_server_of_socket_io_2_is_revision_3() {
        assert_eq!(target("http://a").unwrap().revision(), Revision::V4);
        assert_eq!(
            target("http://a|--socketio2").unwrap().revision(),
            Revision::V3
        );
        assert_eq!(
            target("http://a|--revision|2").unwrap().revision(),
            Revision::V2
        );
        assert!(target("http://a|--socketio2|--revision|2").is_err());
    }

    #[test]
    fn an_error_points_to_the_argument() {
        for (line, argument) in [
            ("ftp://a", "<URL>"),
            ("http://a|-H|nothing", "--header"),
            ("http://a|-q|nothing", "--query"),
            ("http://a|-a|[1]", "--auth"),
            ("http://a|-a|{\"x\":1", "--auth"),
            ("http://a|-n|a,b", "--namespace"),
            ("http://a|--transport|pigeon", "--transport"),
            ("http://a|--cert|x", "--key"),
        ] {
            let error = target(line).unwrap_err();
            assert!(error.contains(argument), "{line}: {error}");
        }
    }
}
