//! Asking before what cannot be taken back (guarantee G10).

use super::Context;
use super::flows::Refusal;
use crate::config::settings::FlowSettings;
use crate::report::problem::{Problem, Scope};

/// Refuses a run that nobody agreed to and nobody can be asked about; `what` is a failover, or its like.
pub(super) fn refuse_unasked(context: &Context, what: &str) -> Result<(), Refusal> {
    if context.output.can_ask() {
        return Ok(());
    }
    let problem = Problem::new("not_confirmed", Scope::Command, format!("a {what} has to be confirmed"))
        .cause("there is no terminal to ask at")
        .hint("look at what it would do with --dry-run, then give --yes");
    Err(problem.into())
}

/// Asks for the flow's name; `question` says for what.
pub(super) fn ask(
    context: &Context,
    flow: &FlowSettings,
    (what, question): (&str, String),
) -> Result<(), Box<Problem>> {
    let answer = context.output.ask(&format!("{question} Type its name to confirm:")).map_err(|error| {
        Problem::new("stdin", Scope::Command, "the answer cannot be read").cause(error.to_string())
    })?;
    if answer.as_deref() == Some(flow.name.as_str()) {
        return Ok(());
    }
    let problem = Problem::new("not_confirmed", Scope::Command, format!("the {what} was not confirmed"));
    Err(Box::new(problem.cause("the answer is not the flow's name").hint("nothing was changed")))
}
