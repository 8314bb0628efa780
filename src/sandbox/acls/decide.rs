//! Whether somebody may do something.

use super::{Acls, Pattern, ResourceType, Rule, WILDCARD};

/// What is done; the numbers are the protocol's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(i8)]
pub enum Operation {
    /// Anything.
    All = 2,
    /// Reading records, or as a member of a group.
    Read = 3,
    /// Writing records, or in a transaction.
    Write = 4,
    /// Making.
    Create = 5,
    /// Taking away.
    Delete = 6,
    /// Changing.
    Alter = 7,
    /// Looking at.
    Describe = 8,
    /// What brokers do among themselves.
    ClusterAction = 9,
    /// Looking at settings.
    DescribeConfigs = 10,
    /// Changing settings.
    AlterConfigs = 11,
    /// Writing with a producer id.
    IdempotentWrite = 12,
    /// Making tokens.
    CreateTokens = 13,
    /// Looking at tokens.
    DescribeTokens = 14,
    /// Taking part in transactions that somebody else ends.
    TwoPhaseCommit = 15,
}

impl Operation {
    /// Reads the protocol's number.
    pub fn from_code(code: i8) -> Option<Self> {
        use Operation as O;
        let all = [
            O::All,
            O::Read,
            O::Write,
            O::Create,
            O::Delete,
            O::Alter,
            O::Describe,
            O::ClusterAction,
            O::DescribeConfigs,
            O::AlterConfigs,
            O::IdempotentWrite,
            O::CreateTokens,
            O::DescribeTokens,
            O::TwoPhaseCommit,
        ];
        all.into_iter().find(|operation| *operation as i8 == code)
    }

    /// Says whether leave for `self` is leave for `other`, too.
    fn implies(self, other: Self) -> bool {
        match other {
            _ if self == other || self == Self::All => true,
            Self::Describe => matches!(self, Self::Read | Self::Write | Self::Delete | Self::Alter),
            Self::DescribeConfigs => self == Self::AlterConfigs,
            _ => false,
        }
    }
}

/// Something that is there to be used.
pub type Resource<'a> = (ResourceType, &'a str);

impl Acls {
    /// Decides whether somebody may do something: super users may all, else a rule has to allow it and
    /// none forbid it.
    pub fn allow(&self, principal: &str, host: &str, operation: Operation, resource: Resource<'_>) -> bool {
        let Some(super_users) = &self.super_users else { return true };
        if super_users.contains(principal) {
            return true;
        }
        let concerned: Vec<&Rule> =
            self.rules.iter().filter(|rule| rule.concerns(principal, host, resource)).collect();
        // Who may not look may still read: only leave implies more.
        let forbidden = concerned
            .iter()
            .any(|rule| !rule.allows && (rule.operation == operation || rule.operation == Operation::All));
        !forbidden && concerned.iter().any(|rule| rule.allows && rule.operation.implies(operation))
    }

    /// Decides whether somebody may do something with any resource of a type, as idempotent producers
    /// may write somewhere.
    pub fn allow_somewhere(
        &self,
        principal: &str,
        host: &str,
        operation: Operation,
        kind: ResourceType,
    ) -> bool {
        if self.super_users.is_none() {
            return true;
        }
        let names = self.rules.iter().filter(|rule| rule.resource == kind);
        let mut names = names.map(|rule| rule.name.as_str()).chain([WILDCARD]);
        names.any(|name| self.allow(principal, host, operation, (kind, name)))
    }
}

impl Rule {
    fn concerns(&self, principal: &str, host: &str, (kind, name): Resource<'_>) -> bool {
        let everybody = principal
            .split_once(':')
            .is_some_and(|(kind, _)| self.principal.strip_prefix(kind) == Some(":*"));
        (self.principal == principal || everybody)
            && (self.host == WILDCARD || self.host == host)
            && self.resource == kind
            && self.covers(name)
    }

    /// Says whether the rule's name stands for this one.
    pub(super) fn covers(&self, name: &str) -> bool {
        match self.pattern {
            Pattern::Literal => self.name == name || self.name == WILDCARD,
            Pattern::Prefixed => name.starts_with(&self.name),
        }
    }
}
