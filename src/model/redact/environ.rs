//! The environment of a process: names can be had; of values hashes, those of settings that everybody may see, and those that
//! are names of the machine itself.

use super::{Setting, names, secrets};
use crate::model::{OwnNames, Reading, Seal, Untrusted, Value, Why};
use std::{collections::HashSet, fmt};

/// A longer value is no plain setting.
const PLAIN_MOST: usize = 1024;
/// A longer piece of one may be a secret, whatever it is made of.
const PIECE_MOST: usize = 40;

/// What the value of a plain setting looks like; what looks otherwise is not shown, for a secret may stand under any name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Up to ten digits.
    Number,
    /// Letters, with hyphens, underscores and commas between: `production`, `info`.
    Word,
    /// `20.11.1`, `v3.12.4-slim`.
    Version,
    /// `C.UTF-8`, `de_DE@euro`.
    Locale,
    /// `UTC`, `Europe/Berlin`.
    Zone,
    /// Absolute paths with colons between.
    Paths,
    /// Anything short that suggests no secret, nor does the variable's name: somebody said that it holds none.
    Any,
}

impl Shape {
    fn fits(self, value: &[u8]) -> bool {
        let Some(text) = std::str::from_utf8(value).ok().filter(|_| is_plain(value)) else { return false };
        let all = |text: &str, also: &str| {
            text.chars().all(|c| c.is_ascii_alphabetic() || also.contains(c)) && text.len() <= 32
        };
        match self {
            Shape::Number => text.len() <= 10 && text.bytes().all(|b| b.is_ascii_digit()),
            Shape::Word => all(text, "-_,"),
            Shape::Version => is_version(text),
            Shape::Locale => {
                let (name, encoding) = text.split_once('.').unwrap_or((text, "UTF-8"));
                let known =
                    ["UTF-8", "utf8", "utf-8", "UTF8", "ISO-8859-1", "ISO-8859-15"].contains(&encoding);
                known && all(name, "_") && name.len() <= 8
            }
            Shape::Zone => {
                let offset = text.trim_start_matches(|c: char| c.is_ascii_alphabetic());
                let short = offset.is_empty() || offset.len() <= 3 && offset.starts_with(['+', '-']);
                text.len() <= 40
                    && (short && text.len() <= 8 || text.contains('/') && all(text, "/_-+0123456789"))
            }
            Shape::Paths => text.split(':').all(|p| p.is_empty() || p.starts_with('/')),
            Shape::Any => true,
        }
    }
}

/// Numbers with dots between, and perhaps a short word behind.
fn is_version(text: &str) -> bool {
    let text = text.strip_prefix('v').unwrap_or(text);
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (numbers, word) = text.split_at(end);
    let short = word.len() <= 12 && word.chars().all(|c| c.is_ascii_alphanumeric() || "-+.".contains(c));
    let led = word.is_empty() || word.starts_with(['-', '+']);
    numbers.len() <= 16 && numbers.starts_with(|c: char| c.is_ascii_digit()) && short && led
}

/// What a process is told about itself: not a secret, once it looks like a name, an address or a uid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnName {
    /// Host name.
    Hostname,
    /// Pod name.
    Pod,
    /// Namespace of the pod.
    Namespace,
    /// Addresses of the pod.
    Address,
    /// The pod's uid.
    Uid,
    /// Name of the node.
    Node,
    /// Address of the node.
    NodeAddress,
    /// The cluster's own: there in every pod.
    Kubernetes,
}

impl OwnName {
    /// Under which names it goes, the most usual first.
    pub const fn variables(self) -> &'static [&'static str] {
        match self {
            OwnName::Hostname => &["HOSTNAME"],
            OwnName::Pod => &["POD_NAME", "MY_POD_NAME", "K8S_POD_NAME", "KUBERNETES_POD_NAME"],
            OwnName::Namespace => {
                &["POD_NAMESPACE", "MY_POD_NAMESPACE", "K8S_NAMESPACE", "KUBERNETES_NAMESPACE"]
            }
            OwnName::Address => &["POD_IP", "POD_IPS", "MY_POD_IP", "K8S_POD_IP"],
            OwnName::Uid => &["POD_UID", "MY_POD_UID", "K8S_POD_UID"],
            OwnName::Node => &["NODE_NAME", "MY_NODE_NAME", "K8S_NODE_NAME", "KUBERNETES_NODE_NAME"],
            OwnName::NodeAddress => &["HOST_IP", "NODE_IP", "MY_HOST_IP", "K8S_NODE_IP", "DD_AGENT_HOST"],
            OwnName::Kubernetes => &["KUBERNETES_SERVICE_HOST"],
        }
    }
    /// Every one.
    pub const ALL: [OwnName; 8] = [
        OwnName::Hostname,
        OwnName::Pod,
        OwnName::Namespace,
        OwnName::Address,
        OwnName::Uid,
        OwnName::Node,
        OwnName::NodeAddress,
        OwnName::Kubernetes,
    ];
}

