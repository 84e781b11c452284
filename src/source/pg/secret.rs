//! A password: it has no text, so that none can be printed, recorded or put into an error by mistake.

/// What must not be shown. There is no `Display`, no `Serialize`, and its `Debug` says nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes it.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
    /// For the one who proves it to the server.
    pub(super) fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
    /// libpq takes an empty password for none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}
