//! What the requests of group members have in common: who asks, and answers that wait.

use std::time::Duration;

use crate::sandbox::answer::{Answer, Context, Waiting};
use crate::sandbox::groups::{Caller, Reply, Ticket};

/// A Join or Sync is answered by the group long before; this ends one that a broker lost.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 3_600);

/// Says who asks.
pub(super) fn caller(cx: &Context<'_>) -> Caller {
    Caller {
        version: cx.version,
        client_id: cx.client.client_id.as_deref().unwrap_or_default().to_owned(),
        host: format!("/{}", cx.client.host),
    }
}

/// Answers once the group has.
pub(super) fn wait<R: 'static>(
    cx: &mut Context<'_>,
    ticket: Ticket,
    answer: impl Fn(Option<Reply>) -> R + Send + 'static,
) -> Answer<R> {
    if let Some(reply) = cx.state.coordinators.groups.take(ticket) {
        return Answer::Now(answer(Some(reply)));
    }
    Answer::Later(Waiting {
        deadline: cx.now + LONGEST_WAIT,
        poll: Box::new(move |state, expired| {
            let reply = state.coordinators.groups.take(ticket);
            (reply.is_some() || expired).then(|| answer(reply))
        }),
    })
}
