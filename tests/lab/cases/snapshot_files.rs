//! Files of the patient: mounted configuration, those asked for, and what cannot be read or is not there.

use crate::harness::{Case, Document, NOBODY, Program};

const WORK: &str = "/run/lab/work";

/// A process in a mount namespace with a volume as the kubelet writes it, and with a single file mounted.
fn pod(mode: &str) -> Case {
    let case = Case::new("web");
    case.tool(&["mkdir", "-p", "/run/lab/work/config"]);
    case.tool(&["mount", "-t", "tmpfs", "config", "/run/lab/work/config"]);
    case.write(&format!("{WORK}/config/..2026_01/app.yml"), &format!("mode: {mode}\n"));
    case.tool(&["ln", "-s", "..2026_01", "/run/lab/work/config/..data"]);
    case.tool(&["ln", "-s", "..data/app.yml", "/run/lab/work/config/app.yml"]);
    case.write(&format!("{WORK}/one"), "x");
    case.write(&format!("{WORK}/sub.conf"), "");
    case.tool(&["mount", "--bind", "/run/lab/work/one", "/run/lab/work/sub.conf"]);
    case
}

#[test]
fn mounted_configuration_is_found_and_a_stale_volume_differs() {
    let take = |mode: &str| Document::take(&pod(mode), None, &["--compare-key", "k"]);
    let (blue, again, green) = (take("blue"), take("blue"), take("green"));
    let file = |document: &Document, path: &str| document.value("file", &format!("{WORK}/{path}"));
    assert_eq!(file(&blue, "config/app.yml")[0], "file", "{}", blue.text);
    assert_eq!(file(&blue, "config/app.yml")[1], file(&again, "config/app.yml")[1]);
    assert_ne!(file(&blue, "config/app.yml")[1], file(&green, "config/app.yml")[1]);
    assert_eq!(file(&blue, "sub.conf")[2], 1, "{}", blue.text);
    // Each file under the name that the application has for it, and no other.
    assert!(
        file(&blue, "config/..data/app.yml").is_null() && file(&blue, "config/..2026_01/app.yml").is_null()
    );
    let mounts = blue.value("mount", "mounts").to_string();
    assert!(mounts.contains("/run/lab/work/config tmpfs rw"), "{mounts}");
    let full = blue.value("disk", &format!("{WORK}/config used_pct"));
    assert!(full.as_f64().is_some_and(|n| n < 50.0), "{}", blue.text);
}

#[test]
fn unreadable_missing_and_different_are_three_things() {
    let case = Case::new("web");
    let patient = case.start(Program::line("sleep", &["/usr/bin/sleep", "600"]).uid(NOBODY).sleeps());
    case.write(&format!("{WORK}/secret.yml"), "a");
    case.write(&format!("{WORK}/plain.yml"), "b");
    case.tool(&["chmod", "0600", "/run/lab/work/secret.yml"]);
    let pid = patient.pid().to_string();
    let named = ["secret.yml", "plain.yml", "none.yml"].map(|f| format!("{WORK}/{f}"));
    let [secret, plain, none] = &named;
    let args = ["--pid", &pid, "--compare-key", "k", "--file", secret, "--file", plain, "--file", none];
    let document = Document::take(&case, Some(NOBODY), &args);
    assert_eq!(document.value("file", secret)["unseen"], "denied", "{}", document.text);
    assert_eq!(document.value("file", none)["unseen"], "absent");
    assert_eq!(document.value("file", plain)[0], "file");
    let denied = document.gaps().iter().any(|g| g["why"] == "denied" && g["detail"] == secret.as_str());
    assert!(denied, "{}", document.text);
    // A pattern names what is there.
    let pattern = ["--pid", &pid, "--file", "/run/lab/work/*.json"];
    let document = Document::take(&case, None, &pattern);
    let found = document.all("equal").into_iter().find(|(_, name, _)| name.ends_with(".json"));
    assert_eq!(found, None, "{}", document.text);
}

#[test]
fn certificates_tell_when_they_end_and_programs_their_version() {
    let case = Case::new("web");
    let line =
        ["openssl", "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
    let more =
        ["-subj", "/CN=web.test", "-days", "12", "-keyout", "/run/lab/work/key", "-out", "/run/lab/work/crt"];
    case.tool(&[&line[..], &more].concat());
    let says = case.tool(&[
        "openssl",
        "x509",
        "-in",
        "/run/lab/work/crt",
        "-noout",
        "-enddate",
        "-dateopt",
        "iso_8601",
    ]);
    let end = says.trim().trim_start_matches("notAfter=").replace(' ', "T").replace('Z', ".000Z");
    let args = [
        "--file",
        "/run/lab/work/crt",
        "--exec-version",
        "python3 --version",
        "--exec-version",
        "no-such-thing -v",
    ];
    let document = Document::take(&case, None, &args);
    assert_eq!(document.value("file", "/run/lab/work/crt not_after"), end.as_str(), "{}", document.text);
    assert!(
        document.value("version", "python3 --version").as_str().is_some_and(|v| v.starts_with("Python 3"))
    );
    assert_eq!(document.value("version", "no-such-thing -v")["unseen"], "absent");
}
