//! Label selectors of objects.
//! <https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/>

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Which pods an object is about. Without anything in it, it is about all of its namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selector {
    /// `matchLabels`.
    pub labels: BTreeMap<String, String>,
    /// `matchExpressions`.
    pub expressions: Vec<Expression>,
    /// There is none at all: it is about no pod.
    pub none: bool,
}

/// One of `matchExpressions`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expression {
    /// The label.
    pub key: String,
    /// `In`, `NotIn`, `Exists`, `DoesNotExist`.
    pub operator: String,
    /// Values.
    pub values: Vec<String>,
}

impl Selector {
    /// Whether a pod with these labels is meant.
    pub fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        let expression = |e: &Expression| {
            let value = labels.get(&e.key);
            match e.operator.as_str() {
                "In" => value.is_some_and(|v| e.values.contains(v)),
                "NotIn" => value.is_none_or(|v| !e.values.contains(v)),
                "Exists" => value.is_some(),
                "DoesNotExist" => value.is_none(),
                _ => false,
            }
        };
        !self.none
            && self.labels.iter().all(|(k, v)| labels.get(k) == Some(v))
            && self.expressions.iter().all(expression)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_match_as_the_cluster_does() {
        let labels: BTreeMap<_, _> = [("app".to_string(), "web".to_string())].into();
        let by = |key: &str, operator: &str, values: &[&str]| Selector {
            expressions: vec![Expression {
                key: key.into(),
                operator: operator.into(),
                values: values.iter().map(ToString::to_string).collect(),
            }],
            ..Selector::default()
        };
        for (key, operator, values, wanted) in [
            ("app", "In", &["web", "x"][..], true),
            ("app", "In", &["x"], false),
            ("app", "NotIn", &["web"], false),
            ("tier", "NotIn", &["web"], true),
            ("app", "Exists", &[], true),
            ("tier", "DoesNotExist", &[], true),
            ("app", "Gt", &["1"], false),
        ] {
            assert_eq!(by(key, operator, values).matches(&labels), wanted, "{key} {operator} {values:?}");
        }
        assert!(Selector::default().matches(&labels));
        assert!(!Selector { none: true, ..Selector::default() }.matches(&labels));
        assert!(Selector { labels: labels.clone(), ..Selector::default() }.matches(&labels));
    }
}
