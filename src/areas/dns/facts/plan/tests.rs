use super::super::conf::Around;
use super::*;

fn conf(whose: Libc, text: &str) -> Conf {
    Conf::read(whose, text.as_bytes(), &Around::default())
}
fn names(plan: &Plan) -> Vec<&str> {
    plan.candidates.iter().map(|c| c.name.as_str()).collect()
}
/// What is asked for, and how it ends, when the candidates come to these one after the other.
fn walked(conf: &Conf, name: &str, outcomes: &[Outcome]) -> (Vec<String>, Option<End>) {
    let mut walk = Walk::new(conf, name).unwrap();
    let mut asked = Vec::new();
    for outcome in outcomes {
        let Some(candidate) = walk.next() else { break };
        asked.push(candidate.name.clone());
        walk.came_to(*outcome);
    }
    (asked, walk.end())
}

const POD: &str =
    "search prod.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n";
const HOST: &str = "search a.test b.test\nnameserver 10.0.0.1\n";

#[test]
fn an_external_name_in_a_pod_costs_eight_queries_under_both_libraries() {
    for whose in [Libc::Glibc, Libc::Musl] {
        let plan = Plan::of(&conf(whose, POD), "api.example.com").unwrap();
        assert_eq!(plan.queries, 8, "{whose}");
        assert_eq!(
            names(&plan),
            [
                "api.example.com.prod.svc.cluster.local",
                "api.example.com.svc.cluster.local",
                "api.example.com.cluster.local",
                "api.example.com"
            ]
        );
    }
}

#[test]
fn a_trailing_dot_is_asked_for_alone() {
    for whose in [Libc::Glibc, Libc::Musl] {
        assert_eq!(names(&Plan::of(&conf(whose, POD), "api.example.com.").unwrap()), ["api.example.com"]);
    }
}

#[test]
fn with_enough_dots_glibc_searches_afterwards_and_musl_never_does() {
    let name = "www.example.com";
    let glibc = Plan::of(&conf(Libc::Glibc, HOST), name).unwrap();
    assert_eq!(names(&glibc), [name, "www.example.com.a.test", "www.example.com.b.test"]);
    assert_eq!(names(&Plan::of(&conf(Libc::Musl, HOST), name).unwrap()), [name]);
}

#[test]
fn an_alias_without_an_address_ends_the_search_and_is_no_address() {
    for (whose, end) in [(Libc::Glibc, End::NoName), (Libc::Musl, End::NoData)] {
        let (asked, ended) = walked(&conf(whose, HOST), "db", &[Outcome::Alias, Outcome::Found]);
        assert_eq!((asked, ended), (vec!["db.a.test".to_string()], Some(end)));
    }
}

#[test]
fn silence_stops_the_search_of_glibc_and_the_name_as_it_is_has_the_last_word() {
    let conf = conf(Libc::Glibc, POD);
    let (asked, end) = walked(&conf, "db", &[Outcome::Timeout, Outcome::NxDomain]);
    assert_eq!(asked, ["db.prod.svc.cluster.local", "db"]);
    assert_eq!(end, Some(End::NoName), "lost packets read as a name that does not exist");
    assert_eq!(walked(&conf, "db", &[Outcome::Refused, Outcome::Timeout]).1, Some(End::Again));
}

#[test]
fn silence_ends_the_lookup_of_musl() {
    let (asked, end) = walked(&conf(Libc::Musl, POD), "db", &[Outcome::NxDomain, Outcome::Timeout]);
    assert_eq!(asked, ["db.prod.svc.cluster.local", "db.svc.cluster.local"]);
    assert_eq!(end, Some(End::Again));
}

#[test]
fn a_name_without_an_address_goes_on_with_glibc_and_ends_musl() {
    use Outcome::{NoData, NxDomain};
    let (asked, end) = walked(&conf(Libc::Glibc, HOST), "db", &[NoData, NxDomain, NxDomain]);
    assert_eq!((asked.len(), end), (3, Some(End::NoData)));
    let (asked, end) = walked(&conf(Libc::Musl, HOST), "db", &[NoData, NxDomain, NxDomain]);
    assert_eq!((asked.len(), end), (1, Some(End::NoData)));
}

#[test]
fn servers_that_fail_are_passed_over_by_glibc_and_end_musl() {
    use Outcome::{NxDomain, ServFail};
    let (asked, end) = walked(&conf(Libc::Glibc, HOST), "db", &[ServFail, NxDomain, NxDomain]);
    assert_eq!((asked.len(), end), (3, Some(End::Again)));
    let (asked, end) = walked(&conf(Libc::Musl, HOST), "db", &[ServFail, NxDomain]);
    assert_eq!((asked.len(), end), (1, Some(End::Again)));
}

