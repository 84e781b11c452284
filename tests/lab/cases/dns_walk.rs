//! The plan and the walk against what glibc and musl really send: the server keeps a list of both.

use std::fmt::Write;
use std::process::Command;

use crate::harness::{Case, Patient, Query};

/// A name, the settings without their servers, what the servers answer.
type Row = (&'static str, &'static str, &'static str);

const ONE: &str = "nameserver 127.0.0.11\n";
const TWO: &str = "nameserver 127.0.0.11\nnameserver 127.0.0.12\n";
const POD: &str = "search prod.svc.test svc.test test\noptions ndots:5\n";
const HOST: &str = "search a.test b.test\n";

/// Nothing fails: the plan says every query.
const PLANS: [Row; 32] = [
    ("db", "", "*=none"),
    ("db.", "", "*=none"),
    ("db.prod", "", "*=none"),
    ("db", HOST, "*=none"),
    ("db.", HOST, "*=none"),
    ("db.prod", HOST, "*=none"),
    ("api.example.com", HOST, "*=none"),
    ("api.example.com.", HOST, "*=none"),
    ("db", POD, "*=none"),
    ("db.", POD, "*=none"),
    ("db.prod", POD, "*=none"),
    ("db.prod.svc", POD, "*=none"),
    ("db.prod.svc.test", POD, "*=none"),
    ("api.example.com", POD, "*=none"),
    ("api.example.com.", POD, "*=none"),
    ("a.b.c.d.e", POD, "*=none"),
    ("a.b.c.d.e.f", POD, "*=none"),
    ("db", "search a.test # office\n", "*=none"),
    ("db", "domain a.test\nsearch b.test\n", "*=none"),
    ("db", "search b.test\ndomain a.test c.test\n", "*=none"),
    ("db.prod", "search a.test\noptions ndots:2\n", "*=none"),
    ("db.prod.x", "search a.test\noptions ndots:2\n", "*=none"),
    ("db", "search a.test\noptions ndots:0\n", "*=none"),
    ("a.b.c.d.e.f.g.h.i.j.k.l.m.n.o", "search a.test\noptions ndots:99\n", "*=none"),
    ("db", "search . a.test\n", "*=none"),
    ("db.prod", "search . a.test\n", "*=none"),
    ("db", "search a.test\noptions no-tld-query\n", "*=none"),
    ("db.prod", "search a.test\noptions no-tld-query\n", "*=none"),
    ("db", "search a.test\noptions no-aaaa\n", "*=none"),
    ("db", "search a.test. b.test.\n", "*=none"),
    ("db", "search a.test b.test c.test d.test e.test f.test g.test h.test\n", "*=none"),
    ("db", "search a.test\noptions single-request\n", "*=none"),
];

/// Something fails, or is found: the walk says every query, how many packets, and what the application hears.
const WALKS: [Row; 34] = [
    ("db", HOST, "*.a.test=10.0.0.7 *=none"),
    ("db", HOST, "*.b.test=10.0.0.7 *=none"),
    ("db", HOST, "db=10.0.0.7 *=none"),
    ("api.example.com", HOST, "api.example.com=10.0.0.7 *=none"),
    ("api.example.com", POD, "api.example.com=10.0.0.7 *=none"),
    ("db", HOST, "*.a.test=nodata *=none"),
    ("db", HOST, "*/AAAA=nodata *=10.0.0.7"),
    ("db", HOST, "*.a.test=servfail *.b.test=10.0.0.7 *=none"),
    ("db", HOST, "*.a.test=servfail *=none"),
    ("db", HOST, "*.a.test=refused *=none"),
    ("db", HOST, "*/AAAA=servfail *=10.0.0.7"),
    ("db", HOST, "*.a.test=truncated *=none"),
    ("db", "search a.test b.test\noptions timeout:1 attempts:1\n", "*.a.test=silent *=none"),
    ("db", "search a.test b.test\noptions timeout:1 attempts:2\n", "127.0.0.11@*=silent *=none"),
    ("db.test", "options timeout:1 attempts:1\n", "*=silent"),
    ("db.test", "options timeout:1 attempts:1\n", "*/AAAA=silent *=10.0.0.7"),
    ("db.test", "options timeout:1 attempts:1\n", "*=half"),
    ("db.test", "options timeout:1 attempts:2\n", "127.0.0.11@*=servfail *=10.0.0.7"),
    ("db.test", "options timeout:1 attempts:2\n", "127.0.0.11@*=refused *=10.0.0.7"),
    ("db.test", "options timeout:1 attempts:2\n", "127.0.0.11@*=servfail *=servfail"),
    ("db", HOST, "*.a.test=alias *=10.0.0.7"),
    ("db", HOST, "*.a.test/A=alias *.a.test/AAAA=nodata *=10.0.0.7"),
    ("db", HOST, "*.a.test/A=none *.a.test/AAAA=alias *=10.0.0.7"),
    ("db", HOST, "*.a.test/A=10.0.0.7 *.a.test/AAAA=alias *=none"),
    ("db.test", HOST, "db.test=alias *=10.0.0.7"),
    ("db", HOST, "*.a.test/A=nodata *.a.test=10.0.0.7 *=none"),
    ("db", POD, "*.svc.test=10.0.0.7 *=none"),
    ("db.prod", POD, "db.prod.svc.test=10.0.0.7 *=none"),
    ("db", "search a.test\noptions use-vc\n", "*.a.test=10.0.0.7 *=none"),
    ("db", "search a.test\noptions edns0\n", "*.a.test=10.0.0.7 *=none"),
    ("db", "search a.test\noptions no-aaaa\n", "*.a.test=10.0.0.7 *=none"),
    ("db", "search a.test\noptions single-request\n", "*.a.test=none *=10.0.0.7"),
    ("db", "search a.test\noptions single-request-reopen\n", "*.a.test=none *=10.0.0.7"),
    ("db.test", "options timeout:1 attempts:1 single-request-reopen\n", "*=half"),
];

/// Answers that come when the next packet is already out: they count, since glibc keeps its socket.
const LATE: [Row; 2] = [
    ("db.test", "options timeout:1 attempts:2\n", "*=slow:1500"),
    ("db.test", "options timeout:1 attempts:1\n", "*/AAAA=slow:1500 *=10.0.0.7"),
];

/// What `getaddrinfo` of the C library says, in its own words.
const ASK: &str = "import socket, sys
try:
    socket.getaddrinfo(sys.argv[1], 80, type=socket.SOCK_STREAM)
    print('addresses')
except socket.gaierror as e:
    names = ['EAI_NONAME', 'EAI_NODATA', 'EAI_AGAIN', 'EAI_FAIL']
    print(next(n for n in names if getattr(socket, n, None) == e.errno))
";

/// The same for musl, which knows no TCP here and takes the first yes or no of any server.
const MUSL_WALKS: [Row; 12] = [
    ("db", HOST, "*.a.test=10.0.0.7 *=none"),
    ("db", HOST, "*.b.test=10.0.0.7 *=none"),
    ("db", HOST, "*.a.test=nodata *=none"),
    ("db", HOST, "*/AAAA=nodata *=10.0.0.7"),
    ("db", HOST, "*/AAAA=none *=10.0.0.7"),
    ("api.example.com", POD, "api.example.com=10.0.0.7 *=none"),
    ("api.example.com", HOST, "*=none"),
    ("db.test", "options timeout:1 attempts:1\n", "*=silent"),
    ("db", "search a.test b.test\noptions timeout:1 attempts:1\n", "*.a.test=silent *=none"),
    ("db.test", "options timeout:1 attempts:1\n", "*=servfail"),
    ("db.test", "options timeout:1 attempts:1\n", "*/AAAA=servfail *=10.0.0.7"),
    ("db.test", "options timeout:1 attempts:1\n", "*/AAAA=silent *=10.0.0.7"),
];
/// The program built for musl, inside the case.
const GAI: &str = "/run/lab/work/gai";

/// Whose rules, and the line that looks a name up by them.
#[derive(Clone, Copy)]
struct Library {
    name: &'static str,
    line: &'static [&'static str],
}

