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
pub const KNOWN: &[Known] = &[
    Known {
        scene: "configs-",
        asked: "DescribeConfigsRequest",
        kafka: "DescribeConfigsSynonym { name: \"log.retention.hours\"",
        reason: "`log.retention.hours` and `log.retention.minutes` are not there: `log.retention.ms` has the same default.",
    },
    Known {
        scene: "configs-",
        asked: "DescribeConfigsRequest",
        kafka: "value: Some(\"168\")",
        reason: "`log.retention.hours` and `log.retention.minutes` are not there: `log.retention.ms` has the same default.",
    },
    Known {
        scene: "configs-describe",
        asked: "DescribeConfigsRequest v4",
        kafka: "config_source: 3",
        reason: "Kafka 4.1 and later set `min.insync.replicas` for the whole cluster when it is made; a sandbox has the default.",
    },
    Known {
        scene: "configs-alter",
        asked: "IncrementalAlterConfigsRequest",
        kafka: "IncrementalAlterConfigsResponse { responses: [AlterConfigsResourceResponse { error_code: -1",
        reason: "An operation that is none is an invalid request; Kafka fails with UNKNOWN_SERVER_ERROR.",
    },
];

impl Known {
    /// Returns whether a difference is this one.
    pub fn is(&self, scene: &str, difference: &Difference) -> bool {
        scene.starts_with(self.scene)
            && difference.asked.starts_with(self.asked)
            && difference.kafka.starts_with(self.kafka)
    }
}

/// Returns whether a difference is one of them.
pub fn is_known(scene: &str, difference: &Difference) -> bool {
    KNOWN.iter().any(|known| known.is(scene, difference))
}

/// Writes the list as docs/sandbox.md shows it.
pub fn as_text() -> String {
    let mut reasons: Vec<&str> = KNOWN.iter().map(|known| known.reason).collect();
    reasons.dedup();
    reasons.iter().map(|reason| format!("- {reason}\n")).collect()
}
