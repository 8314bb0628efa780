//! Which topics a flow copies.

use globset::{GlobBuilder, GlobMatcher};
use regex::Regex;

/// Topics that are never copied, whatever a flow says: brokers', Strait's and MirrorMaker's own.
const NEVER: [&str; 4] = ["__*", "strait.*", "mm2-*", "*.internal"];

/// Selects topics by glob or regular expression; internal topics never match.
#[derive(Clone, Debug, Default)]
pub struct TopicSelector {
    include: Vec<Pattern>,
    exclude: Vec<Pattern>,
}

#[derive(Clone, Debug)]
enum Pattern {
    Literal(String),
    Glob(GlobMatcher),
    Regex(Regex),
}

/// Says why a pattern cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{pattern:?} is no valid pattern: {reason}")]
pub struct PatternError {
    /// The pattern as typed.
    pub pattern: String,
    /// What is wrong with it.
    pub reason: String,
}

impl TopicSelector {
    /// Compiles patterns: a glob, or `re:` and a regular expression for the whole name.
    pub fn new(include: &[String], exclude: &[String]) -> Result<Self, PatternError> {
        let never = NEVER.iter().map(|glob| (*glob).to_owned());
        let exclude: Vec<String> = exclude.iter().cloned().chain(never).collect();
        Ok(Self { include: compile(include)?, exclude: compile(&exclude)? })
    }

    /// Says whether a topic is to be copied.
    pub fn matches(&self, topic: &str) -> bool {
        let any = |patterns: &[Pattern]| patterns.iter().any(|pattern| pattern.matches(topic));
        any(&self.include) && !any(&self.exclude)
    }

    /// Returns the names that stand for one topic each.
    pub fn literals(&self) -> impl Iterator<Item = &str> {
        self.include.iter().filter_map(|pattern| match pattern {
            Pattern::Literal(name) => Some(name.as_str()),
            _ => None,
        })
    }
}

impl Pattern {
    fn matches(&self, topic: &str) -> bool {
        match self {
            Pattern::Literal(name) => name == topic,
            Pattern::Glob(glob) => glob.is_match(topic),
            Pattern::Regex(regex) => regex.is_match(topic),
        }
    }
}

fn compile(patterns: &[String]) -> Result<Vec<Pattern>, PatternError> {
    patterns.iter().map(|text| compile_one(text)).collect()
}

fn compile_one(text: &str) -> Result<Pattern, PatternError> {
    let error = |reason: String| PatternError { pattern: text.to_owned(), reason };
    if let Some(expression) = text.strip_prefix("re:") {
        let whole = format!("^(?:{expression})$");
        return Regex::new(&whole).map(Pattern::Regex).map_err(|e| error(e.to_string()));
    }
    if text.is_empty() {
        return Err(error("it is empty".to_owned()));
    }
    if !text.contains(['*', '?', '[', '{', '\\']) {
        return Ok(Pattern::Literal(text.to_owned()));
    }
    let glob = GlobBuilder::new(text).literal_separator(false).build();
    glob.map(|glob| Pattern::Glob(glob.compile_matcher())).map_err(|e| error(e.to_string()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn globs_literals_and_expressions_select_and_internal_topics_never_match() {
        let selector = TopicSelector::new(
            &["orders.*".into(), "payments".into(), "re:log-[0-9]+".into(), "*".into()][..3].to_vec(),
            &["*.tmp".into()],
        )
        .unwrap();
        for name in ["orders.eu", "payments", "log-17"] {
            assert!(selector.matches(name), "{name}");
        }
        for name in ["orders.eu.tmp", "payments2", "log-17x", "xlog-1"] {
            assert!(!selector.matches(name), "{name}");
        }
        let all = TopicSelector::new(&["*".into()], &[]).unwrap();
        for name in ["__consumer_offsets", "strait.us-eu", "mm2-configs", "heartbeats.internal"] {
            assert!(!all.matches(name), "{name}");
        }
        assert_eq!(selector.literals().collect::<Vec<_>>(), ["payments"]);
        assert!(TopicSelector::new(&["re:(".into()], &[]).is_err());
    }
}
