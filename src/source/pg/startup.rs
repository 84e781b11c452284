//! From a stream to a session: the first message, the proof of who we are, and what the server tells about itself. Section
//! 55.2.1 of the manual.

use super::{
    message::{Body, Messages, message, strange},
    refused::{RefusedKind, Trouble},
    target::{Binding, Host, Method, Target},
};
use postgres_protocol::authentication::{md5_hash, sasl};
use std::{
    collections::BTreeMap,
    io::{self, Read, Write},
};

/// No message before the session stands is longer; libpq's limit for errors is 30,000.
const MOST: usize = 64 << 10;
/// Messages before the session stands; parameters are some dozen, notices few.
const MESSAGES: usize = 1000;
/// Protocol 3.0.
const VERSION: u32 = 3 << 16;
/// What we are called in `pg_stat_activity`.
const NAME: &str = "paramedic";

/// How the connection is protected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Encryption {
    /// As `TLSv1.3`; `None` is a plain connection, or a socket of this machine.
    pub version: Option<String>,
    /// How far the certificate was verified: `verify-ca`, `verify-full`; `None` is not at all.
    pub verified: Option<&'static str>,
    /// The proof of the password was bound to this very connection.
    pub bound: bool,
    /// Why it is plain although that was not asked for.
    pub fell_back: Option<String>,
}

/// What the server told on the way.
#[derive(Debug, Default)]
pub(super) struct Started {
    pub parameters: BTreeMap<String, String>,
    pub pid: Option<i32>,
    pub method: Option<Method>,
    pub bound: bool,
}

/// Says who we are and proves it. `endpoint` is the hash of the server's certificate, when there is one.
pub(super) fn start<S: Read + Write>(
    to: &mut Messages<S>,
    target: &Target,
    host: &Host,
    encrypted: bool,
    endpoint: Option<Vec<u8>>,
) -> Result<Started, Trouble> {
    let mut parameters = vec![
        ("user", target.user.as_str()),
        ("database", target.dbname.as_str()),
        ("client_encoding", "UTF8"),
        ("application_name", NAME),
    ];
    parameters.extend(target.options.as_deref().map(|o| ("options", o)));
    let mut body = VERSION.to_be_bytes().to_vec();
    for (name, value) in parameters {
        body.extend([name.as_bytes(), b"\0", value.as_bytes(), b"\0"].concat());
    }
    body.push(0);
    let mut startup = Startup { to, target, host, encrypted, endpoint, started: Started::default() };
    startup.send(&message(None, &[&body]))?;
    startup.run()
}

struct Startup<'a, S> {
    to: &'a mut Messages<S>,
    target: &'a Target,
    host: &'a Host,
    encrypted: bool,
    endpoint: Option<Vec<u8>>,
    started: Started,
}

