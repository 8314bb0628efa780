//! What the patterns of a flow can match at all: whether there is a topic name for them, and one such name.

use regex_syntax::hir::{Class, Hir, HirKind};

use super::defaults::TOPIC_NAME_BYTES_MAX;

/// Longest name that is made up for a pattern.
const WITNESS_BYTES_MAX: usize = TOPIC_NAME_BYTES_MAX;

/// Returns a name that a pattern as typed in `topics` matches and a topic can have; `None` where there is
/// none, or none was found.
pub fn witness(pattern: &str) -> Option<String> {
    let name = build(&parse(pattern)?)?;
    let is_name = !name.is_empty() && name.len() <= WITNESS_BYTES_MAX && name != "." && name != "..";
    // A place in the text, such as the start of a word, is not looked at while building.
    (is_name && super::patterns::Pattern::parse(pattern).ok()?.matches(&name)).then_some(name)
}

/// Says whether no topic name whatever matches; only what is sure counts.
pub fn is_empty(pattern: &str) -> bool {
    parse(pattern).is_some_and(|hir| is_impossible(&hir))
}

fn parse(pattern: &str) -> Option<Hir> {
    let expression = match pattern.strip_prefix("re:") {
        Some(expression) => format!(r"\A(?:{expression})\z"),
        None => globset::GlobBuilder::new(pattern)
            .literal_separator(false)
            .backslash_escape(true)
            .build()
            .ok()?
            .regex()
            .to_owned(),
    };
    regex_syntax::ParserBuilder::new().utf8(false).build().parse(&expression).ok()
}

fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')
}

/// Returns a character of the class that a topic's name can have, a letter where there is one.
fn name_char(class: &Class) -> Option<char> {
    let has = |c: char| match class {
        Class::Unicode(class) => class.iter().any(|range| (range.start()..=range.end()).contains(&c)),
        Class::Bytes(class) => u8::try_from(c)
            .is_ok_and(|byte| class.iter().any(|range| (range.start()..=range.end()).contains(&byte))),
    };
    ('a'..='z').chain('A'..='Z').chain('0'..='9').chain(['-', '_', '.']).find(|c| has(*c))
}

fn is_impossible(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => false,
        HirKind::Literal(literal) => !literal.0.iter().all(|byte| is_name_char(char::from(*byte))),
        HirKind::Class(class) => name_char(class).is_none(),
        HirKind::Repetition(repetition) => repetition.min > 0 && is_impossible(&repetition.sub),
        HirKind::Capture(capture) => is_impossible(&capture.sub),
        HirKind::Concat(parts) => parts.iter().any(is_impossible),
        HirKind::Alternation(ways) => ways.iter().all(is_impossible),
    }
}

fn build(hir: &Hir) -> Option<String> {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Some(String::new()),
        HirKind::Literal(literal) => {
            let text = std::str::from_utf8(&literal.0).ok()?;
            text.chars().all(is_name_char).then(|| text.to_owned())
        }
        HirKind::Class(class) => name_char(class).map(String::from),
        HirKind::Repetition(repetition) => {
            // Once rather than not at all: a name like `orders.a` says more than `orders.`.
            let wanted = repetition.min.max(1).min(repetition.max.unwrap_or(u32::MAX));
            let times = usize::try_from(wanted).ok().filter(|times| *times <= WITNESS_BYTES_MAX)?;
            match build(&repetition.sub) {
                Some(part) => Some(part.repeat(times)),
                None if repetition.min == 0 => Some(String::new()),
                None => None,
            }
        }
        HirKind::Capture(capture) => build(&capture.sub),
        HirKind::Concat(parts) => parts.iter().map(build).collect(),
        HirKind::Alternation(ways) => ways.iter().find_map(build),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_that_can_match_has_a_name_and_one_that_cannot_is_empty() {
        for (pattern, name) in [
            ("orders", Some("orders")),
            ("orders.*", Some("orders.a")),
            ("*", Some("a")),
            ("{x,y}-[0-9]?", Some("x-0a")),
            ("re:orders|payments", Some("orders")),
            ("re:(eu|us)-[a-z]{3}[0-9]*", Some("eu-aaa0")),
            ("re:^a$", Some("a")),
            ("re:a/b|c", Some("c")),
            ("a/*", None),
            ("a b*", None),
            ("re:a\\sb", None),
            ("re:(/|:)x", None),
            ("^orders*", None),
        ] {
            assert_eq!(witness(pattern).as_deref(), name, "{pattern}");
            assert_eq!(is_empty(pattern), name.is_none(), "{pattern}");
        }
    }
}
