//! `pods/secret-in-env`

use super::{super::facts::Facts, named, next, say, some, workload_thing, workloads};
use crate::{
    check,
    model::{Confidence, Finding, Judging, Severity},
};

check! {
    /// ## What it sees
    ///
    /// Environment variables with a plain `value` in the spec that look like secrets: by the form of the value (a token of a known
    /// service, a URL with a password, a private key: a warning) or by the name alone (a notice). Values are looked at and neither
    /// kept nor shown.
    ///
    /// ## Why it matters
    ///
    /// The spec is readable by everybody who may see pods or Deployments, stands in the repository, in the history of rollouts and
    /// in every backup, and changes only with a deployment. Rights on Secrets do not apply to it.
    ///
    /// ## Confirm
    ///
    /// `kubectl get deploy NAME -o jsonpath='{range ..env[*]}{.name}{"\n"}{end}'` names the variables.
    ///
    /// ## Fix
    ///
    /// `valueFrom: {secretKeyRef: …}`, or a mounted Secret. Then change the secret itself: it has been read.
    "pods/secret-in-env": "a secret stands in the spec in plain text" {} judge(Facts)
}

fn judge(f: &Facts, _: &Limits, out: &mut Judging) {
    let Some(all) = workloads(f, out) else { return };
    let mut found = Vec::new();
    for w in all {
        for c in w.containers.iter().filter(|c| !c.suspects.is_empty()) {
            let by_form = c.suspects.iter().any(|s| s.by_form);
            let names: Vec<&str> =
                c.suspects.iter().filter(|s| s.by_form == by_form).map(|s| s.name.as_str()).collect();
            let (severity, confidence, because) = match by_form {
                true => (
                    Severity::Warning,
                    Confidence::High,
                    "the value has the form of a token, a private key or a URL with a password",
                ),
                false => (
                    Severity::Notice,
                    Confidence::Medium,
                    "the name says that it is one, and its value stands in the spec",
                ),
            };
            let title = format!("{}: {} in plain text in the spec", named(w, c), some(&names));
            let all: Vec<&str> = c.suspects.iter().map(|s| s.name.as_str()).collect();
            let finding = Finding::new(severity, confidence, workload_thing(f, w), title)
                .evidence("container", c.name.as_str())
                .evidence("variables", all.join(", "))
                .because(because)
                .because("who may read pods may read it; rights on Secrets do not apply")
                .remedy("valueFrom: {secretKeyRef: …}; then change the secret, for it has been read");
            found.push(next(finding, f, w));
        }
    }
    say(found, out);
}

#[cfg(test)]
mod tests {
    use super::{
        super::super::facts::{Suspect, made::*},
        *,
    };
    use crate::model::judged::*;

    fn suspects(all: &[(&str, bool)]) -> Facts {
        with(|c| {
            c.suspects =
                all.iter().map(|(n, by_form)| Suspect { name: n.to_string(), by_form: *by_form }).collect();
        })
    }

    #[test]
    fn the_form_is_a_warning_and_the_name_a_notice() {
        let f = &found(&CHECK, &suspects(&[("DB_PASSWORD", false), ("DB_URL", true)]))[0];
        assert_eq!(f.severity, Severity::Warning);
        assert_eq!(f.title, "prod/deploy/web: DB_URL in plain text in the spec");
        assert_eq!(found(&CHECK, &suspects(&[("DB_PASSWORD", false)]))[0].severity, Severity::Notice);
        clear(&CHECK, &suspects(&[]));
    }
}
