//! A problem as people and programs see it: what failed, where, the cause, and what to try.

use std::fmt;

use serde::Serialize;

use super::style::Style;

/// Says what a problem concerns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The command itself.
    Command,
    /// The configuration.
    Config,
    /// A cluster, by its alias.
    Cluster(String),
    /// A flow.
    Flow(String),
    /// One source partition of a flow, such as `orders[7]`.
    Partition {
        /// The flow.
        flow: String,
        /// The partition.
        partition: String,
    },
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scope::Command => f.write_str("command"),
            Scope::Config => f.write_str("config"),
            Scope::Cluster(alias) => write!(f, "cluster:{alias}"),
            Scope::Flow(flow) => write!(f, "flow:{flow}"),
            Scope::Partition { flow, partition } => write!(f, "flow:{flow}/{partition}"),
        }
    }
}

/// Describes one problem; prints in four parts (see [`Problem::render`]) or as [`ProblemJson`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// A stable name for programs, such as `expects_tls`.
    pub code: &'static str,
    /// What it concerns.
    pub scope: Scope,
    /// What failed, such as `cannot reach cluster "eu" (phase: tls)`.
    pub what: String,
    /// Where: the broker, and the place in the configuration that named it.
    pub place: Option<String>,
    /// Why.
    pub cause: Option<String>,
    /// What to try, the best first.
    pub hints: Vec<String>,
}

impl Problem {
    /// Starts a problem from its code, scope and headline.
    pub fn new(code: &'static str, scope: Scope, what: impl Into<String>) -> Self {
        Self { code, scope, what: what.into(), place: None, cause: None, hints: Vec::new() }
    }

    /// Adds where it happened.
    pub fn place(mut self, place: impl Into<String>) -> Self {
        self.place = Some(place.into());
        self
    }

    /// Adds the cause.
    pub fn cause(mut self, cause: impl Into<String>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// Adds something to try.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Returns the four parts as text, without a newline at the end; parts that are unknown are
    /// left out, and lines within a part are indented under it.
    pub fn render(&self, style: Style) -> String {
        let mut text = format!("{} {}", style.error("error:"), self.what);
        let mut part = |label: &str, value: &str| {
            let value = value.trim_end().replace('\n', "\n         ");
            text.push_str(&format!("\n  {} {value}", style.label(&format!("{label:<6}"))));
        };
        self.place.iter().for_each(|place| part("where:", place));
        self.cause.iter().for_each(|cause| part("cause:", cause));
        self.hints.iter().for_each(|hint| part("try:", hint));
        text
    }

    /// Returns what failed and why, on one line.
    pub fn in_short(&self) -> String {
        match &self.cause {
            Some(cause) => format!("{}: {cause}", self.what),
            None => self.what.clone(),
        }
    }

    /// Returns the problem as programs read it.
    pub fn to_json(&self) -> ProblemJson {
        let message = self.in_short();
        ProblemJson {
            code: self.code,
            scope: self.scope.to_string(),
            message: match &self.place {
                Some(place) => format!("{message} ({place})"),
                None => message,
            },
            hint: (!self.hints.is_empty()).then(|| self.hints.join("; or ")),
        }
    }
}

/// Holds a problem as an element of a JSON document's `errors`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProblemJson {
    /// A stable name.
    pub code: &'static str,
    /// What it concerns, such as `cluster:eu` or `flow:us-eu/orders[7]`.
    pub scope: String,
    /// What failed, why, and where.
    pub message: String,
    /// What to try; `null` where nothing is known to help.
    pub hint: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem() -> Problem {
        Problem::new("expects_tls", Scope::Cluster("eu".into()), "cannot reach cluster \"eu\" (phase: api)")
            .place("eu-2:9092, listed in strait.toml:14")
            .cause("the broker hung up")
            .hint("set security_protocol = \"SSL\"")
    }

    #[test]
    fn a_problem_prints_its_four_parts() {
        assert_eq!(
            problem().render(Style::new(false)),
            "error: cannot reach cluster \"eu\" (phase: api)\n  \
             where: eu-2:9092, listed in strait.toml:14\n  \
             cause: the broker hung up\n  \
             try:   set security_protocol = \"SSL\""
        );
    }

    #[test]
    fn a_problem_as_json_keeps_every_part() {
        let json = serde_json::to_value(problem().to_json()).expect("plain strings serialise");
        assert_eq!(
            json,
            serde_json::json!({
                "code": "expects_tls",
                "scope": "cluster:eu",
                "message": "cannot reach cluster \"eu\" (phase: api): the broker hung up (eu-2:9092, listed in strait.toml:14)",
                "hint": "set security_protocol = \"SSL\"",
            })
        );
    }
}