#[test]
fn a_closed_port_ends_the_lookup_at_once() {
    for whose in [Libc::Glibc, Libc::Musl] {
        let (asked, end) = walked(&conf(whose, HOST), "db", &[Outcome::PortClosed]);
        assert_eq!((asked.len(), end), (1, Some(End::Again)), "{whose}");
    }
}

#[test]
fn what_the_name_as_it_is_came_to_first_outlives_the_search() {
    use Outcome::{NoData, NxDomain, Timeout};
    let conf = conf(Libc::Glibc, HOST);
    assert_eq!(walked(&conf, "x.test", &[Timeout, NxDomain, NxDomain]).1, Some(End::Again));
    assert_eq!(walked(&conf, "x.test", &[NxDomain, NoData, NxDomain]).1, Some(End::NoName));
}

#[test]
fn the_root_on_the_list_and_no_tld_query_leave_the_name_as_it_is_out() {
    let root = conf(Libc::Glibc, "search . a.test\nnameserver 10.0.0.1\n");
    assert_eq!(names(&Plan::of(&root, "db").unwrap()), ["db", "db.a.test"]);
    let barred = conf(Libc::Glibc, "search a.test\nnameserver 10.0.0.1\noptions no-tld-query\n");
    assert_eq!(names(&Plan::of(&barred, "db").unwrap()), ["db.a.test"]);
    assert_eq!(names(&Plan::of(&barred, "db.x").unwrap()), ["db.x", "db.x.a.test"]);
}

#[test]
fn the_root_on_the_list_is_nothing_to_musl() {
    let root = conf(Libc::Musl, "search . a.test\nnameserver 10.0.0.1\n");
    assert_eq!(names(&Plan::of(&root, "db").unwrap()), ["db.a.test", "db"]);
}

#[test]
fn the_wait_of_glibc_grows_with_the_place_of_the_server() {
    let of = |n: usize, options: &str| {
        let servers: String = (1..=n).map(|i| format!("nameserver 10.0.0.{i}\n")).collect();
        candidate_worst_s(&conf(Libc::Glibc, &format!("{servers}options {options}\n")))
    };
    assert_eq!((of(1, ""), of(2, ""), of(3, "")), (10.0, 20.0, 28.0));
    assert_eq!(of(2, "timeout:1 attempts:3"), 6.0);
    assert_eq!(candidate_worst_s(&conf(Libc::Musl, "nameserver 10.0.0.1\nnameserver 10.0.0.2\n")), 5.0);
}

#[test]
fn a_dead_server_costs_glibc_one_domain_and_the_name_as_it_is() {
    assert_eq!(Plan::of(&conf(Libc::Glibc, POD), "db").unwrap().worst_s, 20.0);
    assert_eq!(Plan::of(&conf(Libc::Musl, POD), "db").unwrap().worst_s, 5.0);
}

#[test]
fn what_is_no_name_is_said_and_never_asked_for() {
    let conf = conf(Libc::Glibc, POD);
    let bad = |name: &str| Walk::new(&conf, name).err();
    assert_eq!(bad(""), Some(BadName::Empty));
    assert_eq!(bad("."), Some(BadName::Empty));
    assert_eq!(bad("a..b"), Some(BadName::Label));
    assert_eq!(bad("a.."), Some(BadName::Label));
    assert_eq!(bad(&"a".repeat(64)), Some(BadName::Label));
    assert_eq!(bad(&["a".repeat(60).as_str(); 5].join(".")), Some(BadName::TooLong));
    assert_eq!(bad("10.0.0.1"), Some(BadName::Address));
    assert_eq!(bad("::1"), Some(BadName::Address));
}

proptest::proptest! {
    #[test]
    fn every_walk_ends(name in "[a-z.]{1,20}", ndots in 0u32..16, domains in 0usize..8, picks: Vec<u8>) {
        use Outcome::*;
        let all = [NxDomain, NoData, ServFail, Refused, Timeout, PortClosed];
        let list: String = (0..domains).map(|i| format!(" d{i}.test")).collect();
        for whose in [Libc::Glibc, Libc::Musl] {
            let conf = conf(whose, &format!("search{list}\nnameserver ::1\noptions ndots:{ndots}\n"));
            let Ok(mut walk) = Walk::new(&conf, &name) else { continue };
            let mut picks = picks.iter().cycle();
            for step in 0.. {
                proptest::prop_assert!(step <= domains + 1);
                if walk.next().is_none() { break }
                walk.came_to(all[usize::from(*picks.next().unwrap_or(&0)) % all.len()]);
            }
            proptest::prop_assert!(walk.end().is_some());
        }
    }
}
