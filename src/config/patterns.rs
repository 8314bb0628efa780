//! Which topics a flow copies.

/// Selects topics by glob or regular expression; internal topics never match.
#[derive(Clone, Debug)]
pub struct TopicSelector {}
