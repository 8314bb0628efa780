//! DescribeQuorum (key 55): the controller, and what its clock says.

use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::describe_quorum_response::{PartitionData, ReplicaState, TopicData};
use kafka_protocol::messages::{BrokerId, DescribeQuorumRequest, DescribeQuorumResponse, TopicName};

use super::text;
use crate::sandbox::acls::Operation;
use crate::sandbox::answer::{Answer, Api, Context};
use crate::sandbox::permissions::{Need, cluster};

/// The log of a cluster's own metadata.
const METADATA_LOG: &str = "__cluster_metadata";

impl Api for DescribeQuorumRequest {
    const CHANGES: bool = false;

    fn needs(&self) -> Vec<Need> {
        cluster(Operation::Describe)
    }

    fn refusal(&self, error: ResponseError) -> DescribeQuorumResponse {
        DescribeQuorumResponse::default().with_error_code(error.code())
    }

    fn handle(self, cx: &mut Context<'_>) -> Answer<DescribeQuorumResponse> {
        let leader = BrokerId(cx.state.brokers.controller().unwrap_or(-1));
        let now_ms = cx.state.clock.now_ms();
        let voter = ReplicaState::default()
            .with_replica_id(leader)
            .with_last_fetch_timestamp(now_ms)
            .with_last_caught_up_timestamp(now_ms);
        let partition = PartitionData::default().with_leader_id(leader).with_current_voters(vec![voter]);
        let topic = TopicData::default()
            .with_topic_name(TopicName(text(METADATA_LOG)))
            .with_partitions(vec![partition]);
        Answer::Now(DescribeQuorumResponse::default().with_topics(vec![topic]))
    }
}