/// The environment that a process was started with; what it changed since is not seen. Names can be had, values only of
/// what is on the list.
pub struct Environ {
    bytes: Vec<u8>,
    cut: bool,
}

impl Environ {
    /// The bytes of `/proc/PID/environ`; `cut` when the reader stopped before their end.
    pub fn new(bytes: Vec<u8>, cut: bool) -> Self {
        Self { bytes, cut }
    }
    /// There was more than was read: a name that is missing may be in the rest.
    pub fn is_cut(&self) -> bool {
        self.cut
    }
    fn pairs(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.bytes.split(|b| *b == 0).filter_map(|entry| {
            let at = entry.iter().position(|b| *b == b'=')?;
            // A title written over the environment is no list of names: what is no identifier is not shown.
            let name = std::str::from_utf8(&entry[..at]).ok()?;
            let first = name.bytes().next()?;
            let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            (plain && !first.is_ascii_digit() && name.len() <= 128).then_some((name, &entry[at + 1..]))
        })
    }
    /// The names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.pairs().map(|(name, _)| name)
    }
    /// The raw value of one setting; the first counts, as for `getenv`. Flags may hold secrets beside what a check needs:
    /// for probes only, which take numbers out of it. The last value is missing when the reader stopped within it.
    pub fn value(&self, of: Setting) -> Option<&[u8]> {
        let value = self.pairs().find(|(name, _)| *name == of.name())?.1;
        (!self.is_part(value)).then_some(value)
    }
    /// The reader stopped within this value.
    fn is_part(&self, value: &[u8]) -> bool {
        self.cut && value.as_ptr_range().end == self.bytes.as_ptr_range().end
    }
    /// What the process was told about itself, when that looks like such a name and like nothing else.
    pub fn own_name(&self, of: OwnName) -> Option<&str> {
        of.variables().iter().find_map(|variable| {
            let value = self.pairs().find(|(name, _)| name == variable)?.1;
            std::str::from_utf8(value).ok().filter(|v| is_name(v) && !self.is_part(value))
        })
    }
    /// Every variable once (the first counts, as for `getenv`) with its hash, own names replaced before. The value itself stands
    /// there when `shown` says what it looks like, and it does.
    pub fn sealed<'e>(
        &'e self,
        own: &'e OwnNames,
        seal: &'e Seal,
        shown: &'e dyn Fn(&str) -> Option<Shape>,
    ) -> impl Iterator<Item = (&'e str, Reading<Value>)> {
        let mut met = HashSet::new();
        self.pairs().filter(move |(name, _)| met.insert(*name)).map(move |(name, value)| {
            if self.is_part(value) {
                return (name, Reading::unseen(Why::TooMany));
            }
            let replaced = own.replace(value);
            let shape = shown(name).filter(|s| *s != Shape::Any || !names::is_secret(name.as_bytes()));
            let value = if shape.is_some_and(|shape| shape.fits(value)) {
                Value::Text { text: Untrusted::from_bytes(&replaced) }
            } else {
                Value::Sealed { hash: seal.hash(&replaced), bytes: replaced.len() as u64 }
            };
            (name, Reading::seen(value))
        })
    }
}

/// Whether nothing in a value suggests a secret: it is short, made of what paths, numbers and names are made of, and neither looks
/// random nor announces a secret in it.
fn is_plain(value: &[u8]) -> bool {
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b"._-/:,+ ".contains(b);
    let piece = |p: &[u8]| p.len() <= PIECE_MOST;
    value.len() <= PLAIN_MOST
        && value.iter().all(plain)
        && value.split(|b| b"/:, ".contains(b)).all(piece)
        && !value.windows(3).any(|w| w == b"://")
        && secrets::find(value).is_empty()
}

