//! Writes docs/config.md from the schema: a table of every key.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::json_schema;

/// Stands before the tables.
const INTRODUCTION: &str = "\
# strait.toml

Made from the same definition as the checks and `strait.schema.json`; every key is here.

The file is named by `--config` or `STRAIT_CONFIG`. Otherwise `strait.toml` is looked for in the working
directory and above it up to the repository's root, then in `$XDG_CONFIG_HOME/strait` (`~/.config/strait`).
Unknown keys are errors. Sizes are written `\"256 MiB\"` (B, kB, MB, GB, TB, KiB, MiB, GiB, TiB), rates
`\"50 MiB/s\"`, durations `\"30s\"`, `\"2m\"` or `\"1h 30m\"`. Paths are relative to the file. A dash means
no default.

For completion and checks in an editor, begin the file with `#:schema ./strait.schema.json`.
";

/// Returns the whole page.
pub fn page() -> String {
    let mut page = INTRODUCTION.to_owned();
    section(&mut page, "", json_schema());
    page
}

fn section(page: &mut String, path: &str, schema: &Value) {
    let empty = Map::new();
    let properties = schema["properties"].as_object().unwrap_or(&empty);
    let (tables, keys): (Vec<_>, Vec<_>) = properties.iter().partition(|(_, key)| is_table(key));
    if !path.is_empty() {
        line(page, format_args!("\n## [{path}]\n"));
        line(page, format_args!("{}\n", words(schema)));
    }
    if !keys.is_empty() {
        line(page, format_args!("| key | type | default | meaning |\n| --- | --- | --- | --- |"));
    }
    let required: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for (name, key) in keys {
        let default = match (required.contains(&name.as_str()), key.get("default")) {
            (true, _) => "required".to_owned(),
            (false, Some(value)) => format!("`{value}`"),
            (false, None) => "-".to_owned(),
        };
        let meaning = words(key).replace('|', "\\|");
        let example = match &key["examples"][0] {
            Value::Null => String::new(),
            Value::Object(map) => {
                let pairs: Vec<_> = map.iter().map(|(key, value)| format!("\"{key}\" = {value}")).collect();
                format!(" Example: `{{ {} }}`.", pairs.join(", "))
            }
            value => format!(" Example: `{value}`."),
        };
        line(page, format_args!("| `{name}` | {} | {default} | {meaning}{example} |", kind(key)));
    }
    for (name, table) in tables {
        let dot = if path.is_empty() { "" } else { "." };
        if table.get("properties").is_some() {
            section(page, &format!("{path}{dot}{name}"), table);
        } else {
            section(page, &format!("{path}{dot}{name}.NAME"), &table["additionalProperties"]);
        }
    }
}

/// Tables of free keys and plain values, like `config_overrides`, are shown as one key.
fn is_table(key: &Value) -> bool {
    key["type"] == "object"
        && (key.get("properties").is_some() || key["additionalProperties"].get("properties").is_some())
}

fn kind(key: &Value) -> String {
    if let Some(words) = key["enum"].as_array() {
        let words: Vec<_> = words.iter().filter_map(Value::as_str).map(|word| format!("`{word}`")).collect();
        return words.join(", ");
    }
    match key["type"].as_str().unwrap_or_default() {
        "array" => "list of texts".to_owned(),
        "object" => "table of texts".to_owned(),
        "integer" => "number".to_owned(),
        "boolean" => "true or false".to_owned(),
        _ => "text".to_owned(),
    }
}

fn words(schema: &Value) -> String {
    schema["description"].as_str().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn line(page: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing into a String cannot fail.
    let _ = writeln!(page, "{text}");
}
