//! What is asked: before the service is there, as far as the flags say it, and once it listens.

use super::{super::args::Args, no};
use crate::{
    model::{Gap, Untrusted, Why},
    source::{
        dns::Names,
        http::{Once, Request, Security, Target, Trouble, Trust, Url, once},
        rehearse::Listener,
    },
};
use std::{
    fs,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream},
    time::{Duration, Instant},
};

/// How long somebody else who answers already is looked for.
const TAKEN: Duration = Duration::from_millis(500);
/// No body from a file is longer, in bytes.
const BODY: u64 = 1 << 20;
/// So much of where a redirection leads is shown.
const SHOWN: usize = 200;

/// What is asked and when it is ready.
pub(super) struct Aim {
    /// The request of the load.
    pub request: Request,
    /// Whom the load asks; none as long as nobody listens.
    pub target: Option<Target>,
    /// Who tells that it is ready, where that is somebody else.
    pub ready: Option<Target>,
    security: Option<Security>,
    http2: bool,
}

impl Aim {
    /// From the flags.
    ///
    /// # Errors
    /// What is no URL, a name without an address, a file that cannot be read.
    pub fn of(args: &Args, until: Instant) -> Result<Self, Gap> {
        let wrong = |what: &str| {
            let what = what.to_string();
            move |e: String| no(Why::Malformed, format!("{what}: {e}"))
        };
        let r = &args.request;
        let ready = match args.ready.as_deref().map(|text| (text, text.parse::<u16>())) {
            None => None,
            Some((text, Ok(0) | Err(_))) if text.bytes().all(|b| b.is_ascii_digit()) => {
                return Err(no(Why::Malformed, format!("--ready: {text} is no port")));
            }
            Some((_, Ok(port))) => Some(local(Ipv4Addr::LOCALHOST.into(), port)),
            Some((text, _)) => Some(Url::parse(text).map_err(wrong("--ready"))?),
        };
        let url = args.url.as_deref().map(Url::parse).transpose().map_err(wrong("--url"))?;
        let any_tls = url.iter().chain(&ready).any(|u| u.tls);
        let trust = match (&r.cacert, r.insecure) {
            (_, true) => Trust::Anyone,
            (Some(file), _) => Trust::File(file.into()),
            (None, _) => Trust::System,
        };
        let security =
            any_tls.then(|| Security::new(&trust, r.http2)).transpose().map_err(wrong("--cacert"))?;
        let request = Request {
            method: r.method().into(),
            fields: r.header.clone(),
            body: body(r.body.as_deref()).map_err(wrong("--body"))?,
            expected: r.expect_body_length,
            timeout: r.request_timeout,
        };
        let mut aim = Self { request, target: None, ready: None, security, http2: r.http2 };
        let apart = url.is_some() && ready.is_some() && url != ready;
        if apart && let Some(ready) = &ready {
            aim.ready = Some(aim.at(ready.clone(), until)?);
        }
        if let Some(url) = url.or(ready) {
            aim.target = Some(aim.at(url, until)?);
        }
        Ok(aim)
    }

    fn at(&self, url: Url, until: Instant) -> Result<Target, Gap> {
        let found = Names::default().resolve(&url.host, until);
        let addresses: Vec<SocketAddr> = found
            .map_err(|e| no(Why::Absent, format!("{}: looking the host up: {e}", url.host)))?
            .into_iter()
            .map(|ip| SocketAddr::from((ip, url.port)))
            .collect();
        let security = self.security.clone().filter(|_| url.tls);
        Ok(Target { url, addresses, security, http2: self.http2 })
    }

    /// Nobody may answer there before the service is started: what was measured would be somebody else.
    ///
    /// # Errors
    /// When somebody does.
    pub fn must_be_free(&self) -> Result<(), Gap> {
        for at in self.ready.as_ref().or(self.target.as_ref()).into_iter().flat_map(|t| &t.addresses) {
            if TcpStream::connect_timeout(at, TAKEN).is_ok() {
                let what = format!(
                    "somebody listens on {at} already: what answers there would not be what is started; nothing was started. \
                     Who it is: ss -ltnp 'sport = :{}'",
                    at.port()
                );
                return Err(no(Why::Unsupported, what));
            }
        }
        Ok(())
    }

    /// Aims at the only one who listens.
    ///
    /// # Errors
    /// When several ports are listened on.
    pub fn find(&mut self, listeners: &[Listener]) -> Result<(), Gap> {
        let mut ports: Vec<u16> = listeners.iter().map(|l| l.port).collect();
        ports.sort_unstable();
        ports.dedup();
        if let [first, _, ..] = &ports[..] {
            let all: Vec<String> = ports.iter().map(u16::to_string).collect();
            let what = format!(
                "it listens on ports {}: say which one by --url http://127.0.0.1:{first}/",
                all.join(", ")
            );
            return Err(no(Why::Malformed, what));
        }
        let Some(one) = listeners.first() else { return Ok(()) };
        let ip = match one.address {
            // Whoever listens everywhere is asked over loopback; `::` takes both as a rule, and IPv4 is asked for first.
            ip if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
            ip => ip,
        };
        let url = local(ip, one.port);
        let addresses = vec![SocketAddr::from((ip, one.port))];
        self.target = Some(Target { url, addresses, security: None, http2: self.http2 });
        Ok(())
    }

    /// `::` alone, without IPv4.
    pub fn over_ipv6(&mut self) {
        if let Some(target) = &mut self.target {
            let port = target.url.port;
            target.url = local(Ipv6Addr::LOCALHOST.into(), port);
            target.addresses = vec![SocketAddr::from((Ipv6Addr::LOCALHOST, port))];
        }
    }

