//! `pg/pool-over-budget`

use super::{
    super::facts::{Facts, bound::Bound, server::Server},
    who::{client, peer, undecided},
};
use crate::{
    check,
    model::{Confidence, Finding, Judging, Severity, Thing, What, Why, rates},
};

check! {
    /// ## What it sees
    ///
    /// Whether the pools that a plan allows fit into the slots that there are: (instances at full scale + those that a rollout
    /// adds) × connections that one instance may open + everything else, against the ordinary slots, the limit of the
    /// database and that of the role. The plan comes from `--instances --pool --surge --others`. Without one, an application
    /// whose largest machines show how far its pools go is held against the slots as if all its machines went as far; that is
    /// an estimate and no more than a notice.
    ///
    /// ## Why it matters
    ///
    /// Everything works until the day on which the autoscaler, a rollout or slow statements make the pools grow to what they
    /// may: then logins fail with 53300, on all pods at once.
    ///
    /// ## Confirm
    ///
    /// `SHOW max_connections`, `SHOW superuser_reserved_connections`, `SHOW reserved_connections` (16 and newer), `SELECT
    /// datconnlimit FROM pg_database`, `SELECT rolconnlimit FROM pg_roles`; and the plan: `maxReplicas` of the autoscaler, `maxSurge`
    /// of the deployment with pods that still terminate, workers per pod, pools per process, pool size with its overflow.
    ///
    /// ## Fix
    ///
    /// The pool size that fits is in the finding. Set it as node-postgres `max`, HikariCP `maximumPoolSize`, SQLAlchemy
    /// `pool_size` + `max_overflow`, Rails `pool`, Go `SetMaxOpenConns`; each counts per process: divide by the workers. Where
    /// that gets too small, PgBouncer in transaction mode; then hold its sizes against the slots: `paramedic pgbouncer`.
    "pg/pool-over-budget": "the pools may open more connections than there are slots"
    {
        addresses: "without a plan: fewer machines are not judged" = 3;
        alike_pct: "without a plan: the next largest machine has at least, % of the largest" = 80;
    }
    judge(Facts)
}

/// What bounds the connections of an application, and which of it binds.
struct Room {
    slots: u64,
    whose: String,
    /// What ties it to other findings when it is not the whole server.
    thing: Option<Thing>,
}

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    let Some(server) = out.part(&f.server, "the server was not seen") else { return };
    if server.pooler {
        return undecided(out, Why::Unsupported, "there is a pooler in between: its pools are what counts");
    }
    let Some(slots) = server.ordinary_slots() else {
        return undecided(out, Why::Malformed, "the settings do not say how many slots there are");
    };
    let room = room(f, server, slots, out);
    match f.budget {
        Some(plan) => {
            out.looked(1);
            if plan.wanted() > room.slots {
                out.find(over(server, &plan, &room));
            }
        }
        None => measured(f, at, server, slots, out),
    }
}

/// The smallest of what the server, the database and the role allow.
fn room(f: &Facts, server: &Server, slots: u64, out: &mut Judging) -> Room {
    let named = |what, name: &str| Thing::Named { what, server: server.peer.clone(), name: name.into() };
    let mut room = Room { slots, whose: format!("{} ordinary slots", rates::count(slots)), thing: None };
    let database = out.aside(&f.databases).and_then(|d| d.top().iter().find(|d| d.name == server.database));
    if let Some(limit) = database.and_then(|d| d.limit).map(u64::from).filter(|l| *l < room.slots) {
        let whose =
            format!("{} sessions that the database {} may have", rates::count(limit), server.database);
        room = Room { slots: limit, whose, thing: Some(named(What::Database, &server.database)) };
    }
    // Superusers are bound by no such limit, and no application should be one.
    let role = server.role_limit.filter(|_| !server.superuser).map(u64::from);
    if let Some(limit) = role.filter(|l| *l < room.slots) {
        let whose = format!("{} sessions that the role {} may have", rates::count(limit), server.user);
        room = Room { slots: limit, whose, thing: Some(named(What::Client, &server.user)) };
    }
    room
}

fn over(server: &Server, plan: &Bound, room: &Room) -> Finding {
    let n = rates::count;
    let fits = plan.fitting(room.slots);
    let title = format!("the pools may open {} connections: more than the {}", n(plan.wanted()), room.whose);
    let mut finding = Finding::new(Severity::Warning, Confidence::High, peer(server), title)
        .evidence("instances", plan.instances)
        .evidence("surge", plan.surge)
        .evidence("pool", plan.pool)
        .evidence("others", plan.others)
        .evidence("wanted", plan.wanted())
        .evidence("slots", room.slots)
        .evidence("fitting_pool", fits)
        .because(format!(
            "({} instances + {} of a rollout) × {} + {} others = {}",
            plan.instances,
            plan.surge,
            plan.pool,
            plan.others,
            n(plan.wanted())
        ));
    finding.about.extend(room.thing.clone());
    let remedy = match fits {
        0 => "no pool size fits: fewer instances, or PgBouncer in between".to_string(),
        fits => format!(
            "a pool of {fits} for each instance fits, all its workers together; else PgBouncer in between"
        ),
    };
    finding.remedy(remedy).next("pg pool")
}

