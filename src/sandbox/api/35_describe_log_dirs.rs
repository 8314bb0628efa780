//! DescribeLogDirs (key 35): how many bytes each partition takes.

use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::describe_log_dirs_response::{
    DescribeLogDirsPartition, DescribeLogDirsResult, DescribeLogDirsTopic,
};
use kafka_protocol::messages::{DescribeLogDirsRequest, DescribeLogDirsResponse, TopicName};

use super::text;
use crate::sandbox::answer::{Answer, Api, Context};
use crate::sandbox::topics::Topic;

/// Where a broker would keep its logs; a sandbox keeps them in memory.
const LOG_DIR: &str = "/memory";

impl Api for DescribeLogDirsRequest {
    const CHANGES: bool = false;

    fn refusal(&self, error: ResponseError) -> DescribeLogDirsResponse {
        DescribeLogDirsResponse::default().with_error_code(error.code())
    }

    fn handle(self, cx: &mut Context<'_>) -> Answer<DescribeLogDirsResponse> {
        let broker = cx.broker;
        let wanted = |topic: &str, partition: i32| {
            self.topics.as_ref().is_none_or(|topics| {
                topics.iter().any(|one| one.topic.as_str() == topic && one.partitions.contains(&partition))
            })
        };
        let sizes = |topic: &Topic| -> Vec<DescribeLogDirsPartition> {
            let kept = topic.partitions.iter().filter(|partition| {
                partition.replicas.contains(&broker) && wanted(&topic.name, partition.index)
            });
            kept.map(|partition| {
                DescribeLogDirsPartition::default()
                    .with_partition_index(partition.index)
                    .with_partition_size(i64::try_from(partition.log.size_bytes()).unwrap_or(i64::MAX))
            })
            .collect()
        };
        let described = cx.state.topics.iter().map(|topic| (topic, sizes(topic)));
        let topics = described.filter(|(_, sizes)| !sizes.is_empty()).map(|(topic, sizes)| {
            DescribeLogDirsTopic::default().with_name(TopicName(text(&topic.name))).with_partitions(sizes)
        });
        let result =
            DescribeLogDirsResult::default().with_log_dir(text(LOG_DIR)).with_topics(topics.collect());
        Answer::Now(DescribeLogDirsResponse::default().with_results(vec![result]))
    }
}
