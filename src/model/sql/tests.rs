use super::Sql;
use proptest::prelude::*;

fn shape(text: &str) -> String {
    Sql::from(text).shape().as_str().into()
}

#[test]
fn every_kind_of_literal_becomes_a_question_mark() {
    for literal in [
        "'x'",
        "''",
        "'it''s'",
        "'a\nb'",
        "E'a\\'b'",
        "e'\\\\'",
        "U&'d\\0061t'",
        "N'x'",
        "B'0101'",
        "x'1FF'",
        "$$ it's $$",
        "$tag$ $$ 'x' $tag$",
        "1",
        "1.5",
        ".5",
        "1e10",
        "1.5e-3",
        "0x1F",
        "1_000",
        "-7",
        "+7",
    ] {
        let text = format!("UPDATE t SET a={literal} WHERE b=2");
        assert_eq!(shape(&text), "UPDATE t SET a=? WHERE b=?", "{literal}");
    }
}

#[test]
fn names_parameters_and_keywords_stay() {
    for text in [
        "SELECT a1, \"b'1\" FROM s2.t3 WHERE c = $1",
        "SELECT \"it\"\"s\", U&\"d\\0061t\", café FROM \"T\"",
        "LOCK TABLE t IN ACCESS EXCLUSIVE MODE",
        "SELECT foo$$bar FROM t WHERE a <@ b AND NOT c",
    ] {
        assert_eq!(shape(text), text);
    }
}

#[test]
fn comments_and_line_breaks_are_gone() {
    let text = "/* trace='x' /* nested */ */ SELECT --it's 1\n\ta\r\n FROM t -- end";
    assert_eq!(shape(text), "SELECT a FROM t");
}

#[test]
fn lists_are_one_literal() {
    assert_eq!(shape("SELECT a FROM t WHERE b IN (1,2 , -3,\n'x')"), "SELECT a FROM t WHERE b IN (?)");
    assert_eq!(shape("INSERT INTO t VALUES (1, 'a', now(), 2)"), "INSERT INTO t VALUES (?, now(), ?)");
    assert_eq!(shape("SELECT ARRAY[1,2,3], a - 1"), "SELECT ARRAY[?], a - ?");
}

#[test]
fn a_text_cut_within_a_literal_hides_it() {
    for cut in ["'sec", "E'sec\\", "$$sec", "$tag$sec$ta", "$tag", "U&'sec", "\"sec", "/* sec"] {
        assert_eq!(
            shape(&format!("SELECT a FROM t WHERE b = {cut}")),
            "SELECT a FROM t WHERE b = …",
            "{cut}"
        );
    }
    assert_eq!(Sql::new("SELECT a", true).shape().as_str(), "SELECT a …");
}

#[test]
fn what_has_two_readings_is_hidden_from_there_on() {
    // With standard_conforming_strings off the first literal ends after `b`, with it on `b` is no literal at all.
    assert_eq!(shape(r"SELECT 'a\', 'b', c"), "SELECT …");
    assert_eq!(shape(r"SELECT 'a\\', 'b', c"), "SELECT ?, c");
}

#[test]
fn a_shape_has_a_bound() {
    let long = format!("SELECT {}", "é, ".repeat(100_000));
    let shape = shape(&long);
    assert!(shape.len() <= 1024 + " …".len() && shape.ends_with(" …"), "{}", shape.len());
}

#[test]
fn bytes_that_are_no_text_are_kept_in_names_and_hidden_in_literals() {
    let shape = Sql::new(b"SELECT \xff FROM t WHERE a = '\xfe".to_vec(), false).shape();
    assert_eq!(shape.as_str(), "SELECT \\xff FROM t WHERE a = …");
}

#[test]
fn the_raw_text_is_in_no_debug_output() {
    assert_eq!(format!("{:?}", Sql::from("SELECT 'x'")), "Sql(10 bytes)");
}

/// A literal of each form around content whose only letters are `ж`; anything that a scanner could trip over beside.
fn literal() -> impl Strategy<Value = String> {
    let content = "[ж'\\\\\"$?;,()\n/*-]{0,12}";
    prop_oneof![
        content.prop_map(|c| format!("'{}'", c.replace('\'', "''"))),
        content.prop_map(|c| format!("E'{}'", c.replace('\\', "\\\\").replace('\'', "\\'"))),
        content.prop_map(|c| format!("e'{}'", c.replace('\\', "\\\\").replace('\'', "''"))),
        // standard_conforming_strings = off
        content.prop_map(|c| format!("'{}'", c.replace('\\', "\\\\").replace('\'', "\\'"))),
        content.prop_map(|c| format!("U&'{}'", c.replace('\'', "''"))),
        content.prop_map(|c| format!("$${}$$", c.replace('$', ""))),
        content.prop_map(|c| format!("$t1${}$t1$", c.replace('$', "$$").replace("$$", "$"))),
        content.prop_map(|c| format!("/*{}*/", c.replace(['*', '/'], ""))),
        content.prop_map(|c| format!("--{}\n", c.replace('\n', ""))),
        "[0-9]{1,3}(\\.[0-9]{1,3})?(e[+-]?[0-9]{1,2})?",
    ]
}

proptest! {
    #[test]
    fn no_content_of_a_literal_survives(
        parts in prop::collection::vec((literal(), "( |,|, |=| a |\\(|\\)|::text |\"q\"|\\$1 |<>|-|\n| date )"), 1..8),
        cut in any::<prop::sample::Index>(),
    ) {
        let text: String = parts.iter().flat_map(|(l, glue)| [glue.as_str(), l.as_str()]).collect();
        for text in [&text[..], &text[..(0..=cut.index(text.len())).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0)]] {
            let shape = shape(text);
            prop_assert!(!shape.contains('ж'), "{text:?} -> {shape:?}");
            let digits = shape.replace("$1", "");
            prop_assert!(!digits.contains(|c: char| c.is_ascii_digit()), "{text:?} -> {shape:?}");
        }
    }

    #[test]
    fn a_shape_is_its_own_shape(tokens in prop::collection::vec(
        prop::sample::select(vec!["a", "1", "'x'", "(", ")", ",", " ", "\"q\"", "$1", ".", "-", "\n", "$$x$$", "/**/"]),
        0..20,
    )) {
        let once = shape(&tokens.concat());
        prop_assert_eq!(shape(&once), once);
    }

    #[test]
    fn any_bytes_have_a_bounded_shape(bytes: Vec<u8>) {
        prop_assert!(Sql::new(bytes, false).shape().as_str().len() <= 4200);
    }
}
