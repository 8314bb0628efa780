//! CreatePartitions (key 37): makes topics wider.

use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::create_partitions_request::CreatePartitionsTopic;
use kafka_protocol::messages::create_partitions_response::CreatePartitionsTopicResult;
use kafka_protocol::messages::{CreatePartitionsRequest, CreatePartitionsResponse};
use kafka_protocol::protocol::StrBytes;

use super::text;
use crate::sandbox::answer::{Answer, Api, Context};
use crate::sandbox::partition::Partition;
use crate::sandbox::state::State;
use crate::sandbox::topics::{check_placement, place};

impl Api for CreatePartitionsRequest {
    fn topics(&self) -> Vec<StrBytes> {
        self.topics.iter().map(|topic| topic.name.0.clone()).collect()
    }

    fn refusal(&self, error: ResponseError) -> CreatePartitionsResponse {
        let results = self.topics.iter().map(|topic| result(topic, Err((error, None))));
        CreatePartitionsResponse::default().with_results(results.collect())
    }

    fn handle(self, cx: &mut Context<'_>) -> Answer<CreatePartitionsResponse> {
        let results =
            self.topics.iter().map(|topic| result(topic, grow(cx.state, topic, self.validate_only)));
        Answer::Now(CreatePartitionsResponse::default().with_results(results.collect()))
    }
}

type Failure = (ResponseError, Option<String>);

fn result(topic: &CreatePartitionsTopic, grown: Result<(), Failure>) -> CreatePartitionsTopicResult {
    let result = CreatePartitionsTopicResult::default().with_name(topic.name.clone());
    match grown {
        Ok(()) => result,
        Err((error, message)) => {
            result.with_error_code(error.code()).with_error_message(message.as_deref().map(text))
        }
    }
}

fn grow(state: &mut State, wanted: &CreatePartitionsTopic, validate_only: bool) -> Result<(), Failure> {
    let topic = state.topics.get_mut(&wanted.name).ok_or((ResponseError::UnknownTopicOrPartition, None))?;
    let have = i32::try_from(topic.partitions.len()).unwrap_or(i32::MAX);
    if wanted.count <= have {
        let message = format!(
            "The topic {} has {have} partition(s); {} would not be an increase.",
            topic.name, wanted.count
        );
        return Err((ResponseError::InvalidPartitions, Some(message)));
    }
    let more = wanted.count - have;
    let copies = topic.partitions.first().map_or(1, |partition| partition.replicas.len());
    let copies = i16::try_from(copies).unwrap_or(i16::MAX);
    let placement = match &wanted.assignments {
        None => place(&state.brokers, have, more, copies),
        Some(given) => {
            let given: Vec<Vec<i32>> =
                given.iter().map(|one| one.broker_ids.iter().map(|id| id.0).collect()).collect();
            if i32::try_from(given.len()) != Ok(more) {
                let message = format!("{} assignments were given for {more} new partition(s).", given.len());
                return Err((ResponseError::InvalidReplicaAssignment, Some(message)));
            }
            check_placement(&state.brokers, &given).map(|()| given)
        }
    };
    let placement = placement.map_err(|error| (error.code(), Some(error.to_string())))?;
    if !validate_only {
        let new = (have..).zip(placement);
        let new = new.map(|(index, replicas)| Partition::new(index, replicas, &state.brokers));
        topic.partitions.extend(new);
    }
    Ok(())
}
