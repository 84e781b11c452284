use super::{
    super::{
        super::facts::{
            load::{Own, Stopped, Times},
            wire::Try,
        },
        recorded::*,
    },
    *,
};
use crate::model::Why;

/// A quantile of every share, all the same.
fn times(n: u64, ms: f64) -> Times {
    let all = [5000, 9000, 9500, 9900].map(|share| (share, Quantile { ms, at_least: false }));
    let max = Some(Quantile { ms: ms * 2.0, at_least: false });
    Times { n, quantiles: all.into(), max, counts: vec![], beyond: 0 }
}

/// Five seconds at this rate, all answered within 2 ms.
fn well(per_s: f64) -> Step {
    let n = (per_s * 5.0) as u64;
    Step {
        asked_per_s: Some(per_s),
        workers: None,
        sent_per_s: per_s,
        answered_per_s: per_s,
        length_s: 5.0,
        sent: n,
        shed: 0,
        barred: 0,
        answered: n,
        rcodes: Vec::from([(0, n)]),
        truncated: 0,
        silent: 0,
        closed: 0,
        late: 0,
        foreign: 0,
        duplicate: 0,
        cut: 0,
        stopped: None,
        from_schedule: times(n, 2.0),
        service: times(n, 2.0),
        own: Own {
            lag_p99_ms: 0.3,
            lag_max_ms: 1.0,
            socket_drops: Reading::seen(0),
            receive_errors: Reading::seen(0),
            ports_exhausted: 0,
            throttled: Reading::seen(0),
            cpu_pct: 4.0,
        },
    }
}

/// The same with so many of a hundred without an answer.
fn losing(per_s: f64, of_100: u64) -> Step {
    let w = well(per_s);
    let silent = w.sent * of_100 / 100;
    let stopped = (of_100 >= 5).then_some(Stopped::Failed);
    let answered = w.sent - silent;
    Step { silent, answered, rcodes: Vec::from([(0, answered)]), stopped, ..w }
}

fn slow(per_s: f64, ms: f64) -> Step {
    let w = well(per_s);
    Step { from_schedule: times(w.sent, ms), service: times(w.sent, ms), ..w }
}

fn loaded(steps: Vec<Step>) -> Loaded {
    let after = Try { came: reply(0, 1), ms: 2.0, sends: 1 };
    Loaded {
        address: "10.0.0.1".into(),
        peer: "10.0.0.1:53".into(),
        idle_ms: Reading::seen(1.5),
        steps: Reading::seen(steps),
        after: Reading::seen(after),
    }
}

fn with(ramp: bool, servers: Vec<Loaded>) -> Facts {
    let load = Load { ramp, questions: vec!["db.test A".into()], timeout_ms: 5000.0, servers };
    Facts { load: Reading::seen(load), ..with_servers(vec![healthy("10.0.0.1", 1.5)]) }
}
fn ramp(steps: Vec<Step>) -> Facts {
    with(true, vec![loaded(steps)])
}
fn at_once(step: Step) -> Facts {
    with(false, vec![loaded(vec![step])])
}
fn said(f: &Finding, key: &str) -> Cell {
    f.evidence.iter().find(|e| e.0 == key).map_or(Cell::Unseen, |e| e.1.clone())
}

#[test]
fn the_step_at_which_loss_begins_is_named_beside_the_one_that_went_well() {
    let f = &found(&CHECK, &ramp(vec![well(10.0), well(50.0), losing(100.0, 37)]))[0];
    assert_eq!(f.title, "nameserver 10.0.0.1 loses 37% of the questions at 100/s and none at 50/s");
    assert_eq!((f.severity, f.confidence), (Severity::Critical, Confidence::High));
    assert_eq!(f.subject, Thing::Peer { address: "10.0.0.1:53".into() });
    assert_eq!([said(f, "step_per_s"), said(f, "failed_pct")], [100.0, 37.0].map(Cell::from));
    assert_eq!([said(f, "silent"), said(f, "well_per_s")], [Cell::Int(185), Cell::Num(50.0)]);
    assert!(
        f.because.iter().any(|b| b.contains("all of 250 were answered: less than 1.2%")),
        "{:?}",
        f.because
    );
}

