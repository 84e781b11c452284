//! The cluster, through the user's own `kubectl`: its contexts, its plugins, its rights.
//! <https://kubernetes.io/docs/reference/kubectl/>

use super::{Input, Refusal, Refused, talk, words};
use crate::model::{Cluster, PodStatus};
use serde_json::Value;
use std::{fmt::Write as _, fs, time::Instant};

/// No answer of the API server that we ask for is larger, in bytes.
const MOST: usize = 256 << 20;
/// Objects of one page.
const PAGE: usize = 500;
/// Pages of one list: more objects are not taken.
const PAGES: usize = 40;

/// What `kubectl config view --minify` says where nothing is configured.
const NO_CONFIGURATION: &str = "current-context must exist";
/// The namespace of the pod that this runs in.
/// <https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/>
const OWN_NAMESPACE: &str = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

/// One cluster, as the user reaches it.
#[derive(Clone, Debug, Default)]
pub struct Kubectl {
    /// Which.
    pub cluster: Cluster,
}

impl Kubectl {
    /// `kubectl` and where to.
    pub(super) fn begin(&self) -> Vec<String> {
        let mut line = vec!["kubectl".to_string()];
        if let Some(path) = &self.cluster.kubeconfig {
            line.push(format!("--kubeconfig={path}"));
        }
        if let Some(context) = &self.cluster.context {
            line.push(format!("--context={context}"));
        }
        line
    }

    /// The command line that runs `argv` in a pod.
    pub fn exec(&self, pod: &PodStatus, argv: &[String], input: bool) -> Vec<String> {
        let mut line = self.begin();
        line.extend(["exec".into(), format!("--namespace={}", pod.namespace)]);
        if input {
            line.push("--stdin".into());
        }
        line.extend([format!("--container={}", pod.container), pod.name.clone(), "--".into()]);
        line.extend_from_slice(argv);
        line
    }

    /// The namespace that is meant: the one that was named, else that of the context, else `default`.
    ///
    /// # Errors
    /// When `kubectl` is not there or its configuration cannot be read.
    pub fn namespace(&self, until: Instant) -> Result<String, Refused> {
        if let Some(named) = &self.cluster.namespace {
            return Ok(named.clone());
        }
        let mut line = self.begin();
        line.extend(["config", "view", "--minify", "--output=jsonpath={..namespace}"].map(String::from));
        let name = match self.run(&line, &Input::default(), until) {
            Ok(said) => String::from_utf8_lossy(&said).trim().to_string(),
            // Without any configuration kubectl takes that of the pod it runs in.
            Err(refused) if refused.words.contains(NO_CONFIGURATION) => {
                fs::read_to_string(OWN_NAMESPACE).unwrap_or_default().trim().to_string()
            }
            Err(refused) => return Err(refused),
        };
        Ok(if name.is_empty() { "default".into() } else { name })
    }

    /// A pod, as the API server has it now.
    ///
    /// # Errors
    /// As for [`Kubectl::get`].
    pub fn pod(&self, pod: &PodStatus, until: Instant) -> Result<Value, Refused> {
        self.get(&format!("/api/v1/namespaces/{}/pods/{}", pod.namespace, pod.name), until)
    }

    /// One object or one page: `path` as the API server has it.
    ///
    /// # Errors
    /// What `kubectl` or the server said.
    pub fn get(&self, path: &str, until: Instant) -> Result<Value, Refused> {
        let mut line = self.begin();
        line.extend(["get".into(), "--raw".into(), path.into()]);
        let said = self.run(&line, &Input::default(), until)?;
        serde_json::from_slice(&said).map_err(|e| {
            Refused::new(Refusal::Cut, format!("the answer to {path} was cut or is no JSON: {e}"))
        })
    }

    /// All objects of a list, page by page. `selector` is a label selector.
    ///
    /// # Errors
    /// As for [`Kubectl::get`]; more objects than are taken are an error, never half a list.
    pub fn list(&self, path: &str, selector: Option<&str>, until: Instant) -> Result<Vec<Value>, Refused> {
        let mut all = Vec::new();
        let mut from = String::new();
        for _ in 0..PAGES {
            let mut query = format!("{path}?limit={PAGE}");
            for (key, value) in [("labelSelector", selector.unwrap_or_default()), ("continue", &from)] {
                if !value.is_empty() {
                    let _ = write!(query, "&{key}={}", escaped(value));
                }
            }
            let mut page = self.get(&query, until)?;
            match page.get_mut("items").map(Value::take) {
                Some(Value::Array(items)) => all.extend(items),
                _ => return Err(Refused::new(Refusal::Cut, format!("the answer to {path} is no list"))),
            }
            from = page.pointer("/metadata/continue").and_then(Value::as_str).unwrap_or_default().to_string();
            if from.is_empty() {
                return Ok(all);
            }
        }
        Err(Refused::new(Refusal::TooMuch, format!("{path}: more than {} objects", PAGE * PAGES)))
    }

    pub(super) fn run(&self, line: &[String], input: &Input, until: Instant) -> Result<Vec<u8>, Refused> {
        let said = talk(line, input, MOST, until).map_err(|e| Refused::of_start("kubectl", &e))?;
        let complaint = String::from_utf8_lossy(&said.stderr);
        match said.code {
            Some(0) => Ok(said.stdout),
            Some(code) => {
                let namespace = self.cluster.namespace.as_deref().unwrap_or("default");
                Err(words::of_kubectl(code, &complaint, namespace)
                    .unwrap_or_else(|| Refused::new(Refusal::Other, complaint.trim())))
            }
            None => Err(Refused::new(Refusal::Other, "kubectl was killed")),
        }
    }
}

/// As a query has it.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for b in text.bytes() {
        if b.is_ascii_alphanumeric() || b"-._~".contains(&b) {
            out.push(char::from(b));
        } else {
            let _ = write!(out, "%{b:02X}");
        }
    }
    out
}
