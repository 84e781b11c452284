//! As much of a certificate as libpq looks at and rustls does not: the common name, dates, and the hash that a proof is bound to.
//! X.690, RFC 5280 section 4.1.

use std::net::IpAddr;

const SEQUENCE: u8 = 0x30;
const OID: u8 = 0x06;
/// id-at-commonName
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
/// id-ce-subjectAltName
const ALT_NAME: &[u8] = &[0x55, 0x1d, 0x11];
/// Below this arc are RSA's signatures; the last byte says which.
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01];
/// ecdsa-with-SHA2: the last byte says which.
const ECDSA: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03];
const ECDSA_SHA1: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01];
/// NIST's hashes: the last byte says which.
const HASHES: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02];

/// Reads one value after the other.
struct Der<'a>(&'a [u8]);

/// A value: its tag, what is in it, and all of its bytes.
struct Value<'a> {
    tag: u8,
    content: &'a [u8],
    whole: &'a [u8],
}

impl<'a> Iterator for Der<'a> {
    type Item = Value<'a>;
    fn next(&mut self) -> Option<Value<'a>> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            0x81..=0x84 => {
                let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
                (bytes.iter().fold(0, |n, b| n << 8 | usize::from(*b)), rest)
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        let whole = &self.0[..self.0.len() - rest.len()];
        self.0 = rest;
        Some(Value { tag, content, whole })
    }
}

impl<'a> Der<'a> {
    /// The next value, when it has this tag.
    fn only(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.next().filter(|v| v.tag == tag).map(|v| v.content)
    }
}

/// A certificate, taken apart.
pub(super) struct Certificate<'a> {
    /// What is signed.
    pub signed: &'a [u8],
    /// How, the inside of the AlgorithmIdentifier.
    pub algorithm: &'a [u8],
    pub signature: &'a [u8],
    pub issuer: &'a [u8],
    pub subject: &'a [u8],
    /// Seconds since 1970.
    pub valid: (i64, i64),
    /// The kind of the public key, the inside of its AlgorithmIdentifier, and the key.
    pub key: (&'a [u8], &'a [u8]),
    /// No extension says what it may be used for.
    pub first_version: bool,
    names: Names,
}

/// For whom it is.
#[derive(Clone, Debug, Default, PartialEq)]
struct Names {
    dns: Vec<String>,
    ips: Vec<IpAddr>,
    common: Option<String>,
}

impl<'a> Certificate<'a> {
    pub fn parse(der: &'a [u8]) -> Option<Self> {
        let mut outer = Der(Der(der).only(SEQUENCE)?);
        let tbs = outer.next().filter(|v| v.tag == SEQUENCE)?;
        let algorithm = outer.only(SEQUENCE)?;
        let signature = bits(outer.only(0x03)?)?;
        let mut inner = Der(tbs.content);
        let mut value = inner.next()?;
        let mut first_version = true;
        if value.tag == 0xa0 {
            first_version = Der(value.content).only(0x02)? == [0];
            value = inner.next()?; // the serial number
        }
        if value.tag != 0x02 {
            return None;
        }
        inner.only(SEQUENCE)?;
        let issuer = inner.only(SEQUENCE)?;
        let mut dates = Der(inner.only(SEQUENCE)?);
        let valid = (date(&dates.next()?)?, date(&dates.next()?)?);
        let subject = inner.only(SEQUENCE)?;
        let mut key = Der(inner.only(SEQUENCE)?);
        let key = (key.only(SEQUENCE)?, bits(key.only(0x03)?)?);
        let mut names = Names { common: common_name(subject), ..Names::default() };
        for value in inner.filter(|v| v.tag == 0xa3) {
            for extension in Der(Der(value.content).only(SEQUENCE)?) {
                names.extension(extension.content);
            }
        }
        let signed = tbs.whole;
        Some(Self { signed, algorithm, signature, issuer, subject, valid, key, first_version, names })
    }

