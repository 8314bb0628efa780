//! ListGroups, DescribeGroups and DeleteGroups.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::delete_groups_response::DeletableGroupResult;
use kafka_protocol::messages::describe_groups_response::{DescribedGroup, DescribedGroupMember};
use kafka_protocol::messages::list_groups_response::ListedGroup;
use kafka_protocol::messages::{GroupId, ListGroupsRequest};

use super::group::{Group, GroupState};
use super::member::Member;
use super::{Caller, Groups, text};

/// From this version on a group that is not there is an error, and not one that is dead.
const SAYS_NOT_FOUND: i16 = 6;
/// What stands where nobody asked for the operations that are allowed.
pub const OPERATIONS_NOT_ASKED: i32 = i32::MIN;
/// The only type of group there is.
const CLASSIC: &str = "classic";

impl Groups {
    /// Lists the groups whose state and type are wanted; an empty filter wants all.
    pub fn list(&self, request: &ListGroupsRequest) -> Vec<ListedGroup> {
        let wanted = |filter: &[kafka_protocol::protocol::StrBytes], value: &str| {
            filter.is_empty() || filter.iter().any(|name| name.eq_ignore_ascii_case(value))
        };
        let groups = self.groups.values().filter(|group| {
            wanted(&request.states_filter, group.state.name()) && wanted(&request.types_filter, CLASSIC)
        });
        let listed = groups.map(|group| {
            ListedGroup::default()
                .with_group_id(GroupId(text(&group.id)))
                .with_protocol_type(text(group.protocol_type.as_deref().unwrap_or_default()))
                .with_group_state(text(group.state.name()))
                .with_group_type(text(CLASSIC))
        });
        listed.collect()
    }

    /// Describes groups one by one, in the order asked.
    pub fn describe(&self, caller: &Caller, groups: &[GroupId]) -> Vec<DescribedGroup> {
        groups.iter().map(|id| self.describe_one(caller, id)).collect()
    }

    fn describe_one(&self, caller: &Caller, id: &GroupId) -> DescribedGroup {
        let answer = DescribedGroup::default()
            .with_group_id(id.clone())
            .with_authorized_operations(OPERATIONS_NOT_ASKED);
        let Some(group) = self.groups.get(id.as_str()) else {
            let dead = answer.with_group_state(text("Dead"));
            if caller.version < SAYS_NOT_FOUND {
                return dead;
            }
            let message = format!("Group {} not found.", id.as_str());
            return dead
                .with_error_code(ResponseError::GroupIdNotFound.code())
                .with_error_message(Some(text(&message)));
        };
        let protocol = group.protocol.as_deref().filter(|_| group.state == GroupState::Stable);
        answer
            .with_group_state(text(group.state.name()))
            .with_protocol_type(text(group.protocol_type.as_deref().unwrap_or_default()))
            .with_protocol_data(text(protocol.unwrap_or_default()))
            .with_members(group.members.iter().map(|member| described(member, protocol, caller)).collect())
    }

    /// Deletes groups that have no members, with their offsets.
    pub fn delete(&mut self, groups: &[GroupId]) -> Vec<DeletableGroupResult> {
        let delete = |id: &GroupId| {
            let answer = DeletableGroupResult::default().with_group_id(id.clone());
            match self.groups.get(id.as_str()).map(Group::is_empty) {
                None => answer.with_error_code(ResponseError::GroupIdNotFound.code()),
                Some(false) => answer.with_error_code(ResponseError::NonEmptyGroup.code()),
                Some(true) => {
                    self.groups.remove(id.as_str());
                    answer
                }
            }
        };
        groups.iter().map(delete).collect()
    }
}

impl Group {
    fn is_empty(&self) -> bool {
        self.state == GroupState::Empty
    }
}

/// While a rebalance is under way there is no protocol, and so nothing a member said along with it.
fn described(member: &Member, protocol: Option<&str>, caller: &Caller) -> DescribedGroupMember {
    let metadata = protocol.map(|protocol| member.metadata(protocol)).unwrap_or_default();
    let instance = member.instance_id.as_deref().filter(|_| caller.version >= 4);
    DescribedGroupMember::default()
        .with_member_id(text(&member.id))
        .with_group_instance_id(instance.map(text))
        .with_client_id(text(&member.client_id))
        .with_client_host(text(&member.client_host))
        .with_member_metadata(metadata)
        .with_member_assignment(member.assignment.clone())
}
