//! What is asked for in safety: TLS and its verification, and the ways to prove who one is.

use super::{bad::BadTarget, settings::Settings};
use std::path::PathBuf;

/// `sslmode`. Section 32.19 of the manual.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SslMode {
    /// Never encrypted.
    Disable,
    /// Plain first; encrypted when the server wants that.
    Allow,
    /// Encrypted when the server can.
    Prefer,
    /// Always encrypted.
    Require,
    /// And the certificate is by an authority that we trust.
    VerifyCa,
    /// And it is for the host that was asked for.
    VerifyFull,
}

const MODES: &[(&str, SslMode)] = &[
    ("disable", SslMode::Disable),
    ("allow", SslMode::Allow),
    ("prefer", SslMode::Prefer),
    ("require", SslMode::Require),
    ("verify-ca", SslMode::VerifyCa),
    ("verify-full", SslMode::VerifyFull),
];

impl SslMode {
    /// As it is written.
    pub fn name(self) -> &'static str {
        MODES.iter().find(|(_, mode)| *mode == self).map_or("", |(name, _)| name)
    }
}

/// Which authorities are trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) enum Roots {
    /// Those of the machine, and where it has none the ones of Mozilla that are built in.
    System,
    /// A file; when it was not asked for, it need not be there.
    File { path: PathBuf, given: bool },
    /// No home, no file.
    None,
}

/// Whether to show a certificate of our own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum CertMode {
    Disable,
    Allow,
    Require,
}

/// `channel_binding`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Binding {
    Disable,
    Prefer,
    Require,
}

/// Ways to prove who one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Nothing was asked.
    None,
    /// The password in clear.
    Password,
    /// Its MD5 hash, salted.
    Md5,
    /// SCRAM-SHA-256, with or without channel binding.
    Scram,
}

impl Method {
    /// As it is written in `require_auth`.
    pub fn name(self) -> &'static str {
        METHODS.iter().find(|(_, m)| *m == Some(self)).map_or("", |(name, _)| name)
    }
}

const METHODS: &[(&str, Option<Method>)] = &[
    ("none", Some(Method::None)),
    ("password", Some(Method::Password)),
    ("md5", Some(Method::Md5)),
    ("scram-sha-256", Some(Method::Scram)),
    // Known, and never used by us.
    ("gss", None),
    ("sspi", None),
    ("oauth", None),
];

/// All of it.
#[derive(Clone, Debug)]
pub(in super::super) struct Security {
    pub mode: SslMode,
    /// TLS at once, without asking first: `sslnegotiation=direct`.
    pub direct: bool,
    pub roots: Roots,
    /// Revoked certificates; the file need not be there when it was not asked for.
    pub revoked: Option<(PathBuf, bool)>,
    pub cert: Option<(PathBuf, bool)>,
    pub key: Option<(PathBuf, bool)>,
    pub cert_mode: CertMode,
    /// The host's name goes in clear with the first packet.
    pub sni: bool,
    /// Lowest and highest version: 2 is TLS 1.2, 3 is TLS 1.3.
    pub versions: (u8, u8),
    pub binding: Binding,
    /// The ways that are allowed; `None` is any.
    pub methods: Option<Vec<Method>>,
}

impl Security {
    pub(super) fn of(settings: &Settings) -> Result<Self, BadTarget> {
        let roots = match settings.get("sslrootcert") {
            Some("system") => Roots::System,
            _ => settings
                .path("sslrootcert", "root.crt")
                .map_or(Roots::None, |(path, given)| Roots::File { path, given }),
        };
        let system = roots == Roots::System;
        let default = if system { SslMode::VerifyFull } else { SslMode::Prefer };
        let mode = settings.choose("sslmode", MODES, default)?;
        if system && mode != SslMode::VerifyFull {
            let what = format!("={} is too weak for sslrootcert=system", mode.name());
            return Err(settings.bad(
                "sslmode",
                &what,
                "write sslmode=verify-full or name a file in sslrootcert",
            ));
        }
        let direct = settings.choose("sslnegotiation", &[("postgres", false), ("direct", true)], false)?;
        if direct && mode < SslMode::Require {
            let what = format!("=direct needs more than sslmode={}", mode.name());
            return Err(settings.bad("sslnegotiation", &what, "write sslmode=require or more"));
        }
        let versions = &[("TLSv1", 2), ("TLSv1.1", 2), ("TLSv1.2", 2), ("TLSv1.3", 3)];
        let lowest = settings.choose("ssl_min_protocol_version", versions, 2)?;
        let highest = match settings.get("ssl_max_protocol_version") {
            Some("TLSv1" | "TLSv1.1") => 1,
            _ => settings.choose("ssl_max_protocol_version", versions, 3)?,
        };
        if highest < lowest {
            return Err(settings.bad(
                "ssl_max_protocol_version",
                "leaves no version that can be spoken",
                "paramedic speaks TLSv1.2 and TLSv1.3",
            ));
        }
        let modes =
            &[("disable", CertMode::Disable), ("allow", CertMode::Allow), ("require", CertMode::Require)];
        let bindings =
            &[("disable", Binding::Disable), ("prefer", Binding::Prefer), ("require", Binding::Require)];
        Ok(Self {
            mode,
            direct,
            roots,
            revoked: settings.path("sslcrl", "root.crl"),
            cert: settings.path("sslcert", "postgresql.crt"),
            key: settings.path("sslkey", "postgresql.key"),
            cert_mode: settings.choose("sslcertmode", modes, CertMode::Allow)?,
            sni: settings.choose("sslsni", &[("0", false), ("1", true)], true)?,
            versions: (lowest, highest),
            binding: settings.choose("channel_binding", bindings, Binding::Prefer)?,
            methods: methods(settings)?,
        })
    }

    /// Whether this way may be gone.
    pub fn allows(&self, method: Method) -> bool {
        self.methods.as_ref().is_none_or(|allowed| allowed.contains(&method))
    }
}

/// `require_auth`: a list of ways, or a list of ways each of which is forbidden.
fn methods(settings: &Settings) -> Result<Option<Vec<Method>>, BadTarget> {
    let Some(list) = settings.get("require_auth") else { return Ok(None) };
    let names: Vec<&str> = METHODS.iter().map(|m| m.0).collect();
    let bad = |what: &str| {
        let remedy = format!("list some of {}, all of them with a ! in front or none", names.join(", "));
        settings.bad("require_auth", what, &remedy)
    };
    let items: Vec<&str> = list.split(',').map(str::trim).collect();
    let forbidden = items.iter().filter(|i| i.starts_with('!')).count();
    if forbidden != 0 && forbidden != items.len() {
        return Err(bad("mixes what is required with what is forbidden"));
    }
    let mut named = Vec::new();
    for item in items {
        let item = item.strip_prefix('!').unwrap_or(item);
        let (_, method) =
            METHODS.iter().find(|(n, _)| *n == item).ok_or_else(|| bad("lists an unknown way"))?;
        named.extend(*method);
    }
    let all = METHODS.iter().filter_map(|(_, method)| *method);
    Ok(Some(all.filter(|m| named.contains(m) == (forbidden == 0)).collect()))
}
