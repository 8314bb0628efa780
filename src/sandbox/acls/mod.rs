//! Access control lists: what is stored, what a filter finds, and who may do what.

mod decide;
mod filter;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

pub use decide::{Operation, Resource};
pub use filter::Filter;

/// The name of the only cluster resource.
pub const CLUSTER: &str = "kafka-cluster";
/// Everybody, and every resource of a type.
pub const WILDCARD: &str = "*";

/// What a rule is about; the numbers are the protocol's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(i8)]
pub enum ResourceType {
    /// A topic.
    Topic = 2,
    /// A consumer group.
    Group = 3,
    /// The cluster.
    Cluster = 4,
    /// A transactional id.
    TransactionalId = 5,
    /// A delegation token.
    DelegationToken = 6,
    /// A user, as the owner of tokens.
    User = 7,
}

impl ResourceType {
    /// Reads the protocol's number.
    pub fn from_code(code: i8) -> Option<Self> {
        let all = [
            Self::Topic,
            Self::Group,
            Self::Cluster,
            Self::TransactionalId,
            Self::DelegationToken,
            Self::User,
        ];
        all.into_iter().find(|kind| *kind as i8 == code)
    }
}

/// How a rule's name is read; the numbers are the protocol's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(i8)]
pub enum Pattern {
    /// As it is, or as everything where it is `*`.
    Literal = 3,
    /// As the front of names.
    Prefixed = 4,
}

impl Pattern {
    /// Reads the protocol's number.
    pub fn from_code(code: i8) -> Option<Self> {
        [Self::Literal, Self::Prefixed].into_iter().find(|pattern| *pattern as i8 == code)
    }
}

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rule {
    /// What it is about.
    pub resource: ResourceType,
    /// Its name.
    pub name: String,
    /// How the name is read.
    pub pattern: Pattern,
    /// For whom, `User:name` or `User:*`.
    pub principal: String,
    /// From where, an address or `*`.
    pub host: String,
    /// What is done.
    pub operation: Operation,
    /// Whether it may be done.
    pub allows: bool,
}

/// The rules of a cluster.
#[derive(Clone, Debug, Default)]
pub struct Acls {
    rules: BTreeSet<Rule>,
    /// `None`: nobody asks, everybody may do everything.
    super_users: Option<BTreeSet<String>>,
}

impl Acls {
    /// Lets everybody do everything, and keeps no rules.
    pub fn none() -> Self {
        Self::default()
    }

    /// Lets super users do everything and others what rules say.
    pub fn with_super_users(users: impl IntoIterator<Item = String>) -> Self {
        Self { rules: BTreeSet::new(), super_users: Some(users.into_iter().collect()) }
    }

    /// Says whether rules are kept at all.
    pub fn are_kept(&self) -> bool {
        self.super_users.is_some()
    }

    /// Adds a rule; one that is there already changes nothing.
    pub fn add(&mut self, rule: Rule) {
        self.rules.insert(rule);
    }

    /// Lists the rules a filter finds.
    pub fn find(&self, filter: &Filter) -> Vec<Rule> {
        self.rules.iter().filter(|rule| filter.finds(rule)).cloned().collect()
    }

    /// Takes out the rules a filter finds, and returns them.
    pub fn remove(&mut self, filter: &Filter) -> Vec<Rule> {
        let found = self.find(filter);
        self.rules.retain(|rule| !filter.finds(rule));
        found
    }
}
