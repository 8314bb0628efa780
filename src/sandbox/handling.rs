//! One request on its way through a broker: the fault it meets, its handler, and its wait.

use std::sync::Arc;

use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::ApiKey;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

use super::answer::{Client, Context, Inside};
use super::dispatch::{Call, Pending, Reply};
use super::faults::{Action, Hit, prepare};
use super::permissions::forbidden;
use super::server::Shared;

/// Answers a request, or does to it what was planned.
pub async fn answer(call: Call, broker: i32, client: &mut Client, shared: &Arc<Shared>) -> Reply {
    client.client_id.clone_from(&call.client_id);
    let forbidden = forbidden(&call, &shared.lock(), broker, client);
    if let Some(error) = forbidden {
        return match inside(call.api, error) {
            None => call.refuse(error),
            inside => handle(call, broker, client, shared, inside).await,
        };
    }
    let struck = {
        let mut state = shared.lock();
        // Naming the topics takes a while; mostly there is no fault.
        (state.faults.left() > 0).then(|| {
            let hit = Hit { api: call.api, broker, topics: call.topics(&state, broker) };
            (state.faults.strike(&hit), hit)
        })
    };
    let Some((Some(action), hit)) = struck else {
        return handle(call, broker, client, shared, None).await;
    };
    match action {
        Action::Refuse(error) => match inside(call.api, error) {
            None => call.refuse(error),
            inside => handle(call, broker, client, shared, inside).await,
        },
        Action::RefuseAfter(error) => {
            let refusal = call.refuse(error);
            handle(call, broker, client, shared, None).await;
            refusal
        }
        Action::Delay(time) => {
            sleep(time).await;
            handle(call, broker, client, shared, None).await
        }
        Action::DelayAnswer(time) => {
            let reply = handle(call, broker, client, shared, None).await;
            sleep(time).await;
            reply
        }
        Action::DisconnectBefore => Reply::Close,
        Action::DisconnectAfter => {
            handle(call, broker, client, shared, None).await;
            Reply::Close
        }
        Action::CutAnswer => match handle(call, broker, client, shared, None).await {
            Reply::Frame(frame) => Reply::Cut(frame),
            other => other,
        },
        Action::CorruptRecords => handle(call, broker, client, shared, Some(Inside::Corrupt)).await,
        Action::MoveLeaders | Action::MoveCoordinators(_) | Action::LoseRecords { .. } => {
            shared.change(|state| prepare(state, action, &hit));
            handle(call, broker, client, shared, None).await
        }
        Action::StopBroker(back_after) => {
            // A broker that is down already stays so; this connection ends with it in any case.
            let _ = shared.stop_broker(broker);
            if let Some(after) = back_after {
                shared.start_broker_after(broker, after);
            }
            Reply::Close
        }
    }
}

/// Says which errors a Fetch answer has in its partitions; the others it has as a whole, and other
/// kinds of requests know by themselves.
fn inside(api: ApiKey, error: ResponseError) -> Option<Inside> {
    use ResponseError as E;
    let whole = matches!(
        error,
        E::FetchSessionIdNotFound | E::InvalidFetchSessionEpoch | E::FetchSessionTopicIdError
    );
    (api == ApiKey::Fetch && !whole).then_some(Inside::Partitions(error))
}

async fn handle(
    call: Call,
    broker: i32,
    client: &mut Client,
    shared: &Shared,
    fault: Option<Inside>,
) -> Reply {
    let changes = call.changes;
    // Seen before the state is, so that no change falls between.
    let seen = shared.watch();
    let reply = {
        let mut state = shared.lock();
        let (version, now) = (call.version, Instant::now());
        call.run(&mut Context { broker, version, client, now, fault, state: &mut state })
    };
    if changes {
        shared.announce();
    }
    match reply {
        Reply::Later(pending) => wait(pending, seen, shared, changes).await,
        reply => reply,
    }
}

async fn wait(mut pending: Pending, mut seen: watch::Receiver<u64>, shared: &Shared, changes: bool) -> Reply {
    loop {
        let expired = tokio::select! {
            () = sleep_until(pending.deadline) => true,
            // The sender lives as long as the cluster.
            _ = seen.changed() => false,
        };
        let reply = (pending.poll)(&mut shared.lock(), expired);
        match reply {
            Some(reply) => {
                if changes {
                    shared.announce();
                }
                return reply;
            }
            // A handler that has no answer at its deadline has none at all.
            None if expired => return Reply::Close,
            None => {}
        }
    }
}