const GLIBC: Library = Library { name: "glibc", line: &["/usr/bin/python3", "-c", ASK] };
const MUSL: Library = Library { name: "musl", line: &[GAI] };

impl Library {
    /// Looks the name up through the C library: what it sent, and what it said.
    fn asks(self, case: &Case, server: &mut Patient, name: &str, rules: &str) -> (Vec<Query>, String) {
        server.order(&format!("rules {rules}"));
        let said = case.tool(&[self.line, &[name]].concat());
        (case.queries(), said.trim().to_string())
    }

    /// Nothing fails: every query is on the plan, and in this order.
    fn must_keep_to_its_plans(self, case: &Case, rows: &[Row]) {
        let mut server = case.dns_server("127.0.0.11", &["*=none"]);
        let mut wrong = String::new();
        for (name, settings, rules) in rows {
            case.resolv_conf(&format!("{ONE}{settings}"));
            let (sent, _) = self.asks(case, &mut server, name, rules);
            let sent: Vec<String> = sent.into_iter().map(|q| q.what).collect();
            let report = case.paramedic(&["dns", name, "--plan", "--libc", self.name]);
            let planned: Vec<String> =
                report.rows("plan").iter().map(|r| format!("{} {}", r[2], r[3])).collect();
            if sent != planned {
                let _ =
                    writeln!(wrong, "{name} with {settings:?}:\n  sent    {sent:?}\n  planned {planned:?}");
            }
        }
        assert!(wrong.is_empty(), "{wrong}");
    }

