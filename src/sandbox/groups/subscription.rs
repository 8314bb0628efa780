//! What a consumer says it reads: the front of the metadata of the `consumer` protocol type.

use bytes::{Buf, Bytes};

use super::group::{Group, GroupState};

/// The protocol type of consumers.
const CONSUMER: &str = "consumer";

impl Group {
    /// Returns whether the members are consumers, whose metadata can be read.
    pub(super) fn is_of_consumers(&self) -> bool {
        self.protocol_type.as_deref() == Some(CONSUMER)
    }

    /// Returns whether a member reads the topic.
    pub(super) fn subscribes(&self, topic: &str) -> bool {
        if self.state == GroupState::Empty || !self.is_of_consumers() {
            return false;
        }
        let said = self.members.iter().flat_map(|member| &member.protocols);
        said.filter_map(|(_, metadata)| topics(metadata.clone())).flatten().any(|name| name == topic)
    }
}

/// Reads the topics of a subscription, `None` where the bytes are something else.
fn topics(mut metadata: Bytes) -> Option<Vec<String>> {
    metadata.try_get_i16().ok()?;
    let count = metadata.try_get_i32().ok()?;
    let mut found = Vec::new();
    for _ in 0..count {
        let length = usize::try_from(metadata.try_get_i16().ok()?).ok()?;
        if metadata.len() < length {
            return None;
        }
        found.push(String::from_utf8(metadata.split_to(length).to_vec()).ok()?);
    }
    Some(found)
}
