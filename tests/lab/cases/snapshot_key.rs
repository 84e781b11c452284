//! The key over stdin, and the rope that stdin is: when it ends, so does the snapshot.

use std::{
    fs,
    io::Write,
    process::{Command, Stdio},
    time::Duration,
};

use crate::harness::{Case, Document, eventually, soon};

fn snapshot(case: &Case, args: &[&str]) -> Command {
    let mut command = case.inside("/run/lab/paramedic");
    command.args(["snapshot", "--compare-key", "-", "--timeout", "60s"]).args(args);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs it with this on stdin, and no more.
fn fed(case: &Case, input: &[u8]) -> (Option<i32>, String, String) {
    let mut child = snapshot(case, &["--brief"]).spawn().expect("nsenter starts");
    // One that refuses what it read is gone before it is all written.
    let _ = child.stdin.take().expect("a pipe").write_all(input);
    let out = child.wait_with_output().expect("it ends");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (out.status.code(), text(out.stdout), text(out.stderr))
}

#[test]
fn a_key_that_is_piped_in_is_the_key_that_a_flag_gives() {
    let case = Case::new("web");
    let (code, text, err) = fed(&case, b"hunter2\n");
    assert_eq!(code, Some(0), "{err}");
    let piped = Document::read(text);
    let flag = Document::take(&case, None, &["--compare-key", "hunter2"]);
    assert_eq!(piped.key_id(), flag.key_id());
    assert!(!piped.text.contains("hunter2"));
    let (a, b) = (Document::take(&case, None, &[]), Document::take(&case, None, &[]));
    assert_ne!(a.key_id(), b.key_id(), "without a key each run has its own");
}

#[test]
fn no_key_is_an_error_and_not_a_key() {
    let case = Case::new("web");
    for none in [&b""[..], b"\n", &[b'x'; 5000]] {
        let (code, out, err) = fed(&case, none);
        assert_eq!((code, out.as_str()), (Some(3), ""), "{err}");
        assert!(err.contains("--compare-key"), "{err}");
    }
}

#[test]
fn it_ends_at_once_when_whoever_held_its_input_goes() {
    let case = Case::new("web");
    let mut child = snapshot(&case, &["--window", "40s"]).spawn().expect("nsenter starts");
    let mut input = child.stdin.take().expect("a pipe");
    input.write_all(b"key\n").expect("it reads");
    // Its thread that watches the input; the program is the child of nsenter.
    let path = format!("/proc/{0}/task/{0}/children", child.id());
    let program = soon(|| {
        let text = fs::read_to_string(&path).map_err(|e| e.to_string())?;
        text.trim().parse::<u32>().map_err(|e| format!("{text:?}: {e}"))
    });
    soon(|| {
        let threads = fs::read_dir(format!("/proc/{program}/task")).map_err(|e| e.to_string())?;
        let names = threads.flatten().filter_map(|t| fs::read_to_string(t.path().join("comm")).ok());
        if names.into_iter().any(|n| n.trim() == "input") { Ok(()) } else { Err("nobody watches".into()) }
    });
    // Held for longer than a key takes to be piped in.
    std::thread::sleep(Duration::from_millis(400));
    assert!(child.try_wait().expect("a child").is_none(), "it looks for 40 s");
    drop(input);
    let ended = eventually(Duration::from_secs(15), || {
        child.try_wait().map_err(|e| e.to_string())?.ok_or_else(|| "it goes on".into())
    });
    assert_eq!(ended.code(), Some(3));
}