/// Without a plan: programs whose machines would not fit if all of them opened as many as the largest ones do.
fn measured(f: &Facts, at: &Limits, server: &Server, slots: u64, out: &mut Judging) {
    let mut found = false;
    if let Some(activity) = out.aside(&f.activity) {
        for p in activity.programs.top() {
            // One machine with more than its siblings is not a pool size, and without a name several programs are one.
            let alike = p.second as f64 * 100.0 >= p.largest as f64 * at.alike_pct.value();
            let known = !p.application.is_empty() && p.addresses as f64 >= at.addresses.value();
            if !(known && alike && p.if_all() > slots) {
                continue;
            }
            found = true;
            let title = format!(
                "{} would open {} connections if each of its {} machines had as many as the largest: there are {} slots",
                p.name(),
                rates::count(p.if_all()),
                rates::count(p.addresses),
                rates::count(slots)
            );
            out.find(
                Finding::new(Severity::Notice, Confidence::Low, client(server, p.name()), title)
                    .about(peer(server))
                    .evidence("addresses", p.addresses)
                    .evidence("largest", p.largest)
                    .evidence("wanted", p.if_all())
                    .evidence("slots", slots)
                    .evidence("sessions", p.sessions)
                    .because("measured from application names and addresses: the pools may be larger still")
                    .remedy("hold the plan itself against the slots: paramedic pg pool --instances N --pool M --surge S")
                    .next("pg pool"),
            );
        }
    }
    if !found {
        undecided(out, Why::NotAsked, "it needs a plan: --instances N --pool M");
    }
}

#[cfg(test)]
mod tests {
    use super::{super::recorded::*, *};
    use crate::{
        areas::pg::facts::server::Database,
        model::{Kept, Reading},
    };

    fn planned(plan: Bound) -> Facts {
        Facts { budget: Some(plan), ..server_with(100, []) }
    }
    fn bound(instances: u32, pool: u32) -> Bound {
        Bound { instances, pool, surge: 2, others: 5 }
    }
    fn with_limit(limit: u32, facts: Facts) -> Facts {
        let shop = Database { name: "shop".into(), limit: Some(limit), ..Database::default() };
        Facts { databases: Reading::seen(Kept::whole(vec![shop])), ..facts }
    }

    #[test]
    fn a_plan_that_does_not_fit_is_told_with_its_arithmetic_and_what_fits() {
        let f = &found(&CHECK, &planned(bound(6, 18)))[0];
        assert_eq!(f.title, "the pools may open 149 connections: more than the 97 ordinary slots");
        assert_eq!(f.severity, Severity::Warning);
        assert_eq!(f.because, ["(6 instances + 2 of a rollout) × 18 + 5 others = 149"]);
        assert!(f.remedy.starts_with("a pool of 11 for each instance fits"), "{}", f.remedy);
        assert!(found(&CHECK, &planned(bound(98, 1)))[0].remedy.starts_with("no pool size fits"));
    }

    #[test]
    fn what_fits_exactly_is_well() {
        assert_eq!(clear(&CHECK, &planned(Bound { instances: 4, pool: 23, surge: 0, others: 5 })), (1, 0));
        assert_eq!(found(&CHECK, &planned(Bound { instances: 4, pool: 23, surge: 0, others: 6 })).len(), 1);
    }

    #[test]
    fn a_smaller_limit_of_the_database_or_the_role_is_what_binds() {
        let plan = Bound { instances: 5, pool: 10, ..Bound::default() };
        let f = &found(&CHECK, &with_limit(40, planned(plan)))[0];
        assert!(
            f.title.ends_with("more than the 40 sessions that the database shop may have"),
            "{}",
            f.title
        );
        clear(&CHECK, &with_limit(50, planned(plan)));
        let role = |superuser| {
            server_says(planned(plan), |s| {
                s.role_limit = Some(20);
                s.superuser = superuser;
            })
        };
        assert!(found(&CHECK, &role(false))[0].title.ends_with("that the role watch may have"));
        clear(&CHECK, &role(true));
    }

    #[test]
    fn without_a_plan_only_what_the_machines_themselves_show_is_a_notice() {
        let pods = |name: &'static str, pods: u64, each: &'static [u64]| {
            (0..pods).flat_map(move |i| {
                let n = each[(i as usize).min(each.len() - 1)];
                (0..n).map(move |_| on(&format!("10.0.1.{i}"), client_session(name, "idle")))
            })
        };
        let f = &found(&CHECK, &server_with(50, pods("web", 10, &[8, 7, 3])))[0];
        assert_eq!((f.severity, f.confidence), (Severity::Notice, Confidence::Low));
        assert!(f.title.starts_with("web would open 80 connections"), "{}", f.title);
        skipped(&CHECK, &server_with(50, pods("web", 10, &[8, 3])));
        skipped(&CHECK, &server_with(50, pods("", 10, &[8, 7, 3])));
        skipped(&CHECK, &server_with(100, pods("web", 10, &[8, 7, 3])));
    }

    #[test]
    fn what_was_not_seen_is_not_room() {
        let plan = bound(6, 18);
        unknown(&CHECK, &Facts { budget: Some(plan), ..Facts::unseen(Why::Denied) }, Why::Denied);
        unknown(&CHECK, &server_says(planned(plan), |s| s.pooler = true), Why::Unsupported);
        skipped(&CHECK, &Facts::unseen(Why::NotAsked));
    }
}
