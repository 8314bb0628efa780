//! Holds a parsed file against the schema: keys, types, and what is required.

use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{ConfigError, Span};

/// Reports every key that is unknown, missing or of the wrong type, and removes what is unsound, so that
/// the rest can become the raw types.
pub(super) fn check(
    file: &mut Spanned<DeTable<'_>>,
    schema: &Value,
    report: &mut dyn FnMut(Span, ConfigError),
) {
    // Of an absent [clusters] there is nothing to underline but the file's beginning.
    check_table(file.get_mut(), Span::default(), schema, "", report);
}

fn check_table(
    table: &mut DeTable<'_>,
    span: Span,
    schema: &Value,
    path: &str,
    report: &mut dyn FnMut(Span, ConfigError),
) {
    let properties = schema["properties"].as_object();
    let is_root = path.is_empty();
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    for key in required.filter(|key| !table.contains_key(*key)) {
        let error = match (is_root, key) {
            (true, "clusters") => ConfigError::NoClusters,
            (true, _) => ConfigError::NoFlows,
            (false, _) => ConfigError::MissingKey { key: key.to_owned(), table: table_name(path) },
        };
        report(span, error);
    }
    for (key, mut value) in std::mem::take(table) {
        let name = key.get_ref().as_ref();
        let inner = properties.map_or(Some(&schema["additionalProperties"]), |known| known.get(name));
        let Some(inner) = inner else {
            let known = properties.into_iter().flat_map(|known| known.keys().cloned()).collect();
            let error = ConfigError::UnknownKey { key: name.to_owned(), table: table_name(path), known };
            report(key.span().into(), error);
            continue;
        };
        let inner_path = if is_root { name.to_owned() } else { format!("{path}.{name}") };
        if check_value(&mut value, key.span().into(), inner, &inner_path, report) {
            table.insert(key, value);
        }
    }
}

/// Says whether the value may stay.
fn check_value(
    value: &mut Spanned<DeValue<'_>>,
    key: Span,
    schema: &Value,
    path: &str,
    report: &mut dyn FnMut(Span, ConfigError),
) -> bool {
    let span = value.span().into();
    let expected = match (schema["type"].as_str().unwrap_or_default(), value.get_mut()) {
        ("object", DeValue::Table(table)) => {
            check_table(table, key, schema, path, report);
            return true;
        }
        ("array", DeValue::Array(items)) => {
            let mut sound = true;
            for item in items.iter_mut() {
                let item_span = item.span().into();
                sound &= check_value(item, item_span, &schema["items"], path, report);
            }
            return sound;
        }
        ("integer", DeValue::Integer(number))
            if i64::from_str_radix(number.as_str(), number.radix()).is_ok() =>
        {
            return true;
        }
        ("string", DeValue::String(_)) | ("boolean", DeValue::Boolean(_)) => return true,
        (expected, _) => expected,
    };
    let found = found_name(value.get_ref());
    report(span, ConfigError::WrongType { key: path.to_owned(), expected: expected_name(expected), found });
    // A cluster that is no table is still one that flows may name.
    let stays = expected == "object" && path.contains('.');
    if stays {
        *value.get_mut() = DeValue::Table(DeTable::new());
    }
    stays
}

fn table_name(path: &str) -> String {
    if path.is_empty() { "the file".to_owned() } else { format!("[{path}]") }
}

fn expected_name(schema_type: &str) -> &'static str {
    match schema_type {
        "object" => "a table",
        "array" => "a list",
        "integer" => "a whole number",
        "boolean" => "true or false",
        _ => "a text in quotes",
    }
}

fn found_name(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(number) if i64::from_str_radix(number.as_str(), number.radix()).is_ok() => {
            "a whole number"
        }
        DeValue::Integer(_) => "a number of more than 64 bits",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
