//! Looks once: one answer, then the connections that are held, then the load; never two at a time, since one would be seen in
//! the other.

mod load;
mod told;

use super::{
    args::{Args, Probe},
    facts::{Balancer, Certificate, Drip, Facts},
};
use crate::{
    model::{Gap, Gaps, Progress, Reading, Stamp, Why},
    source::{
        Clock, Moment,
        dns::{self, Names},
        http::{self, Kind, Part, Request, Security, Target, Trouble, Trust, Url},
    },
};
use std::{
    fs,
    io::Read,
    net::{IpAddr, SocketAddr, TcpStream},
    path::Path,
    thread,
    time::{Duration, Instant},
};

/// Left of the run's time for everything after the last answer.
const MARGIN: Duration = Duration::from_millis(100);
/// Connections are held so much longer than the balancer would, or by a tenth where that is less: what the server closes then is
/// no race any more.
const BEYOND: Duration = Duration::from_secs(2);
/// Idle connections that are held.
const HELD: u32 = 3;
/// For connecting, and for what ends late.
const SLACK: Duration = Duration::from_secs(2);
/// No body from a file is longer, in bytes.
const BODY: u64 = 16 << 20;
/// How often a bar moves.
const TICK: Duration = Duration::from_millis(200);

/// How long what was asked for takes by itself.
pub(super) fn takes(args: &Args) -> Duration {
    let one = args.request.request_timeout;
    let mut all = Duration::ZERO;
    if args.probes(Probe::Idle) {
        all += span(args) + http::beyond(HELD) + one;
    }
    if args.probes(Probe::Headers) || args.probes(Probe::Body) {
        all += args.drip() + one;
    }
    if let Some(length) = args.length {
        all += length + one;
    }
    if all.is_zero() { all } else { all + SLACK }
}

/// How long the one answer may be waited for: longer than the balancer does, when somebody says what that is.
pub(super) fn patience(args: &Args) -> Duration {
    args.request.request_timeout.max(args.lb_idle.map_or(Duration::ZERO, |lb| lb + BEYOND))
}

/// How long an idle connection is held.
fn span(args: &Args) -> Duration {
    args.lb() + BEYOND.min(args.lb() / 2)
}

/// The probe.
pub struct Http {
    args: Args,
    facts: Option<Facts>,
}

impl Http {
    pub(super) fn new(args: Args) -> Self {
        Self { args, facts: None }
    }

    pub(super) fn seen(&self) -> Option<&Facts> {
        self.facts.as_ref()
    }

    /// All of it: an area apart looks once.
    ///
    /// # Errors
    /// When there is no answer to begin with.
    pub(super) fn run(&mut self, m: &Moment, gaps: &mut Gaps) -> Result<(), Gap> {
        dns::at_normal_priority();
        let mut facts = self.unseen();
        let looked = look(&self.args, m, &mut facts, gaps);
        if let Err(gap) = &looked
            && facts.answer.drawn().is_none()
        {
            facts.answer = Reading::unseen(gap.why);
        }
        self.facts = Some(facts);
        looked
    }

    /// Nothing yet: what was asked for and does not come about is no part that nobody asked for.
    fn unseen(&self) -> Facts {
        fn part<T>(wanted: bool) -> Reading<T> {
            Reading::unseen(if wanted { Why::Absent } else { Why::NotAsked })
        }
        let args = &self.args;
        Facts {
            lb: Balancer { idle_s: args.lb().as_secs_f64(), told: args.lb_idle.is_some() },
            idle: part(args.probes(Probe::Idle)),
            headers: part(args.probes(Probe::Headers)),
            body: part(args.probes(Probe::Body)),
            load: part(args.length.is_some()),
            answer: part(true),
            ..Facts::unseen(Why::NotAsked)
        }
    }
}

