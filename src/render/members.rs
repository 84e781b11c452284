//! Several places on one screen: what all have, then each with what is its own, then what could not be seen.

use super::{finding, pen::Ink, pen::Pen, summary, text};
use crate::model::{
    Severity, Stamp,
    rates::span,
    report::{FindingV1, MemberV1, PodV1, Report},
};

/// The screen.
pub(super) fn several(pen: &mut Pen, report: &Report) {
    let n = report.members.len();
    let (ink, word) = text::ink(report.status);
    let mut parts = vec![report.on.join(", "), format!("{n} members")];
    parts.extend(report.host.namespace.as_ref().map(|n| format!("namespace {n}")));
    parts.push(report.taken_at.clock());
    pen.pieces((ink, &format!("{word}  ")), Ink::Plain, &parts);
    if !pen.style.quiet {
        pen.blank();
        let asked = report.members.iter().filter(|m| m.report.is_some()).count();
        let all = finding::forest(&report.findings);
        let common = !all.is_empty();
        if common {
            let heading = if asked == n { format!("all {n}") } else { format!("all {asked} that answered") };
            pen.line(&[(Ink::Bold, &heading)]);
        }
        for tree in all {
            finding::tree(pen, report, &tree);
            pen.blank();
        }
        let mut well: Vec<&MemberV1> = Vec::new();
        for member in &report.members {
            let Some(of) = &member.report else { continue };
            let own = own(of, &member.shared);
            let trees = finding::forest(&own.findings);
            if trees.is_empty() && pen.style.verbose == 0 {
                well.push(member);
                continue;
            }
            known(pen, member, report.taken_at);
            for tree in trees {
                finding::tree(pen, &own, &tree);
                pen.blank();
            }
            text::glimpse(pen, of, &member.on);
        }
        nothing_else(pen, &well, common, report.taken_at);
        summary::clear(pen, report);
        summary::not_seen(pen, report);
        more_lines(pen, report);
        summary::skipped(pen, report);
        risks(pen, report);
        pen.blank();
    }
    let sick = report
        .members
        .iter()
        .filter(|m| m.report.as_ref().is_some_and(|r| !finding::forest(&r.findings).is_empty()));
    let mut more = vec![format!("{} of {n} members sick", sick.count())];
    let lost = report.members.iter().filter(|m| m.gap.is_some()).count();
    if lost > 0 {
        more.push(format!("{lost} not reached"));
    }
    text::said(pen, report, &once(report), more);
}

/// `web-1  node n3 · ready · 9h12m old · 2 restarts, the last run ended OOMKilled (137)`
pub(super) fn known(pen: &mut Pen, member: &MemberV1, at: Stamp) {
    let parts = member.pod.as_ref().map_or_else(Vec::new, |p| status(p, at));
    if parts.is_empty() {
        pen.line(&[(Ink::Bold, &member.name)]);
    } else {
        pen.pieces((Ink::Bold, &format!("{}  ", member.name)), Ink::Dim, &parts);
    }
}

fn status(pod: &PodV1, at: Stamp) -> Vec<String> {
    let ago = |t: Stamp| span((at.ms().saturating_sub(t.ms())) as f64 / 1000.0);
    let mut parts = vec![format!("container {}", pod.container)];
    parts.extend(pod.node.as_ref().map(|n| format!("node {n}")));
    parts.push(match (pod.deleting, pod.ready) {
        (true, _) => "on its way out".into(),
        (_, Some(true)) => "ready".into(),
        (_, Some(false)) => "not ready".into(),
        (_, None) => pod.phase.to_lowercase(),
    });
    parts.extend(pod.created.map(|t| format!("{} old", ago(t))));
    match pod.restarts {
        Some(0) | None => {}
        Some(n) => {
            let times = if n == 1 { "1 restart".into() } else { format!("{n} restarts") };
            let since = pod.started.map_or(String::new(), |t| format!(" (now up {})", ago(t)));
            parts.push(format!("{times}{since}"));
        }
    }
    let ended = pod.last_reason.clone().or_else(|| pod.last_exit.map(|_| "without a reason".into()));
    parts.extend(ended.map(|reason| {
        let code = pod.last_exit.map_or(String::new(), |c| format!(", exit code {c}"));
        format!("last run ended: {reason}{code}")
    }));
    parts
}

/// Whether the cluster says something of it that one would want to know.
fn remarkable(pod: &PodV1) -> bool {
    pod.deleting || pod.ready == Some(false) || pod.restarts.is_some_and(|n| n > 0)
}

/// Members of which nothing more is to be said, in one line; of those that the cluster has a word about, one each.
fn nothing_else(pen: &mut Pen, well: &[&MemberV1], after: bool, at: Stamp) {
    let said = if after { "nothing else" } else { "nothing found" };
    let plain: Vec<&str> =
        well.iter().filter(|m| !m.pod.as_ref().is_some_and(remarkable)).map(|m| m.name.as_str()).collect();
    for member in well.iter().filter(|m| m.pod.as_ref().is_some_and(remarkable)) {
        let mut parts = vec![said.to_string()];
        parts.extend(member.pod.as_ref().map_or_else(Vec::new, |p| status(p, at)));
        pen.pieces((Ink::Bold, &format!("{}  ", member.name)), Ink::Plain, &parts);
    }
    if !plain.is_empty() {
        pen.para((Ink::Plain, ""), Ink::Plain, &format!("{}: {said}", plain.join(", ")));
    }
    if !well.is_empty() {
        pen.blank();
    }
}