#[test]
fn a_server_that_bears_it_is_well_and_all_steps_count() {
    assert_eq!(clear(&CHECK, &ramp(vec![well(10.0), well(50.0), well(200.0)])), (3, 0));
    clear(&CHECK, &at_once(well(200.0)));
    // It takes longer, and nobody minds.
    clear(&CHECK, &ramp(vec![well(10.0), slow(200.0, 199.0)]));
    // It always took so long: another check says that.
    let always =
        Loaded { idle_ms: Reading::seen(390.0), ..loaded(vec![slow(10.0, 400.0), slow(200.0, 500.0)]) };
    clear(&CHECK, &with(true, vec![always]));
    // Chance.
    clear(&CHECK, &ramp(vec![Step { silent: 4, answered: 46, ..well(10.0) }]));
}

#[test]
fn the_levels_begin_exactly_at_their_figures() {
    for (of_100, severity) in
        [(0, None), (1, Some(Severity::Warning)), (4, Some(Severity::Warning)), (5, Some(Severity::Critical))]
    {
        let got = match outcome(&CHECK, &at_once(losing(200.0, of_100))) {
            crate::model::Outcome::Found { findings, .. } => Some(findings[0].severity),
            _ => None,
        };
        assert_eq!(got, severity, "{of_100} of 100");
    }
    assert_eq!(found(&CHECK, &ramp(vec![well(10.0), slow(200.0, 200.0)]))[0].severity, Severity::Warning);
    assert_eq!(found(&CHECK, &ramp(vec![well(10.0), slow(200.0, 2000.0)]))[0].severity, Severity::Critical);
    // What nobody said that he needs is no emergency.
    assert_eq!(found(&CHECK, &ramp(vec![well(200.0), losing(500.0, 40)]))[0].severity, Severity::Warning);
    assert_eq!(found(&CHECK, &at_once(losing(500.0, 40)))[0].severity, Severity::Critical);
}

#[test]
fn what_begins_as_little_is_as_bad_as_it_becomes() {
    let f = &found(&CHECK, &ramp(vec![well(50.0), losing(100.0, 2), losing(200.0, 60)]))[0];
    assert_eq!(f.title, "nameserver 10.0.0.1 loses 2.0% of the questions at 100/s and none at 50/s");
    assert_eq!(f.severity, Severity::Critical);
    assert!(f.because.iter().any(|b| b == "at 200/s it is 60%"), "{:?}", f.because);
}

#[test]
fn refusals_and_lateness_are_told_from_loss() {
    let w = well(100.0);
    let refusing = Step { rcodes: Vec::from([(0, 300), (SERV_FAIL, 200)]), ..w.clone() };
    let f = &found(&CHECK, &ramp(vec![well(50.0), refusing]))[0];
    assert_eq!(
        f.title,
        "nameserver 10.0.0.1 answers SERVFAIL to 40% of the questions at 100/s and none at 50/s"
    );
    assert_eq!(said(f, "servfail"), Cell::Int(200));
    let refusing = Step { rcodes: Vec::from([(0, 300), (REFUSED, 200)]), ..w.clone() };
    assert!(found(&CHECK, &at_once(refusing))[0].title.contains("answers REFUSED to 40%"));
    let gone = Step { closed: 100, answered: 400, rcodes: Vec::from([(0, 400)]), ..w };
    assert!(found(&CHECK, &at_once(gone))[0].title.contains("is not there for 20%"));
    let f = &found(&CHECK, &ramp(vec![well(50.0), slow(100.0, 900.0)]))[0];
    assert_eq!(
        f.title,
        "nameserver 10.0.0.1 takes 900 ms for one answer in 20 at 100/s, and 2.0 ms without load"
    );
}

