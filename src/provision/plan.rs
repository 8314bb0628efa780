//! What a target topic needs, given what both sides look like.

use kafka_protocol::ResponseError;

use super::wanted;
use crate::config::settings::ProvisionSettings;
use crate::kafka::admin::{NewTopic, Refusal, TopicConfigs};
use crate::kafka::error::code_name;
use crate::kafka::metadata::TopicMetadata;
use crate::types::TopicName;

/// Says what to do with one target topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// It is missing.
    Create(NewTopic),
    /// It has too few partitions.
    Grow {
        /// Its name at the target.
        topic: TopicName,
        /// How many partitions it has.
        from: usize,
        /// How many it needs.
        to: usize,
    },
}

impl Step {
    /// Says why the target did not do it, and the right that helps where one is missing.
    pub fn explain(&self, refusal: &Refusal) -> String {
        let right = match self {
            Step::Create(_) => "Create on the topic or the cluster",
            Step::Grow { .. } => "Alter on the topic",
        };
        match refusal.code {
            ResponseError::TopicAuthorizationFailed | ResponseError::ClusterAuthorizationFailed => {
                format!("{refusal}; grant {right} at the target")
            }
            _ => refusal.to_string(),
        }
    }

    /// Returns the topic's name at the target.
    pub fn topic(&self) -> &TopicName {
        match self {
            Step::Create(new) => &new.name,
            Step::Grow { topic, .. } => topic,
        }
    }

    /// Returns how many partitions the topic has afterwards.
    pub fn partitions(&self) -> usize {
        match self {
            Step::Create(new) => usize::try_from(new.partitions).unwrap_or(0),
            Step::Grow { to, .. } => *to,
        }
    }
}

/// Decides what the target topic `name` needs; the error says why that cannot be known. The source's
/// configs count only where the topic [is missing](TopicMetadata::is_missing).
pub fn step(
    name: &TopicName,
    source: &TopicMetadata,
    source_configs: Option<&Result<TopicConfigs, Refusal>>,
    target: Option<&TopicMetadata>,
    settings: &ProvisionSettings,
) -> Result<Option<Step>, String> {
    let to = source.partitions.len();
    let Some(target) = target.filter(|topic| !topic.is_missing()) else {
        let configs = match source_configs {
            Some(Ok(configs)) => configs,
            Some(Err(refusal)) => {
                return Err(format!(
                    "its configs cannot be read at the source ({refusal}); grant DescribeConfigs there"
                ));
            }
            None => return Err("its configs were not told by the source".to_owned()),
        };
        return Ok(Some(Step::Create(wanted::topic(name, to, configs, settings))));
    };
    match target.error {
        Some(code) => Err(format!("the target will not describe it: {}", code_name(&code))),
        None if target.partitions.len() < to => {
            Ok(Some(Step::Grow { topic: name.clone(), from: target.partitions.len(), to }))
        }
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::kafka::metadata::PartitionMetadata;
    use crate::provision::wanted::{LOG_APPEND_TIME, THROTTLE_LISTS, TIMESTAMP_TYPE};

    fn topic(partitions: i32, error: Option<ResponseError>) -> TopicMetadata {
        let one = PartitionMetadata { leader: Some(1), leader_epoch: 0, replicas: 1 };
        TopicMetadata {
            error,
            id: None,
            is_internal: false,
            partitions: (0..partitions).map(|index| (index, one)).collect(),
        }
    }

    fn settings() -> ProvisionSettings {
        ProvisionSettings {
            enabled: true,
            replication_factor: Some(3),
            config_overrides: [("retention.ms".to_owned(), "5".to_owned())].into(),
        }
    }

    fn configs(pairs: &[(&str, &str)]) -> Result<TopicConfigs, Refusal> {
        let explicit = pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Ok(TopicConfigs { explicit, ..TopicConfigs::default() })
    }

    fn decide(
        source: i32,
        configs: &Result<TopicConfigs, Refusal>,
        target: Option<&TopicMetadata>,
    ) -> Result<Option<Step>, String> {
        step(&TopicName::from("t"), &topic(source, None), Some(configs), target, &settings())
    }

    #[test]
    fn a_missing_topic_is_created_with_the_sources_own_configs_under_the_overrides() {
        let source = configs(&[
            ("cleanup.policy", "compact"),
            ("retention.ms", "9"),
            (THROTTLE_LISTS[0], "*"),
            (TIMESTAMP_TYPE, LOG_APPEND_TIME),
        ]);
        let Some(Step::Create(new)) = decide(4, &source, None).unwrap() else { panic!("not created") };
        assert_eq!((new.partitions, new.replication_factor), (4, 3));
        let expected = [("cleanup.policy", "compact"), (TIMESTAMP_TYPE, "CreateTime"), ("retention.ms", "5")];
        let found: Vec<_> = new.configs.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn partitions_are_added_and_never_taken_away() {
        let source = configs(&[]);
        let grow = Step::Grow { topic: TopicName::from("t"), from: 2, to: 4 };
        assert_eq!(decide(4, &source, Some(&topic(2, None))), Ok(Some(grow)));
        assert_eq!(decide(4, &source, Some(&topic(4, None))), Ok(None));
        assert_eq!(decide(4, &source, Some(&topic(9, None))), Ok(None));
    }

    #[test]
    fn g11_what_may_not_be_seen_is_not_taken_for_missing_or_for_default() {
        let hidden = topic(0, Some(ResponseError::TopicAuthorizationFailed));
        assert!(decide(1, &configs(&[]), Some(&hidden)).unwrap_err().contains("TOPIC_AUTHORIZATION_FAILED"));
        let refused = Err(Refusal { code: ResponseError::TopicAuthorizationFailed, message: None });
        assert!(decide(1, &refused, None).unwrap_err().contains("DescribeConfigs"));
    }
}
