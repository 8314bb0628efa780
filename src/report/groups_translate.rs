//! Offsets and their translations: a row for each, and the whole for programs.

use serde::Serialize;
use serde_json::Value;

use super::groups_sync::Reason;
use super::table::{Column, Table};

/// Names the document's shape.
pub const SCHEMA: &str = "strait/groups-translate/v1";

/// Says what each field of an offset holds; docs/json.md is made from here.
pub const OFFSET_FIELDS: &[(&str, &str)] = &[
    ("topic", "topic of the offset that was asked for"),
    ("partition", "partition's index"),
    ("offset", "the offset that was asked for"),
    ("translated_topic", "the topic's name on the other side"),
    ("translated", "the offset on the other side; null where it is unknown"),
    (
        "exactness",
        "`exact`: going on there reads nothing twice and leaves nothing out; `at_or_before`: it leaves nothing out; \
         `unknown`",
    ),
    ("reason", "why it is not exact: code and cause; else null"),
];

static COLUMNS: [Column; 6] = [
    Column::words("TOPIC"),
    Column::number("PARTITION"),
    Column::number("OFFSET"),
    Column::words("TRANSLATED-TOPIC"),
    Column::number("TRANSLATED"),
    Column::words("EXACTNESS"),
];

/// Holds what was translated.
#[derive(Clone, Debug, Serialize)]
pub struct Translations {
    /// The flow.
    pub flow: String,
    /// `source_to_target` or `target_to_source`.
    pub direction: &'static str,
    /// Each offset, in the order of the question.
    pub offsets: Vec<TranslatedOffset>,
    /// The translations in the shape of the question; `null` where one is unknown.
    pub translated: Option<Value>,
}

/// Holds one offset and its translation.
#[derive(Clone, Debug, Serialize)]
pub struct TranslatedOffset {
    /// The topic.
    pub topic: String,
    /// The partition's index.
    pub partition: i32,
    /// The offset.
    pub offset: i64,
    /// The topic's name on the other side; `null` where it has none.
    pub translated_topic: Option<String>,
    /// The offset on the other side.
    pub translated: Option<i64>,
    /// `exact`, `at_or_before` or `unknown`.
    pub exactness: &'static str,
    /// Why it is not exact.
    pub reason: Option<Reason>,
}

/// Lays the offsets out.
pub fn table(translations: &Translations) -> String {
    let mut table = Table::new(&COLUMNS);
    for offset in &translations.offsets {
        table.row([
            offset.topic.clone(),
            offset.partition.to_string(),
            offset.offset.to_string(),
            offset.translated_topic.clone().unwrap_or_default(),
            offset.translated.map(|offset| offset.to_string()).unwrap_or_default(),
            offset.exactness.to_owned(),
        ]);
    }
    table.render()
}