/// The report without what was said of all.
fn own(report: &Report, shared: &[usize]) -> Report {
    let kept: Vec<usize> = (0..report.findings.len()).filter(|i| !shared.contains(i)).collect();
    let place = |i: &usize| kept.iter().position(|k| k == i);
    let moved = |i: &usize| {
        let f = report.findings[*i].clone();
        FindingV1 {
            causes: f.causes.iter().filter_map(place).collect(),
            caused_by: f.caused_by.iter().filter_map(place).collect(),
            ..f
        }
    };
    Report { findings: kept.iter().map(moved).collect(), ..report.clone() }
}

/// Every finding of the screen: what all have counts once.
fn once(report: &Report) -> Vec<&FindingV1> {
    let own = report.members.iter().filter_map(|m| Some((m, m.report.as_ref()?))).flat_map(|(m, r)| {
        r.findings.iter().enumerate().filter(|(i, _)| !m.shared.contains(i)).map(|(_, f)| f)
    });
    report.findings.iter().chain(own).collect()
}

/// Where a place could not be asked, what else would help; the best line stands beside the gap.
pub(super) fn more_lines(pen: &mut Pen, report: &Report) {
    for line in report.members.iter().flat_map(|m| m.remedies.iter().skip(1)) {
        let line = pen.program(line);
        pen.command((Ink::Plain, "            or: "), &line);
    }
}

/// Notices of all members: folded, or those that all have.
fn risks(pen: &mut Pen, report: &Report) {
    let all: Vec<FindingV1> =
        once(report).into_iter().filter(|f| f.severity == Severity::Notice).cloned().collect();
    let folded = Report { findings: all, members: vec![], ..report.clone() };
    summary::risks(pen, &folded);
}

#[cfg(test)]
mod tests {
    use crate::{
        model::{
            Gap, Why,
            report::{MemberV1, PodV1, Report, SectionV1, Status},
        },
        render::{Style, sample, text},
    };

    fn pod(name: &str, restarts: u64) -> PodV1 {
        let ended = restarts > 0;
        PodV1 {
            namespace: "prod".into(),
            name: name.into(),
            uid: String::new(),
            container: "app".into(),
            phase: "Running".into(),
            ready: Some(true),
            deleting: false,
            node: Some("node-3".into()),
            zone: None,
            owner: None,
            image: None,
            image_id: None,
            restarts: Some(restarts),
            created: Some(sample::TAKEN_AT.earlier(33_120.0)),
            started: Some(sample::TAKEN_AT.earlier(300.0)),
            last_reason: ended.then(|| "OOMKilled".into()),
            last_exit: ended.then_some(137),
        }
    }
    fn member(name: &str, restarts: u64, report: Option<Report>, shared: &[usize]) -> MemberV1 {
        let lost = report.is_none();
        MemberV1 {
            name: name.into(),
            on: format!("--on pod/{name} -n prod"),
            status: report.as_ref().map_or(Status::Unknown, |r| r.status),
            exit_code: report.as_ref().map_or(3, |r| r.exit_code),
            pod: Some(pod(name, restarts)),
            gap: lost.then(|| Gap::new(name, Why::Absent, "no `paramedic` in its container app")),
            remedies: if lost { vec!["kubectl debug x".into(), "paramedic --inject".into()] } else { vec![] },
            report: report.map(Box::new),
            shared: shared.to_vec(),
        }
    }
    fn several() -> Report {
        let (sick, healthy) = (sample::sick(), sample::healthy());
        let members = vec![
            member(
                "web-0",
                0,
                Some(Report { findings: vec![sick.findings[2].clone()], ..healthy.clone() }),
                &[0],
            ),
            member("web-1", 2, Some(sick.clone()), &[2]),
            member(
                "web-2",
                1,
                Some(Report { findings: vec![sick.findings[2].clone()], ..healthy.clone() }),
                &[0],
            ),
            member("web-3", 0, None, &[]),
        ];
        let gap = members[3].gap.clone().into_iter().map(|g| g.remedy("kubectl debug x")).collect();
        let lost = SectionV1 { area: "members", span_s: 0.0, blocks: vec![], checks: vec![], gaps: gap };
        Report {
            status: Status::Critical,
            exit_code: 3,
            findings: vec![sick.findings[2].clone()],
            sections: healthy.sections.into_iter().chain([lost]).collect(),
            on: vec!["deploy/web".into()],
            members,
            ..sick
        }
    }

    #[test]
    fn each_member_has_what_is_its_own_and_what_all_have_is_said_once() {
        let screen = text(&several(), &Style { width: Some(80), ..Style::default() });
        let at = |what: &str| screen.find(what).unwrap_or_else(|| panic!("no {what:?} in\n{screen}"));
        let order = [
            "CRITICAL  deploy/web · 4 members",
            "all 3 that answered",
            "10.0.9.2:9000",
            "web-1  container app",
            "node (pid 1)",
            "web-2  nothing else",
            "web-0: nothing else",
            "NOT SEEN  web-3: not there",
            "kubectl debug x",
            "or: paramedic --inject",
            "1 not reached",
        ];
        let places: Vec<usize> = order.iter().map(|o| at(o)).collect();
        assert!(places.is_sorted(), "{places:?}\n{screen}");
        assert_eq!(screen.matches("sends to 10.0.9.2:9000").count(), 1, "{screen}");
        assert!(screen.contains("1 critical, 2 warnings · 3 of 4 members sick"), "{screen}");
        for line in screen.lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
    }

    #[test]
    fn all_of_it_is_run_again_in_the_same_places() {
        let style = Style { on: "--on deploy/web -n prod".into(), ..Style::default() };
        let screen = text(&several(), &style);
        assert!(screen.contains("paramedic --on deploy/web -n prod check --risks"), "{screen}");
    }

    #[test]
    fn a_quiet_screen_is_two_lines() {
        let style = Style { quiet: true, ..Style::default() };
        assert_eq!(text(&several(), &style).lines().count(), 2);
    }
}
