//! The names of a machine itself inside of its settings: they are replaced by placeholders, so that settings that differ in
//! nothing else are equal.

use super::{Arrange, Environ, Identity, OwnName};
use std::borrow::Cow;

/// Shorter names are parts of other words too often.
const SHORTEST: usize = 3;
/// Names that everybody has.
const EVERYBODYS: &[&str] =
    &["localhost", "127.0.0.1", "::1", "0.0.0.0", "::", "localdomain", "none", "(none)"];

/// The letters of hashes that Kubernetes puts into names.
const SAFE: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// Names of one machine and what stands for each.
#[derive(Clone, Debug, Default)]
pub struct OwnNames(Vec<(String, &'static str)>);

impl OwnNames {
    /// What is replaced in settings by what stands for it.
    pub fn of(of: &Identity, environ: Option<&Environ>) -> Self {
        let mut own = Self::default();
        let mut add =
            |name: Option<&str>, placeholder| name.into_iter().for_each(|n| own.add(n, placeholder));
        add(of.pod_uid.as_deref(), "${POD_UID}");
        add(of.hostname.as_deref(), "${HOSTNAME}");
        add(of.pod.as_deref(), "${POD_NAME}");
        for address in &of.addresses {
            add(Some(address), "${POD_IP}");
        }
        let told = |of| environ.and_then(|e| e.own_name(of)).unwrap_or_default();
        told(OwnName::Address).split(',').for_each(|address| add(Some(address), "${POD_IP}"));
        add(of.node.as_deref(), "${NODE_NAME}");
        add(Some(told(OwnName::NodeAddress)), "${NODE_NAME}");
        let pod = of.pod.as_deref().or(of.hostname.as_deref());
        add(pod.and_then(pod_hash), "${POD_HASH}");
        own
    }
    /// Adds a name; the first placeholder of a name counts.
    pub fn add(&mut self, name: &str, placeholder: &'static str) {
        let name = name.trim();
        let known = self.0.iter().any(|(n, _)| n == name);
        if known || name.len() < SHORTEST || EVERYBODYS.contains(&name) {
            return;
        }
        self.0.push((name.into(), placeholder));
        // The longest first: a pod's name holds the hash of its template.
        self.0.arrange_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.0.cmp(&b.0)));
    }
    /// These names without those that count members, as `db-0` of a StatefulSet does: all members may have a setting that
    /// names one of them, and it must not look different on that one.
    pub fn for_settings(&self) -> Self {
        Self(self.0.iter().filter(|(name, _)| !counts(name)).cloned().collect())
    }
    /// The text with every name replaced that stands there as a whole.
    pub fn replace<'t>(&self, text: &'t [u8]) -> Cow<'t, [u8]> {
        let mut out: Option<Vec<u8>> = None;
        let mut at = 0;
        while at < text.len() {
            let hit = self.0.iter().find(|(name, _)| stands(text, at, name));
            match (hit, &mut out) {
                (Some((name, placeholder)), _) => {
                    let out = out.get_or_insert_with(|| text[..at].to_vec());
                    out.extend_from_slice(placeholder.as_bytes());
                    at += name.len();
                }
                (None, out) => {
                    if let Some(out) = out {
                        out.push(text[at]);
                    }
                    at += 1;
                }
            }
        }
        out.map_or(Cow::Borrowed(text), Cow::Owned)
    }
}

/// `db-0`, `worker-12`, `kafka1`: a name with a number, and not one with the hash of a template or of an instance.
fn counts(name: &str) -> bool {
    let base = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = name.len() - base.len();
    let word = base.bytes().all(|b| b.is_ascii_alphabetic() || b == b'-');
    !base.is_empty() && (1..=4).contains(&digits) && (base.ends_with('-') || word)
}

/// A generated name is nobody else's, whatever stands around it.
fn is_made(name: &str) -> bool {
    let digit = name.bytes().any(|b| b.is_ascii_digit());
    let kinds: Vec<bool> = name.bytes().map(|b| b.is_ascii_digit()).collect();
    let turns = kinds.windows(2).filter(|w| w[0] != w[1]).count();
    digit && (name.len() >= 8 && name.contains('-') || name.len() >= 6 && turns >= 3)
}

/// Whether `name` begins at `at` and is no part of another name.
fn stands(text: &[u8], at: usize, name: &str) -> bool {
    let rest = &text[at..];
    if !rest.starts_with(name.as_bytes()) {
        return false;
    }
    let before = at.checked_sub(1).map(|i| text[i]);
    let after = &rest[name.len()..];
    if name.parse::<std::net::IpAddr>().is_ok() {
        let part =
            |b: u8| if name.contains(':') { b.is_ascii_hexdigit() || b == b':' } else { b.is_ascii_digit() };
        // `10.0.0.1` is neither in `10.0.0.12` nor in `110.0.0.1` nor in `10.0.0.1.5`; a port may follow.
        let more = match after {
            [b'.', next, ..] => next.is_ascii_digit(),
            [b':', next, ..] if name.contains(':') => next.is_ascii_hexdigit() || *next == b':',
            [next, ..] => next.is_ascii_alphanumeric(),
            [] => false,
        };
        let dotted = before == Some(b'.') && at >= 2 && text[at - 2].is_ascii_digit();
        return !more && !dotted && !before.is_some_and(|b| part(b) || b.is_ascii_alphanumeric());
    }
    // `data-web-7f9c5-x2k4j` is made of the name; a plain word is part of many.
    let made = is_made(name);
    let part = |b: u8| b.is_ascii_alphanumeric() || b >= 0x80 || !made && (b == b'-' || b == b'_');
    let dotted = !made && before == Some(b'.');
    !dotted && !before.is_some_and(part) && !after.first().is_some_and(|b| part(*b))
}

