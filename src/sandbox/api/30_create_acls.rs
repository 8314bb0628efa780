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
        // What a broker cannot read ends the connection, and nothing is done.
        if self.creations.iter().any(is_unknown) {
            return Answer::Close;
        }
        let results = self.creations.iter().map(|wanted| match rule(wanted) {
            Ok(rule) => {
                cx.state.acls.add(rule);
                AclCreationResult::default().with_error_message(None)
            }
            Err((error, message)) => failed(error, message),
        });
        Answer::Now(CreateAclsResponse::default().with_results(results.collect()))
    }
}

fn failed(error: ResponseError, message: &str) -> AclCreationResult {
    AclCreationResult::default().with_error_code(error.code()).with_error_message(Some(text(message)))
}

/// Says whether one of the numbers says of itself that it is unknown.
fn is_unknown(wanted: &AclCreation) -> bool {
    let codes =
        [wanted.resource_type, wanted.resource_pattern_type, wanted.operation, wanted.permission_type];
    codes.contains(&0)
}

/// A number that only filters have is an error no broker has a better name for.
fn error_of(code: i8, last_of_filters: i8) -> ResponseError {
    if code <= last_of_filters { ResponseError::UnknownServerError } else { ResponseError::InvalidRequest }
}

type Invalid = (ResponseError, &'static str);

fn rule(wanted: &AclCreation) -> Result<Rule, Invalid> {
    let invalid = |message| Err((ResponseError::InvalidRequest, message));
    let resource = ResourceType::from_code(wanted.resource_type)
        .ok_or((error_of(wanted.resource_type, 1), "Invalid resource type"))?;
    let pattern = Pattern::from_code(wanted.resource_pattern_type)
        .ok_or((error_of(wanted.resource_pattern_type, 2), "Invalid pattern type"))?;
    let operation = Operation::from_code(wanted.operation)
        .ok_or((error_of(wanted.operation, 1), "Invalid operation type"))?;
    let allows = match wanted.permission_type {
        2 => false,
        3 => true,
        code => return Err((error_of(code, 1), "Invalid permission type")),
    };
    if wanted.resource_name.is_empty() {
        return invalid("Resource name should not be empty");
    }
    if resource == ResourceType::Cluster && wanted.resource_name.as_str() != CLUSTER {
        return invalid("The only valid name for the CLUSTER resource is kafka-cluster");
    }
    if !wanted.principal.contains(':') {
        return invalid("Could not parse principal (no colon is present separating the type from the name)");
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