/// `web-7f9c5`, `10.0.0.7,fd00::7`, a uid: letters, digits and what stands between them in such names.
fn is_name(value: &str) -> bool {
    (1..=253).contains(&value.len())
        && value.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._:,".contains(&b))
        && secrets::find(value.as_bytes()).is_empty()
}

impl fmt::Debug for Environ {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Environ({} names)", self.names().count())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str, cut: bool) -> Vec<(String, Option<Value>)> {
        let env = Environ::new(text.replace('|', "\0").into_bytes(), cut);
        let mut own = OwnNames::default();
        own.add("web-1a2b3", "${HOSTNAME}");
        let seal = Seal::new(b"k");
        let shown = |name: &str| (!name.starts_with("HIDDEN")).then_some(Shape::Any);
        env.sealed(&own, &seal, &shown).map(|(n, v)| (n.to_string(), v.drawn().cloned())).collect()
    }

    #[test]
    fn values_are_shown_when_they_are_plain_and_hashed_otherwise() {
        let text = |t: &str| Some(Value::Text { text: t.into() });
        let all = told("TZ=UTC|ME=web-1a2b3:80|HIDDEN=a|TZ=other|URL=http://a@b/|LAST=cu", true);
        assert_eq!(all[0], ("TZ".into(), text("UTC")));
        assert_eq!(all[1], ("ME".into(), text("${HOSTNAME}:80")));
        assert!(matches!(all[2].1, Some(Value::Sealed { bytes: 1, .. })));
        assert!(matches!(all[3].1, Some(Value::Sealed { .. })) && all[3].0 == "URL");
        assert_eq!((all.len(), all[4].1.clone()), (5, None));
    }

    #[test]
    fn no_secret_is_plain_whatever_its_shape() {
        for secret in [
            "postgres://app:hunter2@db/shop",
            "me:hunter2@db",
            r#"{"password":"hunter2"}"#,
            "-----BEGIN PRIVATE KEY-----",
            "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
            "AKIAIOSFODNN7EXAMPLE",
            "d41d8cd98f00b204e9800998ecf8427e",
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.sig",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "aGVsbG8gd29ybGQgdGhpcyBpcyBhIHNlY3JldA==",
            "token=abc",
            "p&ss!word",
        ] {
            assert!(!is_plain(secret.as_bytes()), "{secret}");
        }
        for plain in
            ["UTC", "en_US.UTF-8", "/usr/local/bin:/usr/bin", "production", "8080", "20.11.1", "info,sql"]
        {
            assert!(is_plain(plain.as_bytes()), "{plain}");
        }
    }

    #[test]
    fn a_listed_setting_is_shown_when_it_looks_like_one() {
        for (shape, yes, no) in [
            (Shape::Number, &["8080", "1"][..], &["8080x", "12345678901"][..]),
            (Shape::Word, &["production", "info,sql"], &["hunter2", "x y"]),
            (
                Shape::Version,
                &["20.11.1", "v3.12", "17-slim", "1.2.3+build.5"],
                &["hunter2", "1hunter2", "v"],
            ),
            (Shape::Locale, &["C.UTF-8", "en_US.UTF-8", "POSIX", "C"], &["hunter2", "C.hunter2"]),
            (Shape::Zone, &["UTC", "Europe/Berlin", "Etc/GMT+3", "GMT-3"], &["hunter2", "x y"]),
            (Shape::Paths, &["/root", "/usr/bin:/bin"], &["hunter2", "/bin:hunter2"]),
        ] {
            yes.iter().for_each(|v| assert!(shape.fits(v.as_bytes()), "{shape:?} {v}"));
            no.iter().for_each(|v| assert!(!shape.fits(v.as_bytes()), "{shape:?} {v}"));
        }
    }

    #[test]
    fn names_of_the_machine_are_given_only_when_they_look_like_some() {
        let env = Environ::new(b"POD_IP=10.0.0.7\0NODE_NAME=n 1; password\0POD_NAME=web-0".to_vec(), true);
        assert_eq!(env.own_name(OwnName::Address), Some("10.0.0.7"));
        assert_eq!((env.own_name(OwnName::Node), env.own_name(OwnName::Pod)), (None, None));
    }
}
