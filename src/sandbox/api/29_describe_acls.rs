//! DescribeAcls (key 29).

use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::describe_acls_response::{AclDescription, DescribeAclsResource};
use kafka_protocol::messages::{DescribeAclsRequest, DescribeAclsResponse};
use kafka_protocol::protocol::StrBytes;

use super::text;
use crate::sandbox::acls::Operation;
use crate::sandbox::acls::{Filter, Rule};
use crate::sandbox::answer::{Answer, Api, Context};
use crate::sandbox::permissions::{Need, cluster};

impl Api for DescribeAclsRequest {
    const CHANGES: bool = false;

    fn needs(&self) -> Vec<Need> {
        cluster(Operation::Describe)
    }

    fn refusal(&self, error: ResponseError) -> DescribeAclsResponse {
        DescribeAclsResponse::default()
            .with_error_code(error.code())
            .with_error_message(Some(text(&error.to_string())))
    }

    fn handle(self, cx: &mut Context<'_>) -> Answer<DescribeAclsResponse> {
        if !cx.state.acls.are_kept() {
            return Answer::Now(self.refusal(ResponseError::SecurityDisabled));
        }
        let codes =
            (self.resource_type_filter, self.pattern_type_filter, self.operation, self.permission_type);
        let texts = [&self.resource_name_filter, &self.principal_filter, &self.host_filter];
        let Some(filter) = filter(codes, texts) else {
            // What a broker cannot read ends the connection.
            return Answer::Close;
        };
        let mut resources: Vec<DescribeAclsResource> = Vec::new();
        for rule in cx.state.acls.find(&filter) {
            let resource = DescribeAclsResource::default()
                .with_resource_type(rule.resource as i8)
                .with_resource_name(text(&rule.name))
                .with_pattern_type(rule.pattern as i8);
            let same = |other: &&mut DescribeAclsResource| {
                (other.resource_type, &other.resource_name, other.pattern_type)
                    == (resource.resource_type, &resource.resource_name, resource.pattern_type)
            };
            match resources.iter_mut().find(same) {
                Some(known) => known.acls.push(described(&rule)),
                None => resources.push(resource.clone().with_acls(vec![described(&rule)])),
            }
        }
        Answer::Now(DescribeAclsResponse::default().with_resources(resources))
    }
}

/// Reads a filter's numbers and texts; `None` where a number is unknown.
pub(super) fn filter(
    (resource, pattern, operation, permission): (i8, i8, i8, i8),
    [name, principal, host]: [&Option<StrBytes>; 3],
) -> Option<Filter> {
    let owned = |text: &Option<StrBytes>| text.as_ref().map(ToString::to_string);
    let filter = Filter::from_codes(resource, pattern, operation, permission)?;
    Some(Filter { name: owned(name), principal: owned(principal), host: owned(host), ..filter })
}

/// Returns the protocol's number of a permission.
pub(super) fn permission(rule: &Rule) -> i8 {
    if rule.allows { 3 } else { 2 }
}

fn described(rule: &Rule) -> AclDescription {
    AclDescription::default()
        .with_principal(text(&rule.principal))
        .with_host(text(&rule.host))
        .with_operation(rule.operation as i8)
        .with_permission_type(permission(rule))
}
