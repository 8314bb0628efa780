//! Which topics a flow copies.

use globset::{GlobBuilder, GlobMatcher};
use regex::Regex;

use super::defaults::PATTERN_BYTES_MAX;
use super::rename::Rename;

/// Lists what is never copied: Kafka's own topics, Strait's, and those of its predecessors.
pub const INTERNAL: [&str; 4] = ["__*", "strait.*", "mm2-*", "*.internal"];

/// Returns the rule by which a topic is internal, if it is.
pub fn internal_rule(topic: &str) -> Option<&'static str> {
    INTERNAL.into_iter().find(|rule| match (rule.strip_prefix('*'), rule.strip_suffix('*')) {
        (Some(end), _) => topic.ends_with(end),
        (None, Some(start)) => topic.starts_with(start),
        (None, None) => topic == *rule,
    })
}

/// Says why a pattern could not be read.
#[derive(Clone, Debug, thiserror::Error)]
pub enum PatternFault {
    /// It is the empty text.
    #[error("it is empty")]
    Empty,
    /// It is longer than any topic names together.
    #[error("it is longer than {PATTERN_BYTES_MAX} bytes")]
    TooLong,
    /// The glob is malformed.
    #[error("{}", .0.kind())]
    Glob(#[source] globset::Error),
    /// The regular expression is malformed.
    #[error("{}", last_line(.0))]
    Regex(#[source] regex::Error),
}

/// A syntax error of `regex` is a drawing; its last line says what is wrong.
fn last_line(error: &regex::Error) -> String {
    let text = error.to_string();
    let line = text.lines().last().unwrap_or_default();
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
}

/// Holds one entry of `topics`, `exclude` or `groups`.
#[derive(Clone)]
pub enum Pattern {
    /// A name, taken as it is.
    Literal(String),
    /// A glob; `*` and `?` match dots too.
    Glob(GlobMatcher),
    /// A regular expression for the whole name.
    Regex(Regex),
}

/// Shows what was compiled; the matchers' insides depend on which thread came first.
impl std::fmt::Debug for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Literal(name) => write!(f, "Literal({name:?})"),
            Self::Glob(glob) => write!(f, "Glob({:?})", glob.glob().glob()),
            Self::Regex(regex) => write!(f, "Regex({:?})", regex.as_str()),
        }
    }
}

impl Pattern {
    /// Reads a name, a glob, or `re:` and a regular expression.
    pub fn parse(text: &str) -> Result<Self, PatternFault> {
        if text.len() > PATTERN_BYTES_MAX {
            return Err(PatternFault::TooLong);
        }
        if let Some(expression) = text.strip_prefix("re:") {
            if expression.is_empty() {
                return Err(PatternFault::Empty);
            }
            // First alone: `a)(b` would be sound only inside the parentheses of the anchored form.
            Regex::new(expression).map_err(PatternFault::Regex)?;
            let anchored = format!(r"\A(?:{expression})\z");
            return Regex::new(&anchored).map(Self::Regex).map_err(PatternFault::Regex);
        }
        if text.is_empty() {
            return Err(PatternFault::Empty);
        }
        if !text.contains(['*', '?', '[', ']', '{', '}', '\\']) {
            return Ok(Self::Literal(text.to_owned()));
        }
        let glob = GlobBuilder::new(text).literal_separator(false).backslash_escape(true).build();
        glob.map(|glob| Self::Glob(glob.compile_matcher())).map_err(PatternFault::Glob)
    }

    /// Returns the text it is read from.
    pub fn text(&self) -> String {
        match self {
            Self::Literal(name) => name.clone(),
            Self::Glob(glob) => glob.glob().glob().to_owned(),
            Self::Regex(regex) => {
                let anchored = regex.as_str();
                let inner = anchored.strip_prefix(r"\A(?:").and_then(|rest| rest.strip_suffix(r")\z"));
                format!("re:{}", inner.unwrap_or(anchored))
            }
        }
    }

    /// Returns the pattern for the names that `rename` makes; one of which that cannot be told is left as it is.
    fn renamed(&self, rename: &Rename) -> Self {
        let text = match self {
            Self::Literal(name) => rename.apply(name),
            // What stands around a topic's name has no characters that mean anything in a glob.
            Self::Glob(_) => rename.apply(&self.text()),
            Self::Regex(_) if *rename == Rename::default() => self.text(),
            Self::Regex(_) => {
                let text = self.text();
                let escaped = |text: &str| regex::escape(text);
                let (prefix, suffix) = (escaped(&rename.on.prefix), escaped(&rename.on.suffix));
                format!("re:{prefix}(?:{}){suffix}", text.trim_start_matches("re:"))
            }
        };
        Self::parse(&text).unwrap_or_else(|_| self.clone())
    }

    /// Says whether a name matches.
    pub fn matches(&self, name: &str) -> bool {
        match self {
            Self::Literal(literal) => literal == name,
            Self::Glob(glob) => glob.is_match(name),
            Self::Regex(regex) => regex.is_match(name),
        }
    }
}

/// Selects topics by glob or regular expression; internal topics never match.
#[derive(Clone, Debug)]
pub struct TopicSelector {
    include: Vec<Pattern>,
    exclude: Vec<Pattern>,
}

impl TopicSelector {
    /// Selects what matches one of `include` and none of `exclude`.
    pub fn new(include: Vec<Pattern>, exclude: Vec<Pattern>) -> Self {
        Self { include, exclude }
    }

