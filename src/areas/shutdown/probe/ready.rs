//! From the start to the first answer; whatever goes wrong on the way ends the rehearsal, and with it what was started.

use super::{super::args::Args, aim::Aim, no};
use crate::{
    model::{Argv, Gap, Why, rates::span},
    source::{
        Moment,
        http::{Once, Request, Slow, Target, once},
        rehearse::{Gone, How, Keeper, Listener, Service, listeners, tree},
    },
};
use std::time::{Duration, Instant};

/// Between two questions whether it is ready.
const AGAIN: Duration = Duration::from_millis(50);
/// What one of them may take.
const EACH: Duration = Duration::from_secs(2);
/// So many of its last words are repeated, of so many characters.
const WORDS: usize = 200;
/// The body that is sent slowly where nobody gave one.
const BODY: &[u8] = b"a body that comes slowly, as from a phone on a train: 64 bytes...";

/// A service that answers.
pub(super) struct Ready {
    /// The service.
    pub service: Service,
    /// Whom the load asks.
    pub target: Target,
    /// What it asks.
    pub request: Request,
    /// The slow one, where bodies are taken.
    pub slow: Option<Slow>,
    /// The first answer.
    pub said: Once,
    /// Who of the service listens there.
    pub listener: Option<i32>,
}

/// Waits for a service that was started.
///
/// # Errors
/// It ends, goes into the background, never answers, or answers what is no use.
pub(super) fn started(
    args: &Args,
    m: &Moment,
    mut aim: Aim,
    keeper: Keeper,
    until: Instant,
) -> Result<Ready, Gap> {
    let mut service = Service::Started(keeper);
    let begun = Instant::now();
    let bar = m.progress.begin("waits until it is ready, s", args.start_timeout.as_secs());
    let mut last = "nobody listened".to_string();
    let mut known = false;
    // A question for which there is no time left would only be late.
    while Instant::now() + AGAIN * 2 < until {
        if let Some(gone) = service.ended(AGAIN) {
            return Err(too_early(m, &service, gone));
        }
        bar.at(begun.elapsed().as_secs(), "");
        if aim.target.is_none() {
            aim.find(&of_tree(m, &service))?;
            known = aim.target.is_some();
        }
        let Some(target) = aim.target.clone() else { continue };
        let first = aim.ready.as_ref().unwrap_or(&target);
        match aim.is_ready(first, until.min(Instant::now() + EACH))? {
            Err(said) => {
                if known && last == said && said.contains("refused") {
                    aim.over_ipv6();
                    known = false;
                }
                last = said;
            }
            Ok(said) if aim.ready.is_none() => return whole(args, m, service, aim, target, said),
            Ok(_) => match aim.is_ready(&target, until.min(Instant::now() + EACH))? {
                Ok(said) => return whole(args, m, service, aim, target, said),
                Err(said) => last = said,
            },
        }
    }
    if let Some(gone) = service.ended(Duration::ZERO) {
        return Err(too_early(m, &service, gone));
    }
    let what = match &aim.target {
        Some(t) => format!("{}: {last}", t.url),
        None => "nothing of it listens for TCP".into(),
    };
    let spent = span(begun.elapsed().as_secs_f64());
    Err(no(Why::TimedOut, format!("it was not ready after {spent}: {what}{}", last_words(&service))))
}

/// A service that runs must answer now.
///
/// # Errors
/// It does not.
pub(super) fn running(args: &Args, m: &Moment, service: Service, until: Instant) -> Result<Ready, Gap> {
    let mut aim = Aim::of(args, until)?;
    if aim.target.is_none() {
        aim.find(&of_tree(m, &service))?;
    }
    let Some(mut target) = aim.target.clone() else {
        return Err(no(Why::Absent, "nothing of it listens for TCP here: name what is asked by --url"));
    };
    let patience = || until.min(Instant::now() + EACH);
    let mut said = aim.is_ready(&target, patience())?;
    if said.as_ref().is_err_and(|e| e.contains("refused")) && args.url.is_none() {
        aim.over_ipv6();
        target = aim.target.clone().unwrap_or(target);
        said = aim.is_ready(&target, patience())?;
    }
    match said {
        Ok(said) => whole(args, m, service, aim, target, said),
        Err(said) => Err(no(Why::Absent, format!("{}: {said}: it was left alone", target.url))),
    }
}

fn whole(
    args: &Args,
    m: &Moment,
    service: Service,
    aim: Aim,
    target: Target,
    said: Once,
) -> Result<Ready, Gap> {
    let listener = of_tree(m, &service).iter().find(|l| l.port == target.url.port).map(|l| l.pid);
    let slow = slow(args, &service, &aim.request, &target);
    Ok(Ready { service, target, request: aim.request, slow, said, listener })
}

/// The request whose body is sent slowly: with the body that was given, or where nobody gave one if the server takes any. A
/// service that is not ours is sent no body that nobody asked for.
fn slow(args: &Args, service: &Service, request: &Request, target: &Target) -> Option<Slow> {
    let bodied = matches!(request.method.as_str(), "POST" | "PUT" | "PATCH");
    let ours = matches!(service, Service::Started(_));
    let given = args.request.method.is_some() || args.request.body.is_some();
    if !bodied && (given || !ours) {
        return None;
    }
    let method = if bodied { request.method.clone() } else { "POST".into() };
    let body = if request.body.is_empty() { BODY.to_vec() } else { request.body.clone() };
    let trial = Request { method: method.clone(), body: body.clone(), ..request.clone() };
    let until = Instant::now() + EACH.min(request.timeout);
    once(target, &trial, until).ok().filter(|o| o.status < 300)?;
    let takes = Duration::from_secs(1).min(args.grace / 2).min(request.timeout / 2);
    Some(Slow { method, body, takes })
}

/// Where the processes of the service listen.
fn of_tree(m: &Moment, service: &Service) -> Vec<Listener> {
    let mut pids: Vec<i32> = tree(m.world, service.root(), m.deadline).iter().map(|p| p.pid).collect();
    pids.push(service.pid());
    listeners(m.world, &pids, m.deadline).unwrap_or_default()
}

/// It ended before it was told to.
pub(super) fn too_early(m: &Moment, service: &Service, gone: Gone) -> Gap {
    let left = match service {
        Service::Started(_) => tree(m.world, service.root(), m.deadline),
        Service::Running(..) => vec![],
    };
    let how = match gone.how {
        Some(How::Code(code)) => format!("with exit status {code}"),
        Some(How::Signal(signal)) => format!("by {}", crate::model::signal::name(signal)),
        None => "by itself".into(),
    };
    let words = match left.first() {
        Some(other) => format!(
            "its first process ended {how} and left {} (pid {}) running: it goes into the background, which an orchestrator takes for \
             its end; start it in the foreground (nginx -g 'daemon off;', gunicorn without --daemon). All of it was ended{}",
            other.comm.as_str(),
            other.pid,
            last_words(service)
        ),
        None => format!("it ended {how} before it was told to{}", last_words(service)),
    };
    no(Why::Absent, words)
}

/// What it printed last, as the redactor of argument lists leaves it.
pub(super) fn last_words(service: &Service) -> String {
    let printed = service.printed();
    let text = String::from_utf8_lossy(&printed);
    let Some(line) = text.lines().rev().map(str::trim).find(|l| !l.is_empty()) else { return String::new() };
    let words: Vec<&str> = line.split_whitespace().collect();
    let shown = Argv::new(words.join("\0").into_bytes(), false).shown();
    let shown: String = shown.as_str().chars().take(WORDS).collect();
    format!("; its last words: {shown}")
}