    /// Asks once whether it is ready: yes; or not yet, and what it said.
    ///
    /// # Errors
    /// What will not get better by waiting.
    pub fn is_ready(&self, of: &Target, until: Instant) -> Result<Result<Once, String>, Gap> {
        use crate::source::http::Kind;
        let own = self.target.as_ref().is_some_and(|t| t.url == of.url);
        let plain = Request { fields: self.request.fields.clone(), ..Request::default() };
        match once(of, if own { &self.request } else { &plain }, until) {
            Ok(said) => answered(&of.url, said),
            Err(e) => match e.kind {
                Kind::Tls | Kind::Garbled | Kind::Name | Kind::Ours => Err(broken(&of.url, &e)),
                Kind::Refused | Kind::TimedOut | Kind::Unended | Kind::Cut => Ok(Err(e.words)),
            },
        }
    }
}

fn answered(url: &Url, said: Once) -> Result<Result<Once, String>, Gap> {
    match said.status {
        300..400 => {
            let to = said.location.as_deref().map(Untrusted::from_bytes);
            let to = to.map_or_else(String::new, |t| {
                format!(" to {}", t.as_str().chars().take(SHOWN).collect::<String>())
            });
            let what = format!(
                "{url} redirects{to} ({}): redirections are not followed, name what is meant by --url",
                said.status
            );
            Err(no(Why::Malformed, what))
        }
        500.. => Ok(Err(format!("it answers with {}", said.status))),
        _ => Ok(Ok(said)),
    }
}

fn broken(url: &Url, e: &Trouble) -> Gap {
    use crate::source::http::Kind;
    let help = match e.kind {
        Kind::Tls => "; --cacert FILE names who is trusted, --insecure trusts anyone",
        Kind::Garbled => "; what listens there speaks no HTTP/1.1",
        _ => "",
    };
    no(e.why(), format!("{url}: {e}{help}"))
}

fn local(ip: IpAddr, port: u16) -> Url {
    Url { tls: false, host: ip.to_string(), port, target: "/".into() }
}

fn body(text: Option<&str>) -> Result<Vec<u8>, String> {
    let Some(file) = text.and_then(|t| t.strip_prefix('@')) else {
        return Ok(text.unwrap_or_default().as_bytes().to_vec());
    };
    let length = fs::metadata(file).map_err(|e| format!("{file}: {e}"))?.len();
    if length > BODY {
        return Err(format!("{file}: longer than 1 MiB"));
    }
    fs::read(file).map_err(|e| format!("{file}: {e}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn aim(args: Args) -> Result<Aim, Gap> {
        Aim::of(&args, Instant::now() + Duration::from_secs(5))
    }
    fn listener(address: &str, port: u16) -> Listener {
        Listener { pid: 4, address: address.parse().unwrap(), port }
    }
    fn shown(of: &Option<Target>) -> Option<String> {
        of.as_ref().map(|t| t.url.to_string())
    }

    #[test]
    fn a_port_or_a_url_says_what_is_asked_and_both_who_tells_that_it_is_ready() {
        let of = |url: Option<&str>, ready: Option<&str>| {
            let args = Args { url: url.map(Into::into), ready: ready.map(Into::into), ..Args::default() };
            aim(args).map(|a| (shown(&a.target), shown(&a.ready)))
        };
        let local = Some("http://127.0.0.1:3000/".to_string());
        assert_eq!(of(None, None).unwrap(), (None, None));
        assert_eq!(of(None, Some("3000")).unwrap(), (local.clone(), None));
        assert_eq!(of(Some("127.0.0.1:3000"), Some("3000")).unwrap(), (local.clone(), None));
        let balancer = Some("http://127.0.0.2/".to_string());
        assert_eq!(of(Some("http://127.0.0.2/"), Some("3000")).unwrap(), (balancer, local));
        for bad in ["0", "70000", "a:x", "ftp://a"] {
            assert!(of(None, Some(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_only_listener_is_asked_over_loopback_and_several_are_not_guessed_among() {
        let mut found = aim(Args::default()).unwrap();
        found.find(&[]).unwrap();
        assert!(found.target.is_none());
        let two = [listener("0.0.0.0", 3000), listener("::", 9090), listener("::", 3000)];
        let error = found.find(&two).unwrap_err();
        assert!(error.detail.contains("3000, 9090") && error.detail.contains("--url"), "{}", error.detail);
        found.find(&two[..1]).unwrap();
        assert_eq!(shown(&found.target).as_deref(), Some("http://127.0.0.1:3000/"));
        found.find(&[listener("10.0.0.7", 80)]).unwrap();
        assert_eq!(shown(&found.target).as_deref(), Some("http://10.0.0.7/"));
        found.over_ipv6();
        assert_eq!(shown(&found.target).as_deref(), Some("http://[::1]/"));
    }

    #[test]
    fn a_body_may_come_from_a_file_of_bounded_length() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("body");
        let at = format!("@{}", path.display());
        assert!(body(Some(&at)).is_err());
        fs::write(&path, "abc").unwrap();
        assert_eq!(body(Some(&at)).unwrap(), b"abc");
        fs::write(&path, vec![0; (BODY + 1) as usize]).unwrap();
        assert!(body(Some(&at)).unwrap_err().contains("1 MiB"));
        assert_eq!(body(Some("x")).unwrap(), b"x");
    }
}
