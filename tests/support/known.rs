//! The differences between the sandbox and Apache Kafka that are meant to be, each with its reason.

use super::compare::Difference;

/// A field that differs on purpose.
pub struct Known {
    /// The scene, or the front of the names of several.
    pub scene: &'static str,
    /// The request, in some version.
    pub asked: &'static str,
    /// The front of what Kafka answers.
    pub kafka: &'static str,
    /// Why the sandbox does not.
    pub reason: &'static str,
}

/// Lists them; docs/sandbox.md shows the same list.
pub const KNOWN: &[Known] = &[];

/// Returns whether a difference is one of them.
pub fn is_known(scene: &str, difference: &Difference) -> bool {
    KNOWN.iter().any(|known| {
        scene.starts_with(known.scene)
            && difference.asked.starts_with(known.asked)
            && difference.kafka.starts_with(known.kafka)
    })
}
