use super::*;

fn sh(line: &str) -> Keeper {
    Keeper::start(&["sh", "-c", line].map(OsString::from), None, false).unwrap()
}

fn soon<T>(mut f: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        if let Some(t) = f() {
            return t;
        }
        assert!(Instant::now() < until, "it did not come about");
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn printed(keeper: &Keeper, lines: usize) -> Vec<String> {
    soon(|| {
        let text = String::from_utf8(keeper.printed()).unwrap();
        (text.lines().count() >= lines && text.ends_with('\n'))
            .then(|| text.lines().map(str::to_string).collect())
    })
}

fn lives(pid: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"));
    stat.is_ok_and(|t| t.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim().starts_with(['Z', 'X'])))
}

#[test]
fn what_is_no_program_is_refused_in_words() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str, mode: u32| {
        let path = dir.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path.display().to_string()
    };
    for (program, says) in [
        ("there-is-no-such-program".to_string(), "no command `there-is-no-such-program` in the PATH"),
        ("/none/at/all".into(), "No such file"),
        (dir.path().display().to_string(), "is a directory"),
        (file("plain", "#!/bin/sh\n", 0o644), "not executable"),
        (file("bare", "true\n", 0o755), "a script needs #!"),
        (file("lost", "#!/none/at/all\n", 0o755), "interpreter or loader is not there"),
    ] {
        let error = Keeper::start(&[program.into()], None, false).err().unwrap();
        assert!(error.contains(says), "{error}");
    }
}

#[test]
fn how_it_ends_and_what_it_said_last_is_known() {
    let mut exits = sh("echo one; echo two >&2; exit 7");
    let gone = soon(|| exits.ended(Duration::from_millis(50)));
    assert_eq!((gone.how, printed(&exits, 2)), (Some(How::Code(7)), vec!["one".into(), "two".into()]));
    assert!(exits.signal(15).is_err(), "nobody is there");
    let mut sleeps = sh("echo up; exec sleep 60");
    printed(&sleeps, 1);
    let at = sleeps.signal(libc::SIGTERM).unwrap();
    let gone = soon(|| sleeps.ended(Duration::from_millis(50)));
    assert!(gone.at >= at && gone.how == Some(How::Signal(libc::SIGTERM)), "{gone:?}");
    assert!(sleeps.end() && exits.end());
}

#[test]
fn it_begins_with_no_mask_no_ignored_signal_no_descriptor_and_a_session_of_its_own() {
    let keeper =
        sh("grep -E 'SigBlk|SigIgn' /proc/self/status; ls /proc/self/fd | wc -l; ps -o sid= -p $$; echo $$");
    let lines = printed(&keeper, 5);
    let mask = |line: &str| u64::from_str_radix(line.rsplit('\t').next().unwrap(), 16).unwrap();
    // 32 and 33 are the C library's own: whoever started us may have left them ignored.
    let named = (1 << 31) - 1;
    assert_eq!((mask(&lines[0]), mask(&lines[1]) & named), (0, 0), "{lines:?}");
    // Input, both outputs, and the directory that ls reads.
    assert_eq!((lines[2].as_str(), lines[3].trim()), ("4", lines[4].as_str()));
}

#[test]
fn those_who_left_the_session_and_ignore_signals_are_ended_too() {
    let line = "(setsid sh -c 'trap \"\" TERM HUP INT; echo $$; sleep 61 & echo $!; wait' &) ; echo $$; trap '' TERM; \
                while :; do sleep 1; done";
    let mut keeper = sh(line);
    let pids = printed(&keeper, 3);
    assert!(pids.iter().all(|p| lives(p)), "{pids:?}");
    assert!(keeper.end());
    assert!(!pids.iter().any(|p| lives(p)), "{pids:?}");
    assert!(!lives(&keeper.pid().to_string()));
}

#[test]
fn a_line_before_the_signal_runs_in_a_shell_and_its_end_is_known() {
    let mut keeper =
        Keeper::start(&["sleep".into(), "60".into()], Some("echo before; exit 3"), false).unwrap();
    keeper.before().unwrap();
    let gone = soon(|| {
        keeper.hear(Duration::from_millis(20));
        keeper.before_ended()
    });
    assert_eq!((gone.how, printed(&keeper, 1)), (Some(How::Code(3)), vec!["before".into()]));
    assert!(keeper.ended(Duration::ZERO).is_none(), "the service goes on");
}

#[test]
fn as_the_first_process_of_a_namespace_it_is_deaf_without_a_handler() {
    let line = ["sh", "-c", "echo $$; sleep 60; echo no"].map(OsString::from);
    let mut keeper = match Keeper::start(&line, None, true) {
        Ok(keeper) => keeper,
        Err(error) => return assert!(error.contains("--as-pid1"), "{error}"),
    };
    assert_eq!(printed(&keeper, 1), ["1"]);
    keeper.signal(libc::SIGTERM).unwrap();
    assert!(keeper.ended(Duration::from_millis(200)).is_none(), "the kernel drops the signal");
    let pid = keeper.service().unwrap().to_string();
    assert!(keeper.end() && !lives(&pid));
}
