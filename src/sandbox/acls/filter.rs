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
const ANY: i8 = 1;
const MATCH: i8 = 2;
const DENY: i8 = 2;
const ALLOW: i8 = 3;

impl Filter {
    /// Reads the protocol's numbers: resource, pattern, operation and permission. `None` where one of
    /// them is unknown.
    pub fn from_codes(resource: i8, pattern: i8, operation: i8, permission: i8) -> Option<Self> {
        let resource = if resource == ANY { None } else { Some(ResourceType::from_code(resource)?) };
        let operation = if operation == ANY { None } else { Some(Operation::from_code(operation)?) };
        let pattern = match pattern {
            ANY => Patterns::Any,
            MATCH => Patterns::Match,
            code => Patterns::Only(Pattern::from_code(code)?),
        };
        let allows = match permission {
            ANY => None,
            DENY => Some(false),
            ALLOW => Some(true),
            _ => return None,
        };
        Some(Self { resource, pattern, operation, allows, ..Self::default() })
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
        name && self.resource.is_none_or(|resource| resource == rule.resource)
            && same(&self.principal, &rule.principal)
            && same(&self.host, &rule.host)
            && self.operation.is_none_or(|operation| operation == rule.operation)
            && self.allows.is_none_or(|allows| allows == rule.allows)
    }
}
