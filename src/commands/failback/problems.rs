//! Why a flow is not failed back, in words.

use super::super::failover::{draining, told};
use crate::config::settings::FlowSettings;
use crate::engine::state_topic::NAME_PREFIX;
use crate::failback::error::FailbackError;
use crate::failover::drain::DrainError;
use crate::failover::whole::FailoverError;
use crate::report::problem::{Problem, Scope};

/// Says why.
pub(super) fn problem(flow: &FlowSettings, error: FailbackError) -> Box<Problem> {
    let what = format!("flow \"{}\" cannot be failed back", flow.name);
    let new = |code| Problem::new(code, Scope::Flow(flow.name.to_string()), what.clone());
    let state = format!("{NAME_PREFIX}{} at {}", flow.name, flow.target);
    let cause = error.to_string();
    Box::new(match error {
        FailbackError::Kafka(error) | FailbackError::Failover(FailoverError::Kafka(error)) => {
            Problem::from(&error)
        }
        FailbackError::Failover(error) => return told::not_ended(flow, error),
        FailbackError::Drain(error) => return not_appended(flow, *error),
        FailbackError::NeverRan { .. } => new("never_ran")
            .place(format!("cluster {}", flow.target))
            .cause(cause)
            .hint("check --flow and the cluster; strait status shows which flows have run"),
        FailbackError::NotEnded => new("not_ended")
            .place(format!("as recorded in {state}"))
            .cause("it is not ended, so it can be copied as ever")
            .hint("strait replicate copies it; strait failover ends it"),
        FailbackError::HalfEnded(ended) => new("half_ended")
            .place(format!("as recorded in {state}"))
            .cause(format!("{ended}, and was interrupted"))
            .hint("run strait failover --unplanned again: it goes on where it stopped"),
        FailbackError::NotReversible(_) => new("not_reversible")
            .cause(cause)
            .hint("configure the flow that goes the other way, with the ends swapped and the same topics"),
        FailbackError::Undecided { .. } => {
            new("stranded").cause(cause).hint("say --stranded append, leave or export DIR")
        }
        FailbackError::DecidedOtherwise(fate) => new("decided_otherwise")
            .place(format!("as recorded in {state}"))
            .cause(cause)
            .hint(format!("go on with --stranded {}", fate.word())),
        FailbackError::ReverseEnded { flow: reverse, .. } => {
            new("reverse_ended").cause(cause).hint(format!("fail that one back first: --flow {reverse}"))
        }
        FailbackError::NotDrained => new("not_drained").cause(cause).hint("run it again"),
        FailbackError::Lost { .. } => new("lost").cause(cause).hint("run it again; what was done stands"),
        FailbackError::Damaged { .. } => {
            new("damaged").cause(cause).hint("mend the log or exclude the topic")
        }
        FailbackError::File { path, error } => new("file")
            .place(path.display().to_string())
            .cause(error.to_string())
            .hint("give another folder, or take away what is in the way"),
    })
}

fn not_appended(flow: &FlowSettings, error: DrainError) -> Box<Problem> {
    let problem = draining::problem(flow, error);
    Box::new(problem.hint("stranded records were being appended; run it again, it goes on where it stopped"))
}
