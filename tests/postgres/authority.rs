//! Certificates made by openssl: an authority, and what it signs.

use super::folder;
use std::{
    fs,
    path::PathBuf,
    process::{Command, Stdio},
};
use tempfile::TempDir;

/// An authority of one's own.
pub struct Authority {
    folder: TempDir,
}

/// A certificate and its key, as PEM.
pub struct Signed {
    pub cert: String,
    pub key: String,
}

fn openssl(line: &str, subject: &str) -> String {
    let mut command = Command::new("openssl");
    command.args(line.split_whitespace());
    if !subject.is_empty() {
        command.args(["-subj", &format!("/CN={subject}")]);
    }
    let out = command.stdin(Stdio::null()).output().expect("openssl is installed");
    assert!(out.status.success(), "{command:?}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8_lossy(&out.stdout).into_owned()
}

const KEY: &str = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -sha256";

impl Authority {
    pub fn new(name: &str) -> Self {
        let out = Self { folder: folder() };
        let at = out.folder.path().display();
        openssl(&format!("req -x509 {KEY} -keyout {at}/ca.key -out {at}/ca.pem -days 30"), name);
        out
    }

    /// Its own certificate.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// A certificate for a common name; `names` as in `DNS:db,IP:10.0.0.1`. Without them it is one of the first version, as the
    /// recipe of Postgres' manual makes it.
    pub fn sign(&self, common: &str, names: &str) -> Signed {
        let at = self.folder.path().display();
        openssl(&format!("req -new {KEY} -keyout {at}/one.key -out {at}/one.csr"), common);
        let mut line = format!(
            "x509 -req -in {at}/one.csr -CA {at}/ca.pem -CAkey {at}/ca.key -CAcreateserial -days 30 -out {at}/one.pem"
        );
        if !names.is_empty() {
            fs::write(self.folder.path().join("ext"), format!("subjectAltName={names}\n"))
                .expect("extensions");
            line += &format!(" -extfile {at}/ext");
        }
        openssl(&line, "");
        self.read("one")
    }

    fn read(&self, name: &str) -> Signed {
        let read =
            |end: &str| fs::read_to_string(self.folder.path().join(format!("{name}.{end}"))).expect("PEM");
        Signed { cert: read("pem"), key: read("key") }
    }

    /// What signed itself: the certificate of this authority with its key, taken for a server's.
    pub fn own(&self) -> Signed {
        let read = |name: &str| fs::read_to_string(self.folder.path().join(name)).expect("PEM");
        Signed { cert: read("ca.pem"), key: read("ca.key") }
    }
}