impl<S: Read + Write> Startup<'_, S> {
    fn send(&mut self, bytes: &[u8]) -> Result<(), Trouble> {
        self.to.send(bytes).map_err(|e| Trouble::io("sending to the server", &e))
    }

    fn next(&mut self) -> Result<u8, Trouble> {
        let head = self.to.next(MOST, MOST).map_err(|e| Trouble::io("waiting for the server", &e))?;
        if head.tag == b'E' {
            let error = Body(&self.to.body).error().map_err(|e| Trouble::io("reading an error", &e))?;
            let mut trouble = Trouble::server(error);
            if trouble.error.as_ref().is_some_and(|e| e.sqlstate == "08P01") && self.target.options.is_some()
            {
                trouble.why += " (PgBouncer takes no `options`: leave that key out)";
            }
            return Err(trouble);
        }
        Ok(head.tag)
    }

    fn run(mut self) -> Result<Started, Trouble> {
        let reading = |e: io::Error| Trouble::io("reading the server's greeting", &e);
        for _ in 0..MESSAGES {
            match self.next()? {
                b'R' => self.authenticate()?,
                b'S' => {
                    let mut body = Body(&self.to.body);
                    let (name, value) = (body.text().map_err(reading)?, body.text().map_err(reading)?);
                    self.started.parameters.insert(name, value);
                }
                b'K' => self.started.pid = Some(Body(&self.to.body).int().map_err(reading)?),
                b'Z' if self.started.method.is_some() => return Ok(self.started),
                b'N' | b'A' | b'v' => {}
                _ => return Err(reading(strange("a message that has no place here"))),
            }
        }
        Err(reading(strange("it does not end")))
    }

    fn authenticate(&mut self) -> Result<(), Trouble> {
        let reading = |e: io::Error| Trouble::io("reading how to prove who we are", &e);
        let mut body = Body(&self.to.body);
        match body.int().map_err(reading)? {
            0 => {
                if self.started.method.is_none() {
                    self.may(Method::None)?;
                    self.unbound()?;
                }
                self.started.method.get_or_insert(Method::None);
                Ok(())
            }
            3 => {
                self.may(Method::Password)?;
                self.unbound()?;
                let password = self.password()?;
                self.send(&message(Some(b'p'), &[&password, b"\0"]))
            }
            5 => {
                let salt = body.int().map_err(reading)?.to_be_bytes();
                self.may(Method::Md5)?;
                self.unbound()?;
                let hash = md5_hash(self.target.user.as_bytes(), &self.password()?, salt);
                self.send(&message(Some(b'p'), &[hash.as_bytes(), b"\0"]))
            }
            10 => {
                let mut offered = Vec::new();
                loop {
                    match body.text().map_err(reading)? {
                        end if end.is_empty() => break,
                        mechanism => offered.push(mechanism),
                    }
                }
                self.may(Method::Scram)?;
                self.scram(&offered)
            }
            other => {
                let way = match other {
                    2 => "Kerberos 5",
                    6 => "SCM credentials",
                    7 | 8 => "GSSAPI",
                    9 => "SSPI",
                    _ => "a way that is not known here",
                };
                let why =
                    format!("the server wants {way}; paramedic can prove itself by password or certificate");
                Err(Trouble::new(RefusedKind::Auth, why))
            }
        }
    }

    /// Whether `require_auth` lets us; the first request decides, and there is no second one.
    fn may(&mut self, method: Method) -> Result<(), Trouble> {
        let name = method.name();
        if self.started.method.is_some() {
            return Err(Trouble::new(RefusedKind::Auth, "the server asks a second time who we are"));
        }
        if !self.target.security.allows(method) {
            let why = format!("the server wants the way `{name}`, and require_auth forbids that");
            return Err(Trouble::new(RefusedKind::Auth, why));
        }
        if method != Method::None {
            self.started.method = Some(method);
        }
        Ok(())
    }

    fn unbound(&self) -> Result<(), Trouble> {
        match self.target.security.binding {
            Binding::Require => {
                let why = "channel_binding=require, and the server does not bind the proof to the connection";
                Err(Trouble::new(RefusedKind::Auth, why))
            }
            Binding::Disable | Binding::Prefer => Ok(()),
        }
    }

    fn password(&self) -> Result<Vec<u8>, Trouble> {
        let none = || {
            Trouble::new(RefusedKind::Auth, "the server wants a password, and none is given for this host")
        };
        Ok(self.host.password.as_ref().ok_or_else(none)?.bytes().to_vec())
    }

    fn scram(&mut self, offered: &[String]) -> Result<(), Trouble> {
        let auth = |e: io::Error| Trouble::new(RefusedKind::Auth, format!("SCRAM: {e}"));
        let offers = |mechanism: &str| offered.iter().any(|o| o == mechanism);
        let endpoint = self.endpoint.take().filter(|_| self.target.security.binding != Binding::Disable);
        let (mechanism, binding) = match (offers(sasl::SCRAM_SHA_256_PLUS), endpoint) {
            (true, Some(hash)) if self.encrypted => {
                self.started.bound = true;
                (sasl::SCRAM_SHA_256_PLUS, sasl::ChannelBinding::tls_server_end_point(hash))
            }
            // Downgrades are noticed by the server: it knows whether it offered what we say it did not.
            (false, Some(_)) => (sasl::SCRAM_SHA_256, sasl::ChannelBinding::unrequested()),
            _ => (sasl::SCRAM_SHA_256, sasl::ChannelBinding::unsupported()),
        };
        if !offers(mechanism) {
            let why = format!("the server offers {} only", offered.join(", "));
            return Err(Trouble::new(RefusedKind::Auth, why));
        }
        if !self.started.bound {
            self.unbound()?;
        }
        let mut scram = sasl::ScramSha256::new(&self.password()?, binding);
        let first = scram.message();
        let length = (first.len() as u32).to_be_bytes();
        let message_1 = message(Some(b'p'), &[mechanism.as_bytes(), b"\0", &length, first]);
        self.send(&message_1)?;
        scram.update(&self.sasl(11)?).map_err(auth)?;
        let message_2 = message(Some(b'p'), &[scram.message()]);
        self.send(&message_2)?;
        // The server proves that it knows the password, too.
        scram.finish(&self.sasl(12)?).map_err(auth)
    }

    /// The data of a message of SASL.
    fn sasl(&mut self, wanted: i32) -> Result<Vec<u8>, Trouble> {
        let tag = self.next()?;
        let mut body = Body(&self.to.body);
        match (tag, body.int()) {
            (b'R', Ok(kind)) if kind == wanted => Ok(body.0.to_vec()),
            _ => Err(Trouble::io("SCRAM", &strange("a message that has no place here"))),
        }
    }
}
