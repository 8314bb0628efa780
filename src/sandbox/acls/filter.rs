//! Which rules a filter finds.

use super::{Operation, Pattern, ResourceType, Rule};

/// A filter; `None` finds all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// What rules are about.
    pub resource: Option<ResourceType>,
    /// The name.
    pub name: Option<String>,
    /// How rules read it.
    pub pattern: Patterns,
    /// For whom.
    pub principal: Option<String>,
    /// From where.
    pub host: Option<String>,
    /// What is done.
    pub operation: Option<Operation>,
    /// Whether it is allowed.
    pub allows: Option<bool>,
    /// It asks for a number nobody gave a meaning yet.
    pub is_beyond: bool,
}

/// How rules found by their name read it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Patterns {
    /// In any way.
    #[default]
    Any,
    /// So that the name is among those they stand for.
    Match,
    /// In this way.
    Only(Pattern),
}

/// The protocol's numbers that stand for all.
const UNKNOWN: i8 = 0;
const ANY: i8 = 1;
const MATCH: i8 = 2;
const DENY: i8 = 2;
const ALLOW: i8 = 3;

impl Filter {
    /// Reads the protocol's numbers: resource, pattern, operation and permission. `None` where one of
    /// them says of itself that it is unknown; one that is new to us finds nothing.
    pub fn from_codes(resource: i8, pattern: i8, operation: i8, permission: i8) -> Option<Self> {
        if [resource, pattern, operation, permission].contains(&UNKNOWN) {
            return None;
        }
        let kind = ResourceType::from_code(resource);
        let done = Operation::from_code(operation);
        let read = Pattern::from_code(pattern);
        let is_beyond = kind.is_none() && resource != ANY
            || done.is_none() && operation != ANY
            || read.is_none() && ![ANY, MATCH].contains(&pattern)
            || ![ANY, DENY, ALLOW].contains(&permission);
        let pattern = match (pattern, read) {
            (MATCH, _) => Patterns::Match,
            (_, Some(pattern)) => Patterns::Only(pattern),
            _ => Patterns::Any,
        };
        let allows = (permission != ANY).then_some(permission == ALLOW);
        Some(Self { resource: kind, pattern, operation: done, allows, is_beyond, ..Self::default() })
    }

    /// Says whether a rule is found.
    pub fn finds(&self, rule: &Rule) -> bool {
        let same = |wanted: &Option<String>, own: &str| wanted.as_deref().is_none_or(|wanted| wanted == own);
        let name = match (&self.name, self.pattern) {
            (None, Patterns::Only(pattern)) => rule.pattern == pattern,
            (None, _) => true,
            (Some(name), Patterns::Any) => rule.name == *name,
            (Some(name), Patterns::Match) => rule.covers(name),
            (Some(name), Patterns::Only(pattern)) => rule.pattern == pattern && rule.name == *name,
        };
        !self.is_beyond
            && name
            && self.resource.is_none_or(|resource| resource == rule.resource)
            && same(&self.principal, &rule.principal)
            && same(&self.host, &rule.host)
            && self.operation.is_none_or(|operation| operation == rule.operation)
            && self.allows.is_none_or(|allows| allows == rule.allows)
    }
}
