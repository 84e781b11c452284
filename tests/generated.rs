//! Every committed file that is derived from the code is what the code gives now.

use std::{fs, path::Path};

#[test]
fn derived_files_are_what_the_code_gives() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let write = std::env::var_os("PARAMEDIC_REGENERATE").is_some();
    let files = paramedic::generate::files().unwrap();
    let mut stale = Vec::new();
    for (path, content) in &files {
        let at = top.join(path);
        if write {
            fs::create_dir_all(at.parent().unwrap()).unwrap();
            fs::write(&at, content).unwrap();
        } else if fs::read_to_string(&at).ok().as_ref() != Some(content) {
            stale.push(path.clone());
        }
    }
    // A page of a command that is gone must go too.
    for dir in ["completions", "man"] {
        for entry in fs::read_dir(top.join(dir)).into_iter().flatten() {
            let name = format!("{dir}/{}", entry.unwrap().file_name().to_string_lossy());
            if !files.iter().any(|(path, _)| *path == name) {
                if write { fs::remove_file(top.join(&name)).unwrap() } else { stale.push(name) }
            }
        }
    }
    assert!(
        stale.is_empty(),
        "not up to date: {stale:?}\nmend with: PARAMEDIC_REGENERATE=1 cargo test --test generated"
    );
}
