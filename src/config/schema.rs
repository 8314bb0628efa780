//! The JSON Schema of `strait.toml`, for editors and for the check of its shape.

use std::sync::LazyLock;

use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::raw::RawFile;

static SCHEMA: LazyLock<Value> = LazyLock::new(|| {
    let mut settings = SchemaSettings::draft07();
    settings.inline_subschemas = true;
    let mut schema = settings.into_generator().into_root_schema_for::<RawFile>().to_value();
    without_null(&mut schema);
    schema
});

/// Returns the schema; nothing in it is `$ref`, and no type is a list.
pub fn json_schema() -> &'static Value {
    &SCHEMA
}

/// Takes `null` out of all types: a key that may be left out is not one that may be null, which TOML
/// does not have.
fn without_null(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            if let Some(Value::Array(types)) = map.get_mut("type") {
                types.retain(|name| name != "null");
                if let [only] = types.as_slice() {
                    let only = only.clone();
                    map.insert("type".to_owned(), only);
                }
            }
            if let Some(Value::Array(words)) = map.get_mut("enum") {
                words.retain(|word| !word.is_null());
            }
            if let Some(Value::Array(mut either)) = map.remove("anyOf") {
                either.retain(|schema| schema["type"] != "null");
                match either.pop() {
                    Some(Value::Object(only)) if either.is_empty() => {
                        for (key, value) in only {
                            map.entry(key).or_insert(value);
                        }
                    }
                    last => {
                        either.extend(last);
                        map.insert("anyOf".to_owned(), Value::Array(either));
                    }
                }
            }
            map.values_mut().for_each(without_null);
        }
        Value::Array(items) => items.iter_mut().for_each(without_null),
        _ => {}
    }
}