    /// Reads both lists; for tests and for callers with no file to point into.
    pub fn parse(include: &[&str], exclude: &[&str]) -> Result<Self, PatternFault> {
        let read =
            |texts: &[&str]| texts.iter().map(|text| Pattern::parse(text)).collect::<Result<Vec<_>, _>>();
        Ok(Self::new(read(include)?, read(exclude)?))
    }

    /// Says whether the flow copies a topic of this name.
    pub fn matches(&self, topic: &str) -> bool {
        internal_rule(topic).is_none()
            && self.include.iter().any(|pattern| pattern.matches(topic))
            && !self.exclude.iter().any(|pattern| pattern.matches(topic))
    }

    /// Selects the topics that are made of the selected ones.
    pub fn renamed(&self, rename: &Rename) -> Self {
        let each = |patterns: &[Pattern]| patterns.iter().map(|pattern| pattern.renamed(rename)).collect();
        Self::new(each(&self.include), each(&self.exclude))
    }

    /// Selects the same topics but for these.
    pub fn without<'a>(&self, topics: impl Iterator<Item = &'a str>) -> Self {
        let mut all = self.clone();
        all.exclude.extend(topics.map(|topic| Pattern::Literal(topic.to_owned())));
        all
    }

    /// Returns the texts of what is selected, and of what is left out.
    pub fn texts(&self) -> (Vec<String>, Vec<String>) {
        let each = |patterns: &[Pattern]| patterns.iter().map(Pattern::text).collect();
        (each(&self.include), each(&self.exclude))
    }

    /// Returns the entries of `topics` that are plain names and not excluded: these must exist.
    pub fn literals(&self) -> impl Iterator<Item = &str> {
        self.include.iter().filter_map(|pattern| match pattern {
            Pattern::Literal(name) if self.matches(name) => Some(name.as_str()),
            _ => None,
        })
    }
}

/// Begins the names of Strait's own groups, which never follow.
const OWN_GROUPS: &str = "strait.";

/// Selects consumer groups by glob or regular expression; Strait's own never match.
#[derive(Clone, Default)]
pub struct GroupSelector {
    entries: Vec<(String, Pattern)>,
}

impl GroupSelector {
    /// Selects what matches one of the patterns, each with the text it was read from.
    pub fn new(entries: Vec<(String, Pattern)>) -> Self {
        Self { entries }
    }

    /// Reads patterns that were typed elsewhere than in a file.
    pub fn parse<T: AsRef<str>>(texts: &[T]) -> Result<Self, PatternFault> {
        let read = |text: &T| Ok((text.as_ref().to_owned(), Pattern::parse(text.as_ref())?));
        Ok(Self::new(texts.iter().map(read).collect::<Result<_, _>>()?))
    }

    /// Says whether a group of this name is selected.
    pub fn matches(&self, group: &str) -> bool {
        !group.starts_with(OWN_GROUPS) && self.entries.iter().any(|(_, pattern)| pattern.matches(group))
    }

    /// Says whether nothing is selected, whatever there is.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns the texts that it was read from.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|(text, _)| text.as_str())
    }

    /// Returns the entries that are plain names: these are asked for even where no broker lists them.
    pub fn literals(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().filter_map(|(_, pattern)| match pattern {
            Pattern::Literal(name) if self.matches(name) => Some(name.as_str()),
            _ => None,
        })
    }
}

impl std::fmt::Debug for GroupSelector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.entries.iter().map(|(text, _)| text)).finish()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn selected(include: &[&str], exclude: &[&str], topic: &str) -> bool {
        TopicSelector::parse(include, exclude).unwrap().matches(topic)
    }

    #[test]
    fn a_star_matches_dots_and_slashes_are_nothing_special() {
        assert!(selected(&["orders.*"], &[], "orders.eu.new"));
        assert!(!selected(&["orders.*"], &[], "orders"));
        assert!(selected(&["a?c"], &[], "a.c"));
        assert!(selected(&["{a,b}-[0-9]"], &[], "b-7"));
    }

    #[test]
    fn a_regular_expression_holds_for_the_whole_name() {
        assert!(selected(&["re:orders|payments"], &[], "payments"));
        assert!(!selected(&["re:orders|payments"], &[], "payments2"));
        assert!(!selected(&["re:orders|payments"], &[], "my-orders"));
        assert!(!selected(&["re:orders"], &[], "orders\n"));
        assert!(Pattern::parse("re:a)(b").is_err());
    }

    #[test]
    fn exclusions_and_internal_topics_win() {
        assert!(!selected(&["*"], &["*.tmp"], "a.tmp"));
        for topic in ["__consumer_offsets", "strait.state", "mm2-offsets.us", "us.heartbeats.internal"] {
            assert!(!selected(&["*", "re:.*"], &[], topic), "{topic}");
        }
        assert!(selected(&["*"], &[], "_one_underscore"));
        assert!(selected(&["*"], &[], "straits"));
    }

    #[test]
    fn literals_are_the_plain_names() {
        let selector = TopicSelector::parse(&["orders.*", "payments", "re:x", "a.tmp"], &["*.tmp"]).unwrap();
        assert_eq!(selector.literals().collect::<Vec<_>>(), ["payments"]);
    }
    #[test]
    fn groups_are_selected_like_topics_and_our_own_never() {
        let selector = GroupSelector::parse(&["*", "billing"]).unwrap();
        assert!(selector.matches("app.eu") && !selector.matches("strait.us-eu"));
        assert_eq!(selector.literals().collect::<Vec<_>>(), ["billing"]);
        assert!(!GroupSelector::default().matches("billing"));
    }
}
