//! The JSON Schema of `paramedic/1`.

use crate::model::{
    Cell, Column,
    report::{Report, SCHEMA},
};
use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::{Value, json};

/// Every row that `--all` streamed, when it was given: the last key of the document.
#[derive(JsonSchema)]
#[allow(dead_code, reason = "only its schema is used: rows are written one by one")]
struct Listing {
    /// The columns.
    columns: Vec<Column>,
    /// The rows, each as long as `columns`; null is "not seen" or "there is none".
    rows: Vec<Vec<Cell>>,
}

/// The schema, as `paramedic schema` prints it. It allows keys that it does not know: within `/1` keys are added.
pub fn schema() -> String {
    // As it is written: with a key that is left out when it is empty not called required.
    let mut generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let listing = generator.subschema_for::<Listing>().to_value();
    let mut schema = generator.into_root_schema_for::<Report>().to_value();
    schema["title"] = SCHEMA.into();
    schema["properties"]["schema"]["const"] = SCHEMA.into();
    schema["properties"]["exit_code"]["maximum"] = json!(3);
    schema["properties"]["listing"] = listing;
    pretty(&schema)
}

fn pretty(schema: &Value) -> String {
    // The alternate form of a JSON value is its indented one, and cannot fail.
    format!("{schema:#}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Counts, RowSink, report::BlockV1};
    use crate::render::{json as render_json, listing, sample};

    fn validator() -> jsonschema::Validator {
        jsonschema::validator_for(&serde_json::from_str(&schema()).unwrap()).unwrap()
    }
    fn errors(doc: &Value) -> Vec<String> {
        validator().iter_errors(doc).map(|e| format!("{}: {e}", e.instance_path())).collect()
    }
    fn document(report: &Report) -> Value {
        let mut out = Vec::new();
        render_json(report, &mut out).unwrap();
        serde_json::from_slice(&out).unwrap()
    }

    #[test]
    fn reports_of_the_sick_and_the_healthy_fit() {
        for report in [sample::sick(), sample::healthy()] {
            assert_eq!(errors(&document(&report)), [""; 0]);
        }
    }

    #[test]
    fn a_document_with_a_listing_fits() {
        let mut out = Vec::new();
        let mut sink = listing::Json::open(&sample::sick(), &mut out).unwrap();
        sink.columns(&[Column::new("peer"), Column::unit("oldest_s", "s")]).unwrap();
        sink.row(&["x".into(), Cell::Unseen]).unwrap();
        sink.close().unwrap();
        let mut doc = serde_json::from_slice(&out).unwrap();
        assert_eq!(errors(&doc), [""; 0]);
        doc["listing"]["rows"] = json!([{ "peer": "x" }]);
        assert_eq!(errors(&doc).len(), 1);
    }

    #[test]
    fn every_kind_of_block_fits() {
        let mut report = sample::sick();
        let counts = Counts { name: "100/s".into(), counts: vec![1, 0, 3], beyond: 2 };
        report.sections[0].blocks = vec![
            BlockV1::Chart {
                name: "open",
                unit: "",
                step_ms: 10,
                lines: vec![("node".into(), vec![1.0, 2.5])],
                marks_ms: vec![("exit".into(), 12.5)],
            },
            BlockV1::Histogram {
                name: "latency",
                unit: "ms",
                edges: vec![1.0, 10.0],
                beyond: "no answer",
                lines: vec![counts],
            },
        ];
        let mut doc = document(&report);
        assert_eq!(errors(&doc), [""; 0]);
        assert_eq!(doc["sections"][0]["blocks"][1]["block"], "histogram");
        doc["sections"][0]["blocks"][1]["lines"][0]["beyond"] = "two".into();
        assert!(!errors(&doc).is_empty());
    }

    #[test]
    fn what_a_reader_relies_on_is_required() {
        let whole = document(&sample::sick());
        for key in ["schema", "status", "exit_code", "findings", "sections", "host", "taken_at"] {
            let mut doc = whole.clone();
            doc.as_object_mut().unwrap().remove(key);
            assert!(!errors(&doc).is_empty(), "{key} may be missing");
        }
        let mut doc = whole.clone();
        doc["findings"][0]["severity"] = "dire".into();
        assert!(!errors(&doc).is_empty());
        let mut doc = whole;
        doc["schema"] = "paramedic/2".into();
        assert!(!errors(&doc).is_empty());
    }
}
