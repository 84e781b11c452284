use super::*;

fn glibc(text: &str) -> Conf {
    Conf::read(Libc::Glibc, text.as_bytes(), &Around::default())
}
fn musl(text: &str) -> Conf {
    Conf::read(Libc::Musl, text.as_bytes(), &Around::default())
}
fn servers(conf: &Conf) -> Vec<String> {
    conf.servers.iter().map(ToString::to_string).collect()
}

const CLUSTER: &str = "search prod.svc.cluster.local svc.cluster.local cluster.local\n\
                       nameserver 10.96.0.10\noptions ndots:5\n";

#[test]
fn a_pods_file_reads_the_same_to_both() {
    for conf in [glibc(CLUSTER), musl(CLUSTER)] {
        assert_eq!(servers(&conf), ["10.96.0.10"]);
        assert_eq!(conf.search, ["prod.svc.cluster.local", "svc.cluster.local", "cluster.local"]);
        assert_eq!((conf.ndots, conf.timeout_s, conf.attempts), (5, 5, 2));
        assert_eq!(conf.lints, []);
    }
}

#[test]
fn nobody_asks_a_fourth_server_and_an_empty_file_means_the_local_host() {
    let text = "nameserver 10.0.0.1\nnameserver 10.0.0.2\nnameserver 10.0.0.3\nnameserver 10.0.0.4\n";
    for conf in [glibc(text), musl(text)] {
        assert_eq!(servers(&conf), ["10.0.0.1", "10.0.0.2", "10.0.0.3"]);
        assert_eq!(conf.lints, [Lint::ServerIgnored { line: 4, server: "10.0.0.4".into() }]);
    }
    for conf in [glibc(""), musl("")] {
        assert_eq!((servers(&conf), conf.default_server), (vec!["127.0.0.1".to_string()], true));
        assert_eq!(conf.lints, [Lint::NoServer]);
    }
}

#[test]
fn of_domain_and_search_the_last_counts() {
    let text = "search a.test b.test\ndomain c.test d.test\nnameserver ::1\n";
    assert_eq!(glibc(text).search, ["c.test"]);
    assert_eq!(musl(text).search, ["c.test", "d.test"]);
    assert_eq!(glibc(text).lints, [Lint::SearchReplaced { line: 1, by: 2 }]);
}

#[test]
fn a_comment_behind_a_search_list_is_searched_and_behind_a_server_it_is_not_read() {
    let text = "search a.test # office\nnameserver 10.0.0.1 # first\n";
    for conf in [glibc(text), musl(text)] {
        assert_eq!(conf.search, ["a.test", "#", "office"]);
        assert_eq!(servers(&conf), ["10.0.0.1"]);
        assert_eq!(conf.lints, [Lint::TrailingComment { line: 1, word: "#".into() }]);
    }
}

#[test]
fn musl_passes_over_long_lines_and_glibc_does_not() {
    let long = |n: usize| format!("search {}.test\nnameserver 10.0.0.1\n", "a".repeat(n - 12));
    assert_eq!(musl(&long(254)).search.len(), 1);
    assert_eq!(musl(&long(255)).search, Vec::<String>::new());
    assert!(musl(&long(255)).lints.contains(&Lint::LineTooLong { line: 1, bytes: 255 }));
    assert_eq!(glibc(&long(255)).search.len(), 1);
}

#[test]
fn options_that_a_library_does_not_know_are_said() {
    let text = "nameserver ::1\noptions ndots:99 timeout:1 attempts:9 rotate single-request-reopen use-vc\n";
    let (g, m) = (glibc(text), musl(text));
    assert_eq!((g.ndots, g.timeout_s, g.attempts), (15, 1, 5));
    assert!(g.rotate && g.single_request_reopen && g.use_vc && !g.single_request);
    assert_eq!((m.ndots, m.timeout_s, m.attempts), (15, 1, 9));
    assert!(!m.rotate && !m.use_vc);
    let ignored = |conf: &Conf| conf.lints.iter().filter(|l| matches!(l, Lint::OptionIgnored { .. })).count();
    assert_eq!((ignored(&g), ignored(&m)), (0, 3));
    assert_eq!(ignored(&glibc("options ndot:5\n")), 1);
}

#[test]
fn the_environment_counts_for_glibc_alone() {
    let around = Around {
        res_options: Some("ndots:3".into()),
        localdomain: Some("env.test other.test".into()),
        hostname: Some("web.host.test".into()),
    };
    let g = Conf::read(Libc::Glibc, CLUSTER.as_bytes(), &around);
    assert_eq!((g.ndots, g.search), (3, vec!["env.test".to_string(), "other.test".into()]));
    let m = Conf::read(Libc::Musl, CLUSTER.as_bytes(), &around);
    assert_eq!((m.ndots, m.search.len()), (5, 3));
    assert!(m.lints.contains(&Lint::Environment { variable: "RES_OPTIONS".into(), obeyed: false }));
}

#[test]
fn without_a_search_list_glibc_takes_the_domain_of_the_host() {
    let around = Around { hostname: Some("web.host.test".into()), ..Around::default() };
    let text = b"nameserver 10.0.0.1\n";
    assert_eq!(Conf::read(Libc::Glibc, text, &around).search, ["host.test"]);
    assert_eq!(Conf::read(Libc::Musl, text, &around).search, Vec::<String>::new());
}

#[test]
fn addresses_are_read_as_each_library_reads_them() {
    let one = |whose, word: &str| {
        let conf = Conf::read(whose, format!("nameserver {word}\n").as_bytes(), &Around::default());
        (!conf.default_server).then(|| conf.servers[0].to_string())
    };
    assert_eq!(one(Libc::Glibc, "fe80::1%eth0").as_deref(), Some("fe80::1%eth0"));
    assert_eq!(one(Libc::Musl, "fe80::1%eth0").as_deref(), Some("fe80::1%eth0"));
    assert_eq!(one(Libc::Glibc, "127.1").as_deref(), Some("127.0.0.1"));
    assert_eq!(one(Libc::Glibc, "0x7f000001").as_deref(), Some("127.0.0.1"));
    for bad in ["10.0.0.256", "10.0.0.1:53", "+1.2.3.4", "dns.test", "1.2.3.4.5", ""] {
        assert_eq!(one(Libc::Glibc, bad), None, "{bad}");
        assert_eq!(one(Libc::Musl, bad), None, "{bad}");
    }
}

#[test]
fn domains_that_can_be_no_names_are_said() {
    assert_eq!(
        glibc("search a.test, b.test\nnameserver ::1\n").lints,
        [Lint::OddSearchDomain { domain: "a.test,".into() }]
    );
    let root = "search . a.test.\nnameserver ::1\n";
    assert_eq!(glibc(root).lints, []);
    assert_eq!(musl(root).lints, [Lint::RootSearched { line: 1 }]);
}

proptest::proptest! {
    #[test]
    fn no_bytes_break_it(bytes: Vec<u8>) {
        for whose in [Libc::Glibc, Libc::Musl] {
            let conf = Conf::read(whose, &bytes, &Around::default());
            proptest::prop_assert!(!conf.servers.is_empty() && conf.servers.len() <= SERVERS_MOST);
        }
    }
}