fn look(args: &Args, m: &Moment, facts: &mut Facts, gaps: &mut Gaps) -> Result<(), Gap> {
    let malformed = |what: &str, e: String| Gap::new(what, Why::Malformed, e);
    let url = Url::parse(&args.url).map_err(|e| malformed("the URL", e))?;
    facts.url = url.to_string();
    if url.tls {
        facts.certificate = Reading::unseen(Why::Absent);
    }
    let request = request(args).map_err(|e| malformed("the request", e))?;
    let tls = url.tls;
    let security = |http2| tls.then(|| Security::new(&trust(args), http2)).transpose();
    let secured = security(args.request.http2).map_err(|e| malformed("trusted authorities", e))?;
    let end = m.deadline.checked_sub(MARGIN).unwrap_or(m.deadline);
    let begun = Instant::now();
    let until = end.min(begun + patience(args));
    let addresses = addresses(&url, until).map_err(|e| Gap::new(facts.url.clone(), Why::Absent, e))?;
    let named = url.host.parse::<IpAddr>().is_err().then(|| begun.elapsed());
    let target = Target { addresses, security: secured, http2: args.request.http2, url };
    let work = Work { args, progress: m.progress, target: &target, request: &request, end };
    work.once(until, named, facts, gaps)?;
    if !args.request.http2 || tls {
        let target = Target { security: security(false).unwrap_or_default(), http2: false, ..target.clone() };
        let work = Work { target: &target, ..work };
        work.idle(facts, gaps);
        work.drips(facts, gaps);
    } else if !args.probe.is_empty() || args.lb_idle.is_some() {
        let why =
            "connections are held over HTTP/1.1, and --http2 without TLS says that it is not spoken there";
        gaps.add(Why::Unsupported, "idle and slow connections", why);
    }
    let Some(length) = args.length else { return Ok(()) };
    match load::run(&work, length) {
        Ok((load, holes)) => {
            facts.load = Reading::seen(load);
            holes.into_iter().for_each(|(why, what)| gaps.add(why, "requests of the load", what));
        }
        Err(e) => {
            facts.load = Reading::unseen(Why::from(&e));
            gaps.add(Why::from(&e), "the load", e);
        }
    }
    Ok(())
}

/// What each part of the look needs.
#[derive(Clone, Copy)]
struct Work<'a> {
    args: &'a Args,
    progress: &'a dyn Progress,
    target: &'a Target,
    request: &'a Request,
    end: Instant,
}

impl Work<'_> {
    /// One answer.
    ///
    /// # Errors
    /// Why there is none, when nothing else can be looked at without it.
    fn once(
        &self,
        until: Instant,
        named: Option<Duration>,
        facts: &mut Facts,
        gaps: &mut Gaps,
    ) -> Result<(), Gap> {
        let (args, target) = (self.args, self.target);
        let patient = Request { timeout: patience(args), ..self.request.clone() };
        let once = http::once(target, &patient, until);
        let now = Clock::now();
        let trouble = match once {
            Ok(once) => {
                facts.answer = Reading::seen(told::answered(&once, named, target.addresses.len()));
                if target.url.tls {
                    let shown = once.expires.map(|ends| shown(ends, target, until, now));
                    facts.certificate = shown.ok_or(Why::Malformed).into();
                }
                return Ok(());
            }
            Err(trouble) => trouble,
        };
        facts.answer = Reading::unseen(trouble.why());
        if trouble.kind == Kind::TimedOut && connects(target, self.end) {
            facts.late_s = Some(patience(args).as_secs_f64());
        }
        if trouble.kind == Kind::Tls {
            facts.certificate = ended(target, self.end.min(Instant::now() + SLACK), now);
        }
        let gap = Gap::new(facts.url.clone(), trouble.why(), told::trouble(&trouble));
        // Neither a connection that is cut nor an answer that is late keeps a load from being what it is.
        let goes_on = matches!(trouble.kind, Kind::Cut | Kind::TimedOut | Kind::Unended);
        if !goes_on || args.length.is_none() {
            return Err(gap);
        }
        gaps.named(gap, "answers");
        Ok(())
    }

    fn idle(&self, facts: &mut Facts, gaps: &mut Gaps) {
        if !self.args.probes(Probe::Idle) {
            return;
        }
        let span = span(self.args);
        let what = format!("hold {HELD} idle connections");
        let held = self.showing(&what, span + http::beyond(HELD), || {
            http::idle(self.target, self.request, HELD, span, self.end)
        });
        facts.idle = match held {
            Ok(rests) => Reading::seen(told::idle(&rests, span)),
            Err(trouble) => self.hole(trouble, "idle connections", gaps),
        };
    }

    /// Both at a time, one connection each: a server that can serve one at a time only lets the other wait, which it does anyway.
    fn drips(&self, facts: &mut Facts, gaps: &mut Gaps) {
        let (head, body) = (self.args.probes(Probe::Headers), self.args.probes(Probe::Body));
        if !head && !body {
            return;
        }
        let (span, many) = (self.args.drip(), if head && body { "2 connections" } else { "1 connection" });
        self.progress.announce(&format!(
            "probe  {many} to {}, a byte a second for up to {}: a server that does one thing at a time (gunicorn's sync workers) \
             answers nobody else meanwhile, and its worker may be killed",
            facts.url,
            humantime::format_duration(span)
        ));
        let one = |part| http::drip(self.target, self.request, part, span, self.end);
        let (headers, bodies) = self.showing("slow requests", span, || {
            thread::scope(|scope| {
                let bodies = body.then(|| scope.spawn(|| one(Part::Body)));
                let headers = head.then(|| one(Part::Head));
                let bodies = bodies.map(|t| t.join().unwrap_or_else(|e| std::panic::resume_unwind(e)));
                (headers, bodies)
            })
        });
        let mut told = |came: Option<Result<http::Dripped, Trouble>>, what| -> Reading<Drip> {
            match came {
                None => Reading::unseen(Why::NotAsked),
                Some(Ok(dripped)) => Reading::seen(told::drip(&dripped, span)),
                Some(Err(trouble)) => self.hole(trouble, what, gaps),
            }
        };
        facts.headers = told(headers, "a slow head");
        facts.body = told(bodies, "a slow body");
    }

    fn hole<T>(&self, trouble: Trouble, what: &'static str, gaps: &mut Gaps) -> Reading<T> {
        gaps.add(trouble.why(), what, told::trouble(&trouble));
        Reading::unseen(trouble.why())
    }

    /// Does it while a bar shows how much of its time has passed.
    fn showing<T: Send>(&self, what: &str, length: Duration, work: impl FnOnce() -> T + Send) -> T {
        let bar = self.progress.begin(what, length.as_secs());
        let begun = Instant::now();
        thread::scope(|scope| {
            let working = scope.spawn(work);
            while !working.is_finished() {
                bar.at(begun.elapsed().as_secs().min(length.as_secs()), "s");
                thread::park_timeout(TICK);
            }
            working.join().unwrap_or_else(|e| std::panic::resume_unwind(e))
        })
    }
}

