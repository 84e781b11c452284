//! What pods answer is the same over `kubectl exec` and over one `kubectl proxy`.

use crate::kube::{Kube, NAMESPACE};
use paramedic::{
    model::Quiet,
    source::reach::{AT_ONCE, Answer, Input, Member, Reach, Refused, Spec, Template, resolve},
};
use serde_json::json;
use std::time::{Duration, Instant};

pub const MOST: usize = 4 << 20;

pub fn soon() -> Instant {
    Instant::now() + Duration::from_secs(40)
}

pub fn member(reach: &Reach, name: &str) -> Member {
    let found = resolve(reach, &[Spec::Pod(name.into())], None, soon());
    found.unwrap_or_else(|e| panic!("{name}: {e:?}")).remove(0)
}

pub fn ask(reach: &Reach, member: &Member, line: &[&str], input: &Input) -> Result<Answer, Refused> {
    let argv: Vec<String> = line.iter().map(ToString::to_string).collect();
    reach.ask(member, &argv, input, MOST, soon())
}

/// The two ways to the same pods: one by one, and as if there were many.
pub fn ways(kube: &Kube, context: &str, pod: &str) -> [(&'static str, Reach); 2] {
    let (plain, many) = (kube.reach(context), kube.reach(context));
    many.prepare(&vec![member(&plain, pod); 31], soon());
    [("kubectl exec", plain), ("kubectl proxy", many)]
}

#[test]
fn both_ways_hear_the_program_its_exit_code_and_its_complaints() {
    let kube = Kube::start();
    kube.pod(json!({"name": "web-0", "env": {"COLOUR": "odd"}}));
    for (way, reach) in ways(&kube, "good", "web-0") {
        let web = member(&reach, "web-0");
        kube.log();
        let none = Input::default();
        let said = ask(&reach, &web, &["sh", "-c", "hostname; echo $COLOUR; echo no >&2; exit 7"], &none);
        let said = said.unwrap_or_else(|e| panic!("{way}: {e:?}")).said;
        assert_eq!((said.code, said.stdout.as_slice()), (Some(7), &b"web-0\nodd\n"[..]), "{way}");
        assert!(String::from_utf8_lossy(&said.stderr).starts_with("no\n"), "{way}");
        // Much out, much in, an input that ends and one that does not.
        let bytes: Vec<u8> = (0..700_000u32).flat_map(|n| [n as u8, (n >> 8) as u8]).collect();
        let said = ask(&reach, &web, &["cat"], &Input { bytes: bytes.clone(), held: false });
        let said = said.unwrap_or_else(|e| panic!("{way}: {e:?}")).said;
        assert!(said.code == Some(0) && said.stdout == bytes, "{way}: {} bytes", said.stdout.len());
        let held = Input { bytes: b"key\n".to_vec(), held: true };
        let said = ask(&reach, &web, &["sh", "-c", "read key; echo got $key"], &held);
        assert_eq!(said.unwrap_or_else(|e| panic!("{way}: {e:?}")).said.stdout, b"got key\n", "{way}");
        let (requests, _) = kube.log();
        let execs = requests.iter().filter(|r| r.contains("/exec?")).count();
        let others = requests.iter().filter(|r| r.contains("/pods/web-0") && !r.contains("/exec?")).count();
        assert_eq!(execs, 3, "{way}: {requests:?}");
        // The proxy asks for no pod before it: that kubectl does shows that the two ways are two.
        assert_eq!(others, if way == "kubectl exec" { 3 } else { 0 }, "{way}: {requests:?}");
    }
}

#[test]
fn many_pods_cost_one_kubectl_and_no_more_are_asked_at_once_than_is_said() {
    let kube = Kube::start();
    for n in 0..48 {
        let name = format!("web-{n:02}");
        kube.canned(&name, format!("{{\"i_am\": \"{name}\"}}\n").as_bytes());
        kube.fault(&name, json!({"slow": 0.05}));
    }
    let mut reach = kube.reach("plugin");
    reach.kubectl.cluster.selector = Some("app=web".into());
    reach.kubectl.cluster.namespace = Some(NAMESPACE.into());
    // The list is one kubectl and the proxy another, none for each pod. (Google's asks for the version first, as somebody else.)
    let members = resolve(&reach, &[], None, soon()).expect("48 pods");
    assert_eq!(members.len(), 48);
    let answers = Reach::each(&members, "asking", &Quiet, |m| ask(&reach, m, &["x"], &Input::default()));
    for (member, answer) in members.iter().zip(answers) {
        let said = answer.expect("it was asked").unwrap_or_else(|e| panic!("{}: {e:?}", member.name)).said;
        assert!(String::from_utf8_lossy(&said.stdout).contains(&member.name), "{said:?}");
    }
    let (requests, most) = kube.log();
    assert_eq!(requests.iter().filter(|r| r.contains("/exec?")).count(), 48);
    assert!((2..=AT_ONCE.get() as u64).contains(&most), "{most} at once");
    assert!(kube.plugin_runs("gives-token") <= 4, "{} runs", kube.plugin_runs("gives-token"));
}

#[test]
fn the_proxy_ends_with_who_started_it_and_leaves_nothing() {
    let kube = Kube::start();
    kube.canned("web-0", b"{}");
    let children = || {
        let me = std::process::id();
        let tasks = std::fs::read_dir(format!("/proc/{me}/task")).expect("our threads");
        let of =
            |t: std::fs::DirEntry| std::fs::read_to_string(t.path().join("children")).unwrap_or_default();
        let all: String = tasks.flatten().map(of).collect();
        let line = |pid: &str| std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let own = kube.file("config").display().to_string();
        all.split_whitespace()
            .map(line)
            .filter(|l| l.contains("unix-socket") && l.contains(&own))
            .collect::<Vec<_>>()
    };
    let [_, (_, reach)] = ways(&kube, "good", "web-0");
    let running = children();
    assert_eq!(running.len(), 1);
    let socket = running[0].split('\0').find_map(|w| w.strip_prefix("--unix-socket=")).expect("a socket");
    // Its name is gone while it runs: nobody else can open it.
    let folder = std::path::Path::new(socket).parent().expect("a folder");
    assert!(!folder.exists(), "{}", folder.display());
    let web = member(&reach, "web-0");
    assert!(ask(&reach, &web, &["x"], &Input::default()).is_ok());
    let other = reach.clone();
    drop(reach);
    assert_eq!(children().len(), 1);
    drop(other);
    assert_eq!(children(), Vec::<String>::new());
}

#[test]
fn without_a_proxy_many_pods_are_asked_one_by_one() {
    let kube = Kube::start();
    kube.pod(json!({"name": "web-0"}));
    // A server that speaks the older protocol only cannot be told the end of an input: kubectl finds its own way or says so.
    kube.tell(&json!({"protocols": ["v4.channel.k8s.io"]}));
    let [_, (_, reach)] = ways(&kube, "good", "web-0");
    let web = member(&reach, "web-0");
    let said = ask(&reach, &web, &["echo", "old"], &Input::default()).expect("version 4").said;
    assert_eq!((said.code, said.stdout.as_slice()), (Some(0), &b"old\n"[..]));
    let held = Input { bytes: b"key\n".to_vec(), held: true };
    assert_eq!(ask(&reach, &web, &["head", "-n1"], &held).expect("version 4").said.stdout, b"key\n");
    kube.tell(&json!({"protocols": ["v5.channel.k8s.io", "v4.channel.k8s.io"]}));
    // A kubectl that cannot start a proxy: no such context is known to it.
    let broken = kube.reach("good");
    let mut members = vec![web; 31];
    for member in &mut members {
        member.name = "web-0".into();
    }
    broken.prepare(&members, Instant::now());
    let said = ask(&broken, &members[0], &["echo", "plain"], &Input::default()).expect("kubectl exec").said;
    assert_eq!(said.stdout, b"plain\n");
}

#[test]
fn a_command_line_of_the_users_own_reaches_what_no_cluster_knows() {
    let kube = Kube::start();
    let pod = kube.pod(json!({"name": "web-0", "env": {"COLOUR": "odd"}}));
    let template = "nsenter --target {} --mount --uts --net --pid --ipc --wd=/ --";
    let reach = Reach::default();
    let of = |pid: &str| {
        let template = Template::parse(template).expect("a template");
        let spec = Spec::parse(pid, true).expect("a name");
        resolve(&reach, &[spec], Some(&template), soon()).expect("a member").remove(0)
    };
    let web = of(&pod.pid.to_string());
    let said = ask(&reach, &web, &["sh", "-c", "hostname; exit 3"], &Input::default()).expect("nsenter").said;
    assert_eq!((said.code, said.stdout.as_slice()), (Some(3), &b"web-0\n"[..]));
    let missing = ask(&reach, &web, &["no-such-program"], &Input::default()).expect_err("no program");
    assert_eq!(missing.kind, paramedic::source::reach::Refusal::NoBinary);
    let gone = ask(&reach, &of("4194303"), &["hostname"], &Input::default()).expect_err("nobody");
    assert_eq!(gone.kind, paramedic::source::reach::Refusal::Gone, "{gone:?}");
}

#[test]
fn a_client_certificate_is_shown_over_the_proxy_too() {
    let kube = Kube::start();
    kube.pod(json!({"name": "web-0"}));
    for (way, reach) in ways(&kube, "cert", "web-0") {
        let web = member(&reach, "web-0");
        let said = ask(&reach, &web, &["echo", "known"], &Input::default());
        assert_eq!(said.unwrap_or_else(|e| panic!("{way}: {e:?}")).said.stdout, b"known\n", "{way}");
    }
    // One of another authority is nobody's, over either way.
    let web = member(&kube.reach("good"), "web-0");
    let (plain, many) = (kube.reach("foreign"), kube.reach("foreign"));
    many.prepare(&vec![web.clone(); 31], soon());
    for (way, reach) in [("kubectl exec", plain), ("kubectl proxy", many)] {
        let refused = ask(&reach, &web, &["echo", "x"], &Input::default()).expect_err(way);
        assert_eq!(refused.kind, paramedic::source::reach::Refusal::Unauthenticated, "{way}: {refused:?}");
    }
}
