//! A commented `strait.toml`, made from the schema, so that no key is left out or invented.

use serde_json::Value;

use crate::config::json_schema;

/// Stands at the top.
const HEAD: &str = "\
# strait.toml: which clusters there are, and what is copied from which to which.
# Keys with a # in front show what holds without them, or an example. `strait validate` checks the file;
# every key is in docs/config.md.
";
/// The values of keys that cannot be left out.
const REQUIRED: &[(&str, &str)] = &[
    ("clusters.us.bootstrap_servers", "[\"us-1.example:9092\", \"us-2.example:9092\"]"),
    ("clusters.eu.bootstrap_servers", "[\"eu-1.example:9092\", \"eu-2.example:9092\"]"),
    ("flows.us-eu.source", "\"us\""),
    ("flows.us-eu.target", "\"eu\""),
    ("flows.us-eu.topics", "[\"orders.*\", \"payments\"]"),
    ("flows.us-eu.provision.replication_factor", "3"),
];
/// Longest line of a comment.
const COMMENT_WIDTH: usize = 100;

/// Returns the file's text.
pub fn template() -> String {
    let mut text = HEAD.to_owned();
    let schema = json_schema();
    let table = |name: &str| &schema["properties"][name]["additionalProperties"];
    section(&mut text, "clusters.us", table("clusters"), true);
    section(&mut text, "clusters.eu", table("clusters"), false);
    section(&mut text, "flows.us-eu", table("flows"), true);
    text
}

/// Writes a table: what must be set first, then all else where `is_full`, then the tables in it.
fn section(text: &mut String, path: &str, schema: &Value, is_full: bool) {
    let Some(properties) = schema["properties"].as_object() else { return };
    text.push('\n');
    comment(text, schema);
    text.push_str(&format!("[{path}]\n"));
    let is_table = |key: &Value| key.get("properties").is_some();
    let set = |name: &str| REQUIRED.iter().find(|(key, _)| *key == format!("{path}.{name}"));
    let keys = || properties.iter().filter(|(_, key)| !is_table(key));
    for (name, key) in keys() {
        if let Some((_, value)) = set(name) {
            comment(text, key);
            text.push_str(&format!("{name} = {value}\n"));
        }
    }
    for (name, key) in keys().filter(|(name, _)| is_full && set(name).is_none()) {
        comment(text, key);
        text.push_str(&format!("#{name} = {}\n", shown(key)));
    }
    for (name, table) in properties.iter().filter(|(_, key)| is_table(key)) {
        section(text, &format!("{path}.{name}"), table, is_full);
    }
}

fn comment(text: &mut String, key: &Value) {
    let mut line = String::from("#");
    for word in key["description"].as_str().unwrap_or_default().split_whitespace() {
        if line.chars().count() + 1 + word.chars().count() > COMMENT_WIDTH {
            text.push_str(&line);
            text.push('\n');
            line = String::from("#");
        }
        line.push(' ');
        line.push_str(word);
    }
    text.push_str(&line);
    text.push('\n');
    if let Some(words) = key["enum"].as_array() {
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        text.push_str(&format!("# One of {}.\n", words.join(", ")));
    }
}

/// Shows a key's default, or its example where it has none.
fn shown(key: &Value) -> String {
    let has_default =
        key.get("default").is_some_and(|value| !value.as_object().is_some_and(|map| map.is_empty()));
    let value = if has_default { &key["default"] } else { &key["examples"][0] };
    toml_value(value)
}

fn toml_value(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let pairs: Vec<String> =
                map.iter().map(|(key, value)| format!("\"{key}\" = {}", toml_value(value))).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(toml_value).collect::<Vec<_>>().join(", ")),
        value => value.to_string(),
    }
}
