//! TLS of an `https` URL, by rustls with ring.

use rustls::ClientConfig;
use std::{path::PathBuf, sync::Arc};

/// Whose certificates are trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// The system's authorities, or the built-in ones where there are none.
    System,
    /// Those in this PEM file.
    File(PathBuf),
    /// Whoever it is: asked for by name only.
    Anyone,
}

/// TLS made ready: certificates are read once, not for every connection.
#[derive(Clone, Debug)]
pub struct Security {
    /// For the load: sessions may be resumed as any client does.
    pub(super) config: Arc<ClientConfig>,
}

impl Security {
    /// Reads what is trusted. `http2` offers `h2` beside `http/1.1`.
    ///
    /// # Errors
    /// What is wrong with the file, in one sentence.
    pub fn new(trust: &Trust, http2: bool) -> Result<Self, String> {
        todo!()
    }
}
