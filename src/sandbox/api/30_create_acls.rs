//! CreateAcls (key 30).

use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::create_acls_request::AclCreation;
use kafka_protocol::messages::create_acls_response::AclCreationResult;
use kafka_protocol::messages::{CreateAclsRequest, CreateAclsResponse};

use super::text;
use crate::sandbox::acls::{CLUSTER, Operation, Pattern, ResourceType, Rule};
use crate::sandbox::answer::{Answer, Api, Context};
use crate::sandbox::permissions::{Need, cluster};

impl Api for CreateAclsRequest {
    fn needs(&self) -> Vec<Need> {
        cluster(Operation::Alter)
    }

    fn refusal(&self, error: ResponseError) -> CreateAclsResponse {
        let results = self.creations.iter().map(|_| failed(error, &error.to_string()));
        CreateAclsResponse::default().with_results(results.collect())
    }

    fn handle(self, cx: &mut Context<'_>) -> Answer<CreateAclsResponse> {
        if !cx.state.acls.are_kept() {
            return Answer::Now(self.refusal(ResponseError::SecurityDisabled));
        }
        let results = self.creations.iter().map(|wanted| match rule(wanted) {
            Ok(rule) => {
                cx.state.acls.add(rule);
                AclCreationResult::default().with_error_message(None)
            }
            Err(message) => failed(ResponseError::InvalidRequest, message),
        });
        Answer::Now(CreateAclsResponse::default().with_results(results.collect()))
    }
}

fn failed(error: ResponseError, message: &str) -> AclCreationResult {
    AclCreationResult::default().with_error_code(error.code()).with_error_message(Some(text(message)))
}

fn rule(wanted: &AclCreation) -> Result<Rule, &'static str> {
    let resource = ResourceType::from_code(wanted.resource_type).ok_or("Invalid resource type")?;
    let pattern = Pattern::from_code(wanted.resource_pattern_type).ok_or("Invalid pattern type")?;
    let operation = Operation::from_code(wanted.operation).ok_or("Invalid operation type")?;
    let allows = match wanted.permission_type {
        2 => false,
        3 => true,
        _ => return Err("Invalid permission type"),
    };
    if wanted.resource_name.is_empty() {
        return Err("Resource name should not be empty");
    }
    if resource == ResourceType::Cluster && wanted.resource_name.as_str() != CLUSTER {
        return Err("The only valid name for the CLUSTER resource is kafka-cluster");
    }
    if !wanted.principal.contains(':') {
        return Err("Could not parse principal (no colon is present separating the type from the name)");
    }
    Ok(Rule {
        resource,
        name: wanted.resource_name.to_string(),
        pattern,
        principal: wanted.principal.to_string(),
        host: wanted.host.to_string(),
        operation,
        allows,
    })
}