#[test]
fn a_level_near_a_thousand_packets_is_the_networks() {
    let lost = |per_s: f64, answered: f64| Step { answered_per_s: answered, ..losing(per_s, 49) };
    let f = &found(&CHECK, &ramp(vec![well(1000.0), lost(2000.0, 1020.0)]))[0];
    assert!(f.because.iter().any(|b| b.contains("1,020/s") && b.contains("1,024")), "{:?}", f.because);
    assert!(f.remedy.contains("cache on this node"), "{}", f.remedy);
    let f = &found(&CHECK, &ramp(vec![well(500.0), lost(2000.0, 700.0)]))[0];
    assert!(!f.because.iter().any(|b| b.contains("1,024")), "{:?}", f.because);
}

#[test]
fn what_may_be_our_own_doing_is_no_verdict() {
    let own = |change: fn(&mut Own)| {
        let mut step = losing(100.0, 40);
        change(&mut step.own);
        ramp(vec![well(50.0), step])
    };
    unknown(&CHECK, &own(|o| o.lag_p99_ms = 51.0), Why::TooMany);
    unknown(&CHECK, &own(|o| o.ports_exhausted = 1), Why::TooMany);
    unknown(&CHECK, &own(|o| o.socket_drops = Reading::seen(200)), Why::TooMany);
    unknown(
        &CHECK,
        &own(|o| (o.socket_drops, o.receive_errors) = (Reading::unseen(Why::Absent), Reading::seen(200))),
        Why::TooMany,
    );
    unknown(&CHECK, &ramp(vec![Step { shed: 1, ..losing(100.0, 40) }]), Why::TooMany);
    unknown(&CHECK, &ramp(vec![Step { barred: 1, ..losing(100.0, 40) }]), Why::TooMany);
    unknown(&CHECK, &ramp(vec![Step { cut: 3, ..losing(100.0, 40) }]), Why::TimedOut);
    // A schedule that was not kept is not that load, even where all went well.
    unknown(&CHECK, &at_once(Step { sent_per_s: 80.0, ..well(100.0) }), Why::TooMany);
    // We may have dropped some, and not so many.
    let f = &found(&CHECK, &own(|o| o.socket_drops = Reading::seen(20)))[0];
    assert!(
        f.because.iter().any(|b| b.starts_with("20 more were dropped by this machine")),
        "{:?}",
        f.because
    );
    // Throttled, and in time all the same.
    assert_eq!(found(&CHECK, &own(|o| o.throttled = Reading::seen(3))).len(), 1);
    // Nothing of ours makes a server refuse.
    let mut refusing = Step { rcodes: Vec::from([(0, 300), (SERV_FAIL, 200)]), ..well(100.0) };
    refusing.own.lag_p99_ms = 80.0;
    assert_eq!(found(&CHECK, &ramp(vec![refusing])).len(), 1);
}

#[test]
fn late_sends_do_not_count_where_the_answers_take_longer() {
    let mut step = slow(100.0, 900.0);
    step.own.lag_p99_ms = 60.0;
    assert_eq!(found(&CHECK, &ramp(vec![well(50.0), step])).len(), 1);
}

#[test]
fn a_server_that_stays_away_and_drops_that_were_not_seen_make_it_less_sure() {
    let mut away = loaded(vec![well(50.0), losing(100.0, 40)]);
    away.after =
        Reading::seen(Try { came: super::super::super::facts::wire::Came::Silence, ms: 2500.0, sends: 3 });
    let f = &found(&CHECK, &with(true, vec![away]))[0];
    assert_eq!(f.confidence, Confidence::Medium);
    assert!(f.because.iter().any(|b| b.contains("gone down")), "{:?}", f.because);
    let mut step = losing(100.0, 40);
    (step.own.socket_drops, step.own.receive_errors) =
        (Reading::unseen(Why::Absent), Reading::unseen(Why::Absent));
    assert_eq!(found(&CHECK, &ramp(vec![step]))[0].confidence, Confidence::Medium);
}

#[test]
fn without_a_load_or_with_a_server_that_fails_anyway_nothing_is_judged() {
    skipped(&CHECK, &with_servers(vec![healthy("10.0.0.1", 1.0)]));
    let anyway = Loaded { steps: Reading::unseen(Why::Absent), ..loaded(vec![]) };
    unknown(&CHECK, &with(true, vec![anyway]), Why::Absent);
}
