//! Offsets as applications write them down: a list, or a map by topic and partition (Spark, Flink); pure.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::types::TopicPartition;

/// Names the shape that offsets were written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `[{"topic": "orders", "partition": 0, "offset": 12}]`
    List,
    /// `{"orders": {"0": 12}}`
    Map,
}

/// Holds one offset to be translated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The partition.
    pub partition: TopicPartition,
    /// The offset; negative where a place is named instead (Spark's -1 latest and -2 earliest).
    pub offset: i64,
}

/// Says why a text holds no offsets.
#[derive(Debug, thiserror::Error)]
pub enum OffsetsError {
    /// It is not JSON.
    #[error("it is not JSON: {0}")]
    Json(#[source] serde_json::Error),
    /// It is JSON of another shape.
    #[error(
        "it is neither a list of {{\"topic\", \"partition\", \"offset\"}} nor a map {{\"topic\": {{\"0\": 12}}}}"
    )]
    Shape,
    /// An entry of the list is something else.
    #[error("entry {index} of the list does not have \"topic\", \"partition\" and \"offset\": {error}")]
    Entry {
        /// Counted from 0.
        index: usize,
        /// What is wrong with it.
        error: serde_json::Error,
    },
    /// A topic's part of the map is something else.
    #[error("what stands under \"{topic}\" is not a map from partitions to offsets")]
    Topic {
        /// The topic.
        topic: String,
    },
    /// There is nothing in it.
    #[error("it holds no offsets")]
    Empty,
}

#[derive(Deserialize)]
struct Entry {
    topic: String,
    partition: i32,
    offset: i64,
}

/// Reads offsets in either shape, in their order.
pub fn read(text: &str) -> Result<(Shape, Vec<Asked>), OffsetsError> {
    let value: Value = serde_json::from_str(text).map_err(OffsetsError::Json)?;
    let (shape, asked) = match value {
        Value::Array(entries) => {
            let each = entries.into_iter().enumerate().map(|(index, entry)| {
                let entry: Entry =
                    serde_json::from_value(entry).map_err(|error| OffsetsError::Entry { index, error })?;
                let partition = TopicPartition::new(entry.topic.as_str(), entry.partition);
                Ok(Asked { partition, offset: entry.offset })
            });
            (Shape::List, each.collect::<Result<Vec<_>, _>>()?)
        }
        Value::Object(topics) => {
            let mut asked = Vec::new();
            for (topic, partitions) in topics {
                let wrong = || OffsetsError::Topic { topic: topic.clone() };
                let partitions = partitions.as_object().ok_or_else(wrong)?;
                let mut of_topic = BTreeMap::new();
                for (partition, offset) in partitions {
                    let partition: i32 = partition.parse().map_err(|_| wrong())?;
                    of_topic.insert(partition, offset.as_i64().ok_or_else(wrong)?);
                }
                asked.extend(of_topic.into_iter().map(|(partition, offset)| Asked {
                    partition: TopicPartition::new(topic.as_str(), partition),
                    offset,
                }));
            }
            (Shape::Map, asked)
        }
        _ => return Err(OffsetsError::Shape),
    };
    if asked.is_empty() { Err(OffsetsError::Empty) } else { Ok((shape, asked)) }
}

/// Writes offsets in a shape.
pub fn write(shape: Shape, offsets: &[(TopicPartition, i64)]) -> Value {
    match shape {
        Shape::List => offsets
            .iter()
            .map(|(partition, offset)| {
                serde_json::json!({
                    "topic": partition.topic.as_str(), "partition": partition.partition, "offset": offset
                })
            })
            .collect(),
        Shape::Map => {
            let mut topics: BTreeMap<&str, BTreeMap<String, i64>> = BTreeMap::new();
            for (partition, offset) in offsets {
                let of_topic = topics.entry(partition.topic.as_str()).or_default();
                of_topic.insert(partition.partition.to_string(), *offset);
            }
            serde_json::json!(topics)
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn both_shapes_are_read_and_written_back() {
        let list = r#"[{"topic":"b","partition":1,"offset":7},{"topic":"a","partition":0,"offset":-1}]"#;
        let map = r#"{"a":{"0":-1},"b":{"1":7,"10":8}}"#;
        for text in [list, map] {
            let (shape, asked) = read(text).unwrap();
            let offsets: Vec<_> = asked.into_iter().map(|asked| (asked.partition, asked.offset)).collect();
            let again: Value = serde_json::from_str(text).unwrap();
            assert_eq!(write(shape, &offsets), again);
        }
    }

    #[test]
    fn what_is_no_offset_is_named() {
        let told = |text: &str| read(text).unwrap_err().to_string();
        assert!(told("{").contains("not JSON"));
        assert!(told("7").contains("neither a list"));
        assert!(told("[]").contains("no offsets"));
        assert!(told(r#"[{"topic":"a","partition":0}]"#).contains("entry 0"));
        assert!(told(r#"{"a":{"x":1}}"#).contains("\"a\""));
        assert!(told(r#"{"a":{"0":"latest"}}"#).contains("\"a\""));
    }
}
