//! Writing where it cannot be done, and never leaving a half.

use super::*;
use std::os::unix::fs::symlink;

fn put(path: &Path, text: &str) -> Result<Ended> {
    deliver(&Target::File(path.into()), |out| out.write_all(text.as_bytes()))
}
fn said(result: Result<Ended>) -> String {
    format!("{:#}", result.unwrap_err())
}
fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}
fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_full_disk_is_an_error_even_when_all_fits_into_the_buffer() {
    for text in ["short".to_string(), "long ".repeat(100_000)] {
        let mut full = File::options().write(true).open("/dev/full").unwrap();
        let error =
            to_stream("stdout", "the output is incomplete", &mut full, |out| out.write_all(text.as_bytes()))
                .unwrap_err();
        let said = "cannot write to stdout: No space left on device; the output is incomplete";
        assert_eq!(error.to_string(), said);
    }
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    let (reader, mut writer) = io::pipe().unwrap();
    drop(reader);
    let ended =
        to_stream("stdout", "the output is incomplete", &mut writer, |out| out.write_all(b"x")).unwrap();
    assert_eq!(ended, Ended::Closed);
}

#[test]
fn a_broken_pipe_of_the_row_source_is_no_closed_reader() {
    let mut sink = Vec::new();
    let result =
        to_stream("stdout", "the output is incomplete", &mut sink, |_| Err(ErrorKind::BrokenPipe.into()));
    assert_eq!(said(result), "broken pipe");
}

#[test]
fn a_file_is_replaced_whole_and_keeps_its_permissions() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("report.json");
    fs::write(&file, "an older and longer report").unwrap();
    fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    assert_eq!(put(&file, "new").unwrap(), Ended::Written);
    assert_eq!(fs::read_to_string(&file).unwrap(), "new");
    assert_eq!(mode(&file), 0o600);
    assert_eq!(names(dir.path()), ["report.json"]);
}

#[test]
fn a_new_file_is_readable_as_far_as_the_umask_lets_it() {
    let dir = tempfile::tempdir().unwrap();
    let (file, plain) = (dir.path().join("new"), dir.path().join("plain"));
    put(&file, "x").unwrap();
    fs::write(&plain, "x").unwrap();
    assert_eq!(mode(&file), mode(&plain) & 0o644);
}

#[test]
fn what_fails_leaves_the_old_file_and_nothing_beside_it() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("report.json");
    fs::write(&file, "old").unwrap();
    let result = deliver(&Target::File(file.clone()), |out| {
        out.write_all(b"half of it")?;
        Err(io::Error::other("the rows could not be read"))
    });
    assert_eq!(said(result), "the rows could not be read");
    assert_eq!(fs::read_to_string(&file).unwrap(), "old");
    assert_eq!(names(dir.path()), ["report.json"]);
}

#[test]
fn no_link_is_followed_and_no_device_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    let (victim, link) = (dir.path().join("victim"), dir.path().join("link"));
    fs::write(&victim, "mine").unwrap();
    symlink(&victim, &link).unwrap();
    assert!(said(put(&link, "x")).ends_with("it is a symbolic link; name the file it points to"));
    assert_eq!(fs::read_to_string(&victim).unwrap(), "mine");
    assert!(said(put(Path::new("/dev/null"), "x")).contains("no ordinary file"));
    assert!(said(put(dir.path(), "x")).contains("no ordinary file"));
    symlink(dir.path().join("nowhere"), dir.path().join("dangling")).unwrap();
    assert!(said(put(&dir.path().join("dangling"), "x")).contains("symbolic link"));
}

#[test]
fn a_directory_where_anybody_may_replace_files_is_refused_unless_sticky() {
    let dir = tempfile::tempdir().unwrap();
    let open = dir.path().join("open");
    fs::create_dir(&open).unwrap();
    fs::set_permissions(&open, Permissions::from_mode(0o777)).unwrap();
    let error = said(put(&open.join("f"), "x"));
    assert!(error.contains("anybody may replace files") && error.contains("chmod o-w"), "{error}");
    assert_eq!(names(&open), [""; 0]);
    fs::set_permissions(&open, Permissions::from_mode(0o1777)).unwrap();
    assert_eq!(put(&open.join("f"), "x").unwrap(), Ended::Written);
}

#[test]
fn a_missing_directory_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let error = said(put(&dir.path().join("none/f"), "x"));
    assert!(error.contains("/none: No such file or directory"), "{error}");
}

#[test]
fn a_path_that_names_no_file_is_refused_and_shown_escaped() {
    assert_eq!(said(put(Path::new("/"), "x")), "cannot write '/': it names no file");
    let error = said(put(Path::new("/nowhere\u{1b}[2J/f"), "x"));
    assert!(error.contains("/nowhere\\x1b[2J: No such file"), "{error}");
}
