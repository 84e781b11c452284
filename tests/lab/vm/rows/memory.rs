//! Memory against limits of control groups of version 2: in the parent, hidden above a namespace, and after a kill.

use crate::report::Report;
use crate::room;
use serde_json::{Value, json};

fn cgroup(path: &str) -> Value {
    json!({"kind": "cgroup", "path": path})
}

#[test]
fn a_limit_in_the_parent_is_told_at_the_parent_with_the_biggest_process_below_it() {
    let (held, limit) = (room::number("memory", "held"), room::number("memory", "limit"));
    for shot in ["full", "table"] {
        let report = Report::of("memory", shot);
        let finding = report.finding("memory/near-limit");
        assert_eq!(finding["subject"], cgroup("/pod"), "{finding}");
        assert_eq!(finding["severity"], "critical", "{finding}");
        let evidence = &finding["evidence"];
        assert_eq!((&evidence["limit_bytes"], &evidence["limit"]), (&json!(limit), &json!("memory.max")));
        // What a processor holds in stock and what the shell needs moves the figure.
        let seen = evidence["unreclaimable_bytes"].as_u64().unwrap();
        assert!(seen.abs_diff(held) <= 1 << 20, "{seen} and {held}");
        let about = finding["about"].as_array().unwrap();
        assert!(about.iter().any(|t| t["pid"] == room::number("memory", "pid")), "{finding}");
        assert_eq!(report.exit, 2);
    }
    assert!(room::said("memory", "events").contains("\noom_kill 0\n"), "nobody was to be killed");
}

#[test]
fn the_table_shows_the_limit_of_the_parent_at_its_children() {
    let report = Report::of("memory", "table");
    let limit = json!(room::number("memory", "limit"));
    for path in ["/pod", "/pod/app", "/pod/side"] {
        assert_eq!(report.cell("memory", ("cgroup", &json!(path)), "limit_bytes"), Some(&limit), "{path}");
        assert_eq!(
            report.cell("memory", ("cgroup", &json!(path)), "limit_at"),
            Some(&json!("/pod")),
            "{path}"
        );
    }
    let pid = json!(room::number("memory", "pid"));
    assert_eq!(report.cell("memory", ("pid", &pid), "cgroup"), Some(&json!("/pod/app")));
}

#[test]
fn with_room_to_spare_nothing_is_reported() {
    Report::of("memory", "twin").assert_silent();
    Report::of("memory", "killed-twin").assert_silent();
}

#[test]
fn inside_a_namespace_the_hidden_parents_are_said() {
    let report = Report::of("memory", "hidden");
    report.assert_silent();
    report.assert_not_all_clear("memory/near-limit");
    let gaps = report.gaps("memory");
    let said = |what: &str| gaps.iter().any(|gap| gap["subject"].as_str().is_some_and(|s| s.contains(what)));
    assert!(said("groups above") && said("earlier containers"), "{gaps:#?}");
    let with_a_line = gaps.iter().all(|gap| gap["remedy"].as_str().is_some_and(|r| r.contains("kubectl")));
    assert!(with_a_line, "{gaps:#?}");
    // Pressure of its own is seen, that of the machine is not the container's.
    assert_eq!(report.check("memory/pressure")["outcome"], "clear");
    assert_eq!(report.check("memory/pressure")["looked"], 1, "{}", report.check("memory/pressure"));
}

#[test]
fn killed_children_are_counted_where_they_ran_and_their_parent_is_named() {
    assert!(
        room::said("memory", "worker-events").contains("oom_kill 2"),
        "the patient is not what the row is about"
    );
    let report = Report::of("memory", "killed");
    let finding = report.finding("memory/oom-killed");
    assert_eq!(finding["subject"], cgroup("/worker"), "{finding}");
    assert_eq!(finding["severity"], "warning", "{finding}");
    assert_eq!(finding["evidence"]["kills"], 2, "{finding}");
    assert_eq!(finding["about"][0]["pid"], room::number("memory", "worker-pid"), "{finding}");
}