/// `7f9c5d8b6` of `web-7f9c5d8b6-x2k4j`.
fn pod_hash(pod: &str) -> Option<&str> {
    let (rest, last) = pod.rsplit_once('-')?;
    let (name, hash) = rest.rsplit_once('-')?;
    let safe = |text: &str| text.bytes().all(|b| SAFE.contains(&b));
    let hash_like = (6..=10).contains(&hash.len()) && hash.bytes().any(|b| b.is_ascii_digit());
    (!name.is_empty() && last.len() == 5 && safe(last) && hash_like && safe(hash)).then_some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn own(names: &[(&str, &'static str)]) -> OwnNames {
        let mut own = OwnNames::default();
        names.iter().for_each(|(n, p)| own.add(n, p));
        own
    }
    fn said(own: &OwnNames, text: &str) -> String {
        String::from_utf8(own.replace(text.as_bytes()).into_owned()).unwrap()
    }

    #[test]
    fn names_are_replaced_where_they_stand_as_a_whole() {
        let own = own(&[
            ("web", "${HOSTNAME}"),
            ("7f9c5d8b6", "${POD_HASH}"),
            ("web-7f9c5d8b6-x2k4j", "${POD_NAME}"),
            ("10.0.0.1", "${POD_IP}"),
            ("fd00::1", "${POD_IP}"),
        ]);
        for (text, expected) in [
            ("web", "${HOSTNAME}"),
            ("http://web:80/web?x=web", "http://${HOSTNAME}:80/${HOSTNAME}?x=${HOSTNAME}"),
            ("web.prod.svc", "${HOSTNAME}.prod.svc"),
            ("webhook my-web web-cache web_db cdn.web x", "webhook my-web web-cache web_db cdn.web x"),
            ("web-7f9c5d8b6-x2k4j", "${POD_NAME}"),
            ("data-web-7f9c5d8b6-x2k4j.log", "data-${POD_NAME}.log"),
            ("web-7f9c5d8b6-zzzzz", "web-${POD_HASH}-zzzzz"),
            ("10.0.0.1:80,10.0.0.1", "${POD_IP}:80,${POD_IP}"),
            ("10.0.0.12 110.0.0.1 9.10.0.0.1 10.0.0.1.5", "10.0.0.12 110.0.0.1 9.10.0.0.1 10.0.0.1.5"),
            ("at 10.0.0.1.", "at ${POD_IP}."),
            ("[fd00::1]:80 fd00::12 fd00::1:2 afd00::1", "[${POD_IP}]:80 fd00::12 fd00::1:2 afd00::1"),
            ("", ""),
        ] {
            assert_eq!(said(&own, text), expected, "{text}");
        }
    }

    #[test]
    fn a_member_that_has_a_number_keeps_its_name_in_settings() {
        let own = own(&[("kafka-1", "${HOSTNAME}"), ("10.0.0.7", "${POD_IP}")]);
        assert_eq!(said(&own, "kafka-1 10.0.0.7"), "${HOSTNAME} ${POD_IP}");
        assert_eq!(said(&own.for_settings(), "kafka-0,kafka-1 10.0.0.7"), "kafka-0,kafka-1 ${POD_IP}");
        assert!(["db-0", "web2-11", "kafka1", "my-host01"].iter().all(|n| counts(n)));
        assert!(!["web-7f9c5d8b6-x2k41", "web", "10.0.0.7", "7f9c5d8b6", "1234"].iter().any(|n| counts(n)));
    }

    #[test]
    fn the_hash_of_a_template_is_told_from_words() {
        assert_eq!(pod_hash("web-7f9c5d8b6-x2k4j"), Some("7f9c5d8b6"));
        for none in ["web-0", "web", "my-service-prod", "a-1234567-b", "web-7f9c5d8b6-x2k4"] {
            assert_eq!(pod_hash(none), None, "{none}");
        }
    }

    #[test]
    fn what_everybody_is_called_and_what_is_too_short_is_no_name() {
        let own = own(&[
            ("localhost", "${HOSTNAME}"),
            ("db", "${HOSTNAME}"),
            ("", "${POD_IP}"),
            ("127.0.0.1", "${POD_IP}"),
        ]);
        assert_eq!(said(&own, "db localhost 127.0.0.1"), "db localhost 127.0.0.1");
    }

    proptest! {
        #[test]
        fn any_bytes_and_names_do_no_harm(text: Vec<u8>, name in "[a-z0-9.:-]{0,9}") {
            let own = own(&[(&name, "X")]);
            let out = own.replace(&text);
            prop_assert!(out.len() <= text.len());
        }
    }
}