    /// With faults: the same names in the same order, as many packets, the same end.
    fn must_walk_as_we_do(self, case: &Case, rows: &[Row]) {
        let mut server = case.dns_server("127.0.0.11,127.0.0.12", &["*=none"]);
        let mut wrong = String::new();
        for (name, settings, rules) in rows {
            let servers = if rules.contains('@') { TWO } else { ONE };
            case.resolv_conf(&format!("{servers}{settings}"));
            let (sent, said) = self.asks(case, &mut server, name, rules);
            let mut asked: Vec<&str> = sent.iter().filter_map(|q| q.what.split(' ').next()).collect();
            asked.dedup();
            server.order(&format!("rules {rules}"));
            // Another type for the servers' own table: what is asked for beside the walk is quick.
            let report = case.paramedic(&["dns", name, "--libc", self.name, "--type", "txt"]);
            let steps = report.rows("walk");
            let walked: Vec<&str> = steps.iter().map(|r| r[1].as_str()).collect();
            let packets: usize = steps.iter().filter_map(|r| r[5].parse::<usize>().ok()).sum();
            let end = &report.rows("lookups")[0][2];
            // musl has a word of its own for it since 1.2.4.
            let same_to_musl = self.name == "musl" && end == "EAI_NODATA" && said == "EAI_NONAME";
            let end = if same_to_musl { &said } else { end };
            // Of musl, which sends each packet to everybody, the order is no rule.
            let listed = |list: &str| serde_json::from_str::<Vec<String>>(list).expect("a list");
            let ours: Vec<String> = steps.iter().flat_map(|r| listed(&r[8])).collect();
            let real: Vec<String> = sent.iter().map(Query::packet).filter(|_| self.name == "glibc").collect();
            if (&walked, packets, end, &ours) != (&asked, sent.len(), &said, &real) {
                let _ = writeln!(
                    wrong,
                    "{name} with {settings:?} and {rules}:\n  {}  {asked:?} {} {said} {real:?}\n  walked {walked:?} {packets} {end} {ours:?}",
                    self.name,
                    sent.len()
                );
            }
        }
        assert!(wrong.is_empty(), "{wrong}");
    }
}

/// Builds the program for musl and puts it into the case.
fn with_musl(case: &Case) {
    let out = case.path(GAI);
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/lab/patients/gai.c");
    let built = Command::new("musl-gcc").args(["-static", "-O1", "-o"]).arg(&out).arg(source).output();
    let built = built
        .unwrap_or_else(|e| panic!("musl-gcc: {e}: apt-get install -y --no-install-recommends musl-tools"));
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
}

#[test]
fn the_plan_is_what_glibc_sends_in_this_order() {
    GLIBC.must_keep_to_its_plans(&Case::new("web"), &PLANS);
}

#[test]
fn the_walk_is_what_glibc_does_with_faults() {
    GLIBC.must_walk_as_we_do(&Case::new("web"), &WALKS);
}

#[test]
fn an_answer_to_an_earlier_packet_counts_for_glibc_and_for_us() {
    GLIBC.must_walk_as_we_do(&Case::timed("web"), &LATE);
}

#[test]
fn with_rotate_every_process_begins_anywhere() {
    let case = Case::new("web");
    let mut server = case.dns_server("127.0.0.11,127.0.0.12", &["*=10.0.0.7"]);
    case.resolv_conf(&format!("{TWO}options rotate\n"));
    let both = |mut begins: Box<dyn FnMut() -> String + '_>| {
        let first = begins();
        // Forty times the same of two by chance: once in a million million runs.
        (0..40).any(|_| begins() != first)
    };
    let real = || GLIBC.asks(&case, &mut server, "db.test", "*=10.0.0.7").0[0].server.clone();
    assert!(both(Box::new(real)), "patient");
    let ours = || {
        let report = case.paramedic(&["dns", "db.test", "--libc", "glibc"]);
        assert!(report.rows("settings")[0][6].contains("random server"), "{report}");
        report.rows("walk")[0][6].clone()
    };
    assert!(both(Box::new(ours)));
}

#[test]
fn the_plan_is_what_musl_sends_in_this_order() {
    let case = Case::new("web");
    with_musl(&case);
    // Debian's musl 1.2.3 gives a lookup up at the root of a search list; later ones go on as planned.
    let rows: Vec<Row> = PLANS.into_iter().filter(|row| !row.1.contains("search . ")).collect();
    MUSL.must_keep_to_its_plans(&case, &rows);
}

#[test]
fn the_walk_is_what_musl_does_with_faults() {
    let case = Case::new("web");
    with_musl(&case);
    MUSL.must_walk_as_we_do(&case, &MUSL_WALKS);
}