    /// Whether it is for this host, as libpq sees it: `pq_verify_peer_name_matches_certificate` of `fe-secure-common.c`.
    pub fn is_for(&self, host: &str) -> bool {
        let ip: Option<IpAddr> = host.parse().ok();
        let names = &self.names;
        // The common name counts when no other name is of the same kind as the host's.
        let of_its_kind = if ip.is_some() { !names.ips.is_empty() } else { !names.dns.is_empty() };
        names.dns.iter().any(|n| matches(n, host))
            || ip.is_some_and(|ip| names.ips.contains(&ip))
            || !of_its_kind && names.common.as_ref().is_some_and(|n| matches(n, host))
    }

    /// For whom it is, in words; at most so many names.
    pub fn is_for_whom(&self) -> String {
        let names = self.names.dns.iter().cloned().chain(self.names.ips.iter().map(ToString::to_string));
        let mut all: Vec<String> = names.collect();
        if all.is_empty() {
            all.extend(self.names.common.clone());
        }
        let more = all.len().saturating_sub(5);
        all.truncate(5);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        if all.is_empty() { "nobody".into() } else { format!("{}{more}", all.join(", ")) }
    }

    /// The hash of the signature, by which `tls-server-end-point` binds: RFC 5929 section 4.1. Ed25519 has none.
    pub fn hash(&self) -> Option<Hash> {
        let mut algorithm = Der(self.algorithm);
        let oid = algorithm.only(OID)?;
        match (oid.strip_prefix(RSA), oid.strip_prefix(ECDSA)) {
            (Some([4 | 5 | 11]), _) => Some(Hash::Sha256),
            (Some([12]), _) => Some(Hash::Sha384),
            (Some([13]), _) => Some(Hash::Sha512),
            (Some([14]), _) => Some(Hash::Sha224),
            // PSS: the hash is the first of its parameters, SHA-1 when there is none.
            (Some([10]), _) => match Der(algorithm.only(SEQUENCE)?).next().filter(|v| v.tag == 0xa0) {
                Some(hash) => Hash::of(Der(Der(hash.content).only(SEQUENCE)?).only(OID)?),
                None => Some(Hash::Sha256),
            },
            (_, Some([1])) => Some(Hash::Sha224),
            (_, Some([2])) => Some(Hash::Sha256),
            (_, Some([3])) => Some(Hash::Sha384),
            (_, Some([4])) => Some(Hash::Sha512),
            _ => (oid == ECDSA_SHA1).then_some(Hash::Sha256),
        }
    }
}

/// What a certificate is hashed with; MD5 and SHA-1 are replaced by SHA-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hash {
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    fn of(oid: &[u8]) -> Option<Self> {
        match oid.strip_prefix(HASHES) {
            Some([1]) => Some(Self::Sha256),
            Some([2]) => Some(Self::Sha384),
            Some([3]) => Some(Self::Sha512),
            Some([4]) => Some(Self::Sha224),
            // 1.3.14.3.2.26 is SHA-1.
            _ => (oid == [0x2b, 0x0e, 0x03, 0x02, 0x1a]).then_some(Self::Sha256),
        }
    }
}

impl Names {
    fn extension(&mut self, content: &[u8]) {
        let mut parts = Der(content);
        if parts.only(OID) != Some(ALT_NAME) {
            return;
        }
        // The flag `critical` may stand between.
        let Some(octets) = parts.find(|v| v.tag == 0x04) else { return };
        for name in Der(octets.content).only(SEQUENCE).map(Der).into_iter().flatten() {
            match (name.tag, name.content.len()) {
                (0x82, _) => self.dns.extend(text(name.content)),
                (0x87, 4) => self.ips.extend(<[u8; 4]>::try_from(name.content).map(IpAddr::from)),
                (0x87, 16) => self.ips.extend(<[u8; 16]>::try_from(name.content).map(IpAddr::from)),
                _ => {}
            }
        }
    }
}

/// A text without a zero byte: with one it could be cut to another name.
fn text(bytes: &[u8]) -> Option<String> {
    std::str::from_utf8(bytes).ok().filter(|t| !t.contains('\0')).map(Into::into)
}

fn common_name(subject: &[u8]) -> Option<String> {
    for set in Der(subject) {
        for pair in Der(set.content) {
            let mut pair = Der(pair.content);
            if pair.only(OID) == Some(COMMON_NAME) {
                return text(pair.next()?.content);
            }
        }
    }
    None
}

