//! DeleteAcls (key 31).

use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::delete_acls_request::DeleteAclsFilter;
use kafka_protocol::messages::delete_acls_response::{DeleteAclsFilterResult, DeleteAclsMatchingAcl};
use kafka_protocol::messages::{DeleteAclsRequest, DeleteAclsResponse};

use super::describe_acls::{filter, permission};
use super::text;
use crate::sandbox::acls::{Filter, Operation, Rule};
use crate::sandbox::answer::{Answer, Api, Context};
use crate::sandbox::permissions::{Need, cluster};

impl Api for DeleteAclsRequest {
    fn needs(&self) -> Vec<Need> {
        cluster(Operation::Alter)
    }

    fn refusal(&self, error: ResponseError) -> DeleteAclsResponse {
        let results = self.filters.iter().map(|_| failed(error));
        DeleteAclsResponse::default().with_filter_results(results.collect())
    }

    fn handle(self, cx: &mut Context<'_>) -> Answer<DeleteAclsResponse> {
        if !cx.state.acls.are_kept() {
            return Answer::Now(self.refusal(ResponseError::SecurityDisabled));
        }
        // What a broker cannot read ends the connection, and nothing is done.
        let Some(filters) = self.filters.iter().map(read).collect::<Option<Vec<Filter>>>() else {
            return Answer::Close;
        };
        let results = filters.iter().map(|filter| {
            let gone = cx.state.acls.remove(filter).iter().map(deleted).collect();
            DeleteAclsFilterResult::default().with_error_message(None).with_matching_acls(gone)
        });
        Answer::Now(DeleteAclsResponse::default().with_filter_results(results.collect()))
    }
}

fn failed(error: ResponseError) -> DeleteAclsFilterResult {
    DeleteAclsFilterResult::default()
        .with_error_code(error.code())
        .with_error_message(Some(text(&error.to_string())))
}

fn read(wanted: &DeleteAclsFilter) -> Option<Filter> {
    let codes =
        (wanted.resource_type_filter, wanted.pattern_type_filter, wanted.operation, wanted.permission_type);
    let texts = [&wanted.resource_name_filter, &wanted.principal_filter, &wanted.host_filter];
    filter(codes, texts)
}

fn deleted(rule: &Rule) -> DeleteAclsMatchingAcl {
    DeleteAclsMatchingAcl::default()
        .with_error_message(None)
        .with_resource_type(rule.resource as i8)
        .with_resource_name(text(&rule.name))
        .with_pattern_type(rule.pattern as i8)
        .with_principal(text(&rule.principal))
        .with_host(text(&rule.host))
        .with_operation(rule.operation as i8)
        .with_permission_type(permission(rule))
}
