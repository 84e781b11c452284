//! Certificates in PEM files: whom this machine trusts, and when one ends.

use super::pg;
use crate::model::Stamp;
use rustls::pki_types::{CertificateDer, pem::PemObject};
use std::{fs, io::Read, path::Path};

/// A file with more of them is a bundle of authorities, some of which have always ended.
const MOST: usize = 8;
/// Where distributions keep the authorities that they trust.
const SYSTEM: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];
/// At most this much of a file is read, in bytes.
const MOST_READ: u64 = 8 << 20;

/// The authorities that this machine trusts; `None` when it has no list of them.
pub(super) fn system() -> Option<Vec<CertificateDer<'static>>> {
    SYSTEM.iter().find_map(|p| certificates(Path::new(p)).ok()).filter(|found| !found.is_empty())
}

/// All certificates in a file.
///
/// # Errors
/// What is wrong with it, with its name.
pub(super) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    pem(path)
}

/// All items of a kind in a file.
pub(super) fn pem<T: PemObject>(path: &Path) -> Result<Vec<T>, String> {
    let bytes = read(path)?;
    T::pem_slice_iter(&bytes).collect::<Result<_, _>>().map_err(|e| format!("{}: {e}", path.display()))
}

/// A file that holds such items.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let file = fs::File::open(path).and_then(|f| f.take(MOST_READ).read_to_end(&mut bytes));
    file.map(|_| bytes).map_err(|e| format!("{}: {e}", path.display()))
}

/// When the first of the certificates in this file ends; `None` when it holds none, or is a bundle of many.
pub fn expires(pem: &[u8]) -> Option<Stamp> {
    let mut first = None;
    for (i, certificate) in CertificateDer::pem_slice_iter(pem).take(MOST + 1).enumerate() {
        let end = pg::expires(&certificate.ok()?)?;
        if i == MOST {
            return None;
        }
        first = Some(first.map_or(end, |f: i64| f.min(end)));
    }
    first.map(|s| Stamp::from_ms(s.saturating_mul(1000)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    /// What openssl makes, and when it says that it ends.
    fn made(days: &str, key: &str) -> (Vec<u8>, String) {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name).to_str().unwrap().to_string();
        let (key_file, file) = (path("key"), path("crt"));
        let line = ["req", "-x509", "-nodes", "-subj", "/CN=x", "-days", days, "-newkey", key, "-pkeyopt"];
        let option = if key == "ec" { "ec_paramgen_curve:prime256v1" } else { "rsa_keygen_bits:2048" };
        let args = [&line[..], &[option, "-keyout", &key_file, "-out", &file]].concat();
        let openssl = |args: &[&str]| {
            let out = Command::new("openssl").args(args).output().expect("openssl is installed");
            assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
            String::from_utf8(out.stdout).unwrap()
        };
        openssl(&args);
        let end = openssl(&["x509", "-in", &file, "-noout", "-enddate", "-dateopt", "iso_8601"]);
        let end = end.trim().trim_start_matches("notAfter=").replace(' ', "T");
        (fs::read(file).unwrap(), end)
    }

    #[test]
    fn the_end_is_the_one_that_openssl_says_before_and_after_2050() {
        for (days, key) in [("30", "ec"), ("14000", "rsa")] {
            let (pem, end) = made(days, key);
            assert_eq!(expires(&pem), Stamp::parse(&end), "{end}");
        }
    }

    #[test]
    fn of_several_the_first_to_end_counts_and_a_bundle_has_no_end() {
        let ((short, end), (long, _)) = (made("5", "ec"), made("900", "ec"));
        assert_eq!(expires(&[&long[..], &short].concat()), Stamp::parse(&end));
        assert_eq!(expires(&long.repeat(9)), None);
        assert_eq!(expires(b"no certificate"), None);
        let cut = &long[..long.len() / 2];
        assert_eq!(expires(cut), None);
    }
}
