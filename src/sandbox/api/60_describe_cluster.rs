//! DescribeCluster (key 60).

use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::describe_cluster_response::DescribeClusterBroker;
use kafka_protocol::messages::{BrokerId, DescribeClusterRequest, DescribeClusterResponse};

use super::text;
use crate::sandbox::acls::{CLUSTER, ResourceType};
use crate::sandbox::answer::{Answer, Api, Context};

/// Asks for brokers, not controllers.
const BROKERS: i8 = 1;
/// Asks for controllers, which brokers do not tell of.
const CONTROLLERS: i8 = 2;

impl Api for DescribeClusterRequest {
    const CHANGES: bool = false;

    fn refusal(&self, error: ResponseError) -> DescribeClusterResponse {
        DescribeClusterResponse::default().with_error_code(error.code()).with_endpoint_type(BROKERS)
    }

    fn handle(self, cx: &mut Context<'_>) -> Answer<DescribeClusterResponse> {
        match self.endpoint_type {
            BROKERS => {}
            CONTROLLERS => return Answer::Now(self.refusal(ResponseError::MismatchedEndpointType)),
            _ => return Answer::Now(self.refusal(ResponseError::UnsupportedEndpointType)),
        }
        let operations = match self.include_cluster_authorized_operations {
            true => cx.operations(ResourceType::Cluster, CLUSTER),
            false => i32::MIN,
        };
        let fenced = self.include_fenced_brokers;
        let brokers = cx.state.brokers.all().iter().filter(|broker| broker.is_up || fenced).map(|broker| {
            DescribeClusterBroker::default()
                .with_broker_id(BrokerId(broker.id))
                .with_host(text(&broker.host))
                .with_port(i32::from(broker.port))
                .with_is_fenced(!broker.is_up)
        });
        Answer::Now(
            DescribeClusterResponse::default()
                .with_endpoint_type(BROKERS)
                .with_cluster_authorized_operations(operations)
                .with_cluster_id(text(&cx.state.cluster_id))
                .with_controller_id(BrokerId(cx.state.brokers.controller().unwrap_or(-1)))
                .with_brokers(brokers.collect()),
        )
    }
}