/// A name of a certificate against a host: letters of either case, a star for all of the first label.
fn matches(name: &str, host: &str) -> bool {
    if name.eq_ignore_ascii_case(host) {
        return true;
    }
    let (Some(rest), Some((label, of_host))) = (name.strip_prefix("*."), host.split_once('.')) else {
        return false;
    };
    !label.is_empty() && !rest.is_empty() && rest.eq_ignore_ascii_case(of_host)
}

/// The bytes of a BIT STRING of whole bytes.
fn bits(content: &[u8]) -> Option<&[u8]> {
    content.split_first().filter(|(unused, _)| **unused == 0).map(|(_, bytes)| bytes)
}

/// UTCTime or GeneralizedTime, in the forms of RFC 5280.
fn date(value: &Value) -> Option<i64> {
    let text = std::str::from_utf8(value.content).ok()?.strip_suffix('Z')?;
    let text = match (value.tag, text.len()) {
        (0x17, 12) => format!("{}{text}", if text < "50" { "20" } else { "19" }),
        (0x18, 14) => text.into(),
        _ => return None,
    };
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let part = |from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok();
    let (year, month, day) = (part(0, 4)?, part(4, 6)?, part(6, 8)?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // Days from civil: years begin in March, so that the leap day is the last.
    let year = if month < 3 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    Some(days * 86_400 + part(8, 10)? * 3600 + part(10, 12)? * 60 + part(12, 14)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_seconds_since_1970() {
        let at = |tag, text: &str| date(&Value { tag, content: text.as_bytes(), whole: &[] });
        assert_eq!(at(0x17, "700101000000Z"), Some(0));
        assert_eq!(at(0x17, "000229120000Z"), Some(951_825_600));
        assert_eq!(at(0x18, "20261122063025Z"), Some(1_795_329_025));
        assert_eq!(at(0x17, "491231235959Z"), Some(2_524_607_999));
        assert_eq!(at(0x17, "500101000000Z"), Some(-631_152_000));
        for bad in ["20261322063025Z", "2026112206302Z", "2026112206302aZ", "20261122063025"] {
            assert_eq!(at(0x18, bad), None, "{bad}");
        }
    }

    #[test]
    fn a_star_stands_for_one_label() {
        assert!(matches("*.db.test", "a.DB.test") && matches("Db.test", "dB.test"));
        for (name, host) in
            [("*.db.test", "a.b.db.test"), ("*.db.test", "db.test"), ("*.db.test", ".db.test"), ("*", "db")]
        {
            assert!(!matches(name, host), "{name} {host}");
        }
    }

    fn certificate(dns: &[&str], ips: &[&str], common: Option<&str>) -> Certificate<'static> {
        let names = Names {
            dns: dns.iter().map(ToString::to_string).collect(),
            ips: ips.iter().map(|ip| ip.parse().unwrap()).collect(),
            common: common.map(Into::into),
        };
        let none: &[u8] = &[];
        let (signed, algorithm, signature, issuer, subject, key) =
            (none, none, none, none, none, (none, none));
        Certificate {
            signed,
            algorithm,
            signature,
            issuer,
            subject,
            key,
            valid: (0, 0),
            first_version: false,
            names,
        }
    }

    #[test]
    fn the_common_name_counts_when_no_other_name_is_of_the_hosts_kind() {
        assert!(certificate(&[], &[], Some("db")).is_for("db"));
        assert!(!certificate(&["other"], &[], Some("db")).is_for("db"));
        assert!(certificate(&[], &["10.0.0.1"], Some("db")).is_for("db"));
        assert!(certificate(&["db"], &[], Some("10.0.0.1")).is_for("10.0.0.1"));
        assert!(!certificate(&["db"], &["10.0.0.2"], Some("10.0.0.1")).is_for("10.0.0.1"));
        assert!(certificate(&[], &["::1"], None).is_for("0:0::1"));
        assert!(!certificate(&[], &[], None).is_for("db"));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_break_it(bytes: Vec<u8>) {
            if let Some(parsed) = Certificate::parse(&bytes) {
                parsed.hash();
                parsed.is_for("db");
            }
        }
    }
}