/// The addresses of its host.
fn addresses(url: &Url, until: Instant) -> Result<Vec<SocketAddr>, String> {
    let found = Names::default().resolve(&url.host, until);
    let found = found.map_err(|e| format!("the name of the host: {e}"))?;
    Ok(found.into_iter().map(|ip| SocketAddr::new(ip, url.port)).collect())
}

fn trust(args: &Args) -> Trust {
    match &args.request.cacert {
        _ if args.request.insecure => Trust::Anyone,
        Some(file) => Trust::File(file.into()),
        None => Trust::System,
    }
}

fn request(args: &Args) -> Result<Request, String> {
    let body = match args.request.body.as_deref() {
        None => vec![],
        Some(text) => match text.strip_prefix('@') {
            None => text.into(),
            Some(file) => read(Path::new(file)).map_err(|e| format!("--body @{file}: {e}"))?,
        },
    };
    Ok(Request {
        method: args.request.method().into(),
        fields: args.request.header.clone(),
        body,
        expected: args.request.expect_body_length,
        timeout: args.request.request_timeout,
    })
}

fn read(file: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = vec![];
    fs::File::open(file)?.take(BODY + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > BODY {
        return Err(std::io::Error::other("longer than 16 MiB"));
    }
    Ok(bytes)
}

/// An answer that does not come is one thing, a connection that does not come about another.
fn connects(target: &Target, end: Instant) -> bool {
    let to = target.addresses.first();
    let left = SLACK.min(end.saturating_duration_since(Instant::now()));
    !left.is_zero() && to.is_some_and(|to| TcpStream::connect_timeout(to, left).is_ok())
}

/// A certificate that ends within this time is looked at again, for how long it was made, s.
const SOON: f64 = 30.0 * 86_400.0;

fn certificate(ends: i64, begins: Option<i64>, now: Stamp) -> Certificate {
    let whole_s = begins.map(|begins| ends.saturating_sub(begins) as f64);
    let ends = Stamp::from_ms(ends.saturating_mul(1000));
    Certificate { ends, left_s: (ends.ms() as f64 - now.ms() as f64) / 1000.0, whole_s }
}

/// The certificate of a server that answered: one that ends soon may have been made for a short time, which takes another
/// handshake to see.
fn shown(ends: i64, target: &Target, until: Instant, now: Stamp) -> Certificate {
    let first = certificate(ends, None, now);
    if first.left_s > SOON {
        return first;
    }
    match http::validity(target, until) {
        Ok(Some((begins, again))) if again == ends => certificate(ends, Some(begins), now),
        _ => first,
    }
}

/// A certificate whose time is over is why there is no TLS: nothing but a handshake is made to find out.
fn ended(target: &Target, until: Instant, now: Stamp) -> Reading<Certificate> {
    let Ok(anyone) = Security::new(&Trust::Anyone, false) else { return Reading::unseen(Why::Absent) };
    let target = Target { security: Some(anyone), http2: false, ..target.clone() };
    match http::validity(&target, until) {
        Ok(Some((begins, ends))) => {
            let certificate = certificate(ends, Some(begins), now);
            // What is wrong with it is something else, and nobody vouches for what it says.
            if certificate.left_s > 0.0 { Reading::unseen(Why::Absent) } else { Reading::seen(certificate) }
        }
        Ok(None) => Reading::unseen(Why::Malformed),
        Err(trouble) => Reading::unseen(trouble.why()),
    }
}
