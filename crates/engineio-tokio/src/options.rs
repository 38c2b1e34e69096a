//! What a server can be told.

use std::{fmt, sync::Arc};

use engineio_proto::Config;

use crate::{
    admission::{AllowRequest, IdGenerator},
    cookie::Cookie,
    cors::Cors,
    hooks::Hooks,
    observer::Observer,
};
#[cfg(feature = "compression")]
use crate::{compression::HttpCompression, ws::PerMessageDeflate};

/// What a server can be told. The defaults are those of the reference.
#[derive(Clone)]
#[non_exhaustive]
pub struct Options {
    /// The limits and intervals of sessions.
    pub engine: Config,
    /// The path that requests begin with: `/engine.io`. A trailing slash makes no difference.
    pub path: String,
    /// Whether the path has to be followed by a slash: yes. Without it `/engine.iox` matches too.
    pub add_trailing_slash: bool,
    /// What pages of other origins may do. `None`: answers carry no such headers.
    pub cors: Option<Cors>,
    /// Who may open a session. `None`: everybody.
    pub allow_request: Option<AllowRequest>,
    /// Where ids come from. `None`: 128 random bits.
    pub generate_id: Option<IdGenerator>,
    /// The cookie that carries the id of a session. `None`: there is none.
    pub cookie: Option<Cookie>,
    /// When answers to polls are compressed: from 1024 bytes on. `None`: never.
    #[cfg(feature = "compression")]
    pub http_compression: Option<HttpCompression>,
    /// How messages are compressed on WebSockets. `None`: not at all.
    #[cfg(feature = "compression")]
    pub per_message_deflate: Option<PerMessageDeflate>,
    /// What is called around requests.
    pub hooks: Hooks,
    /// Who is told what happens to sessions. `None`: nobody.
    pub observer: Option<Arc<dyn Observer>>,
}

impl Options {
    /// The path as requests have to begin with it.
    pub(crate) fn normalised_path(&self) -> String {
        let bare = self.path.strip_suffix('/').unwrap_or(&self.path);
        let slash = if self.add_trailing_slash { "/" } else { "" };
        format!("{bare}{slash}")
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            engine: Config::default(),
            path: "/engine.io".to_owned(),
            add_trailing_slash: true,
            cors: None,
            allow_request: None,
            generate_id: None,
            cookie: None,
            #[cfg(feature = "compression")]
            http_compression: Some(HttpCompression::default()),
            #[cfg(feature = "compression")]
            per_message_deflate: None,
            hooks: Hooks::default(),
            observer: None,
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("engine", &self.engine)
            .field("path", &self.path)
            .field("cors", &self.cors)
            .field("cookie", &self.cookie)
            .field("hooks", &self.hooks)
            .finish_non_exhaustive()
    }
}
