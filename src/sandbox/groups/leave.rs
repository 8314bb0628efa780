//! LeaveGroup, for one member or several.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::leave_group_request::MemberIdentity;
use kafka_protocol::messages::leave_group_response::MemberResponse;
use kafka_protocol::messages::{LeaveGroupRequest, LeaveGroupResponse};

use super::group::Group;
use super::{Caller, Check, Groups, Millis, Outbox};

/// From this version on several members may leave at once.
const BATCHED: i16 = 3;

impl Groups {
    /// Lets members go; those that stay share anew.
    pub fn leave(&mut self, now: Millis, caller: &Caller, request: &LeaveGroupRequest) -> LeaveGroupResponse {
        let single = [MemberIdentity::default().with_member_id(request.member_id.clone())];
        let leaving = if caller.version < BATCHED { &single[..] } else { &request.members[..] };
        if request.group_id.is_empty() {
            return LeaveGroupResponse::default().with_error_code(ResponseError::InvalidGroupId.code());
        }
        let mut group = self.groups.get_mut(request.group_id.as_str());
        let mut members = Vec::new();
        for identity in leaving {
            let left = match &mut group {
                None => Err(ResponseError::UnknownMemberId),
                Some(group) => group.leave(identity, &mut self.outbox),
            };
            let answer = MemberResponse::default()
                .with_member_id(identity.member_id.clone())
                .with_group_instance_id(identity.group_instance_id.clone())
                .with_error_code(left.err().map_or(0, |error| error.code()));
            members.push(answer);
        }
        let someone_left = members.iter().any(|member| member.error_code == 0);
        if let Some(group) = group.filter(|_| someone_left) {
            group.after_removal(now, &mut self.outbox);
        }
        self.tick(now);
        if caller.version < BATCHED {
            return LeaveGroupResponse::default().with_error_code(members[0].error_code);
        }
        LeaveGroupResponse::default().with_members(members)
    }
}

impl Group {
    /// An administrator names the instance alone, a member its id, and its instance if it has one.
    fn leave(&mut self, who: &MemberIdentity, outbox: &mut Outbox) -> Check {
        let instance = who.group_instance_id.as_deref();
        let id = match (who.member_id.as_str(), instance) {
            ("", Some(instance)) => self.statics.get(instance).cloned(),
            ("", None) => None,
            (id, _) if self.pending.remove(id).is_some() => return Ok(()),
            (id, _) => {
                self.check_member(id, instance)?;
                Some(id.to_owned())
            }
        };
        let id = id.ok_or(ResponseError::UnknownMemberId)?;
        self.drop_member(&id, outbox);
        Ok(())
    }
}
