//! The membership in the consumer group that shares a flow's partitions: a thread of its own that keeps
//! librdkafka going and tells what the group decided.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rdkafka::client::{ClientContext, OAuthToken};
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use rdkafka::types::RDKafkaRespErr;
use tokio::sync::{mpsc, oneshot};

use super::super::state_topic::NAME_PREFIX;
use crate::config::settings::{ClusterSettings, FlowSettings, LimitSettings};
use crate::kafka::cluster::Cluster;
use crate::kafka::credentials::Credentials;
use crate::kafka::librdkafka::{client_config, token};
use crate::types::{FlowName, TopicName, TopicPartition};

/// How long the thread waits for news before it looks whether it is to end.
const POLL_WAIT: Duration = Duration::from_millis(100);
/// Changes that may wait for the supervisor.
const CHANGES_MAX: usize = 64;
/// How long a member that stops may take to tell the group.
const LEAVE_PATIENCE: Duration = Duration::from_secs(5);
/// Most that librdkafka takes for `session.timeout.ms`, `max.poll.interval.ms` and
/// `topic.metadata.refresh.interval.ms`.
const SESSION_MAX: Duration = Duration::from_secs(3600);
const PATIENCE_MAX: Duration = Duration::from_secs(86_400);
const REFRESH_MAX: Duration = Duration::from_secs(3600);

/// Tells what the group decided; partitions are the target's.
#[derive(Debug)]
pub enum GroupChange {
    /// These are ours from now on, besides those that were.
    Assigned(Vec<TopicPartition>),
    /// Others are to have these; they get them when `left` is dropped, or when it took too long.
    Revoked(Vec<TopicPartition>, Left),
    /// Others have these already.
    Lost(Vec<TopicPartition>),
    /// The group cannot be joined.
    Trouble(String),
}

/// Keeps revoked partitions from being given to others until it is dropped.
#[derive(Debug)]
pub struct Left {
    _done: std::sync::mpsc::SyncSender<()>,
}

/// Holds the membership; it ends with the value, and at best through [`leave`](Self::leave).
#[derive(Debug)]
pub struct Member {
    shared: Arc<Shared>,
    ended: oneshot::Receiver<()>,
}

#[derive(Debug, Default)]
struct Shared {
    /// Topics to subscribe to that the thread has not seen yet.
    topics: Mutex<Option<BTreeSet<TopicName>>>,
    is_over: AtomicBool,
}

/// Names the group whose members share a flow's partitions.
pub fn group(flow: &FlowName) -> String {
    format!("{NAME_PREFIX}{flow}.workers")
}

impl Member {
    /// Becomes a member as soon as there are topics; the error is one of the settings.
    pub fn start(
        target: &Cluster,
        flow: &FlowSettings,
    ) -> Result<(Self, mpsc::Receiver<GroupChange>), KafkaError> {
        let (changes, receiver) = mpsc::channel(CHANGES_MAX);
        let context = Context {
            changes: changes.clone(),
            patience: flow.limits.shutdown_timeout,
            credentials: target.credentials().cloned(),
            runtime: tokio::runtime::Handle::current(),
        };
        let consumer: BaseConsumer<Context> =
            consumer_config(target.settings(), &flow.name, &flow.limits).create_with_context(context)?;
        let shared = Arc::new(Shared::default());
        let (end, ended) = oneshot::channel();
        let of_thread = shared.clone();
        std::thread::spawn(move || {
            keep_going(&consumer, &of_thread, &changes);
            // Tells the group, which gives our partitions to others at once.
            drop(consumer);
            // Whoever waited may have given up.
            let _ = end.send(());
        });
        Ok((Self { shared, ended }, receiver))
    }

    /// Shares the partitions of these topics.
    pub fn subscribe(&self, topics: BTreeSet<TopicName>) {
        *self.shared.topics.lock().unwrap_or_else(PoisonError::into_inner) = Some(topics);
    }

    /// Leaves the group; the receiver of changes has to be gone, or be read meanwhile.
    pub async fn leave(mut self) {
        self.shared.is_over.store(true, Ordering::Relaxed);
        // Where it takes longer, others take over when the session has expired.
        let _ = tokio::time::timeout(LEAVE_PATIENCE, &mut self.ended).await;
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::Relaxed);
    }
}

fn consumer_config(target: &ClusterSettings, flow: &FlowName, limits: &LimitSettings) -> ClientConfig {
    let session = limits.session_timeout.min(SESSION_MAX);
    // The group waits so long for a member that is to give partitions away.
    let patience = (session.max(limits.shutdown_timeout) + limits.shutdown_timeout).min(PATIENCE_MAX);
    let refresh = limits.discovery_interval.min(REFRESH_MAX);
    let mut config = client_config(target);
    config
        .set("group.id", group(flow))
        .set("partition.assignment.strategy", "cooperative-sticky")
        .set("session.timeout.ms", session.as_millis().to_string())
        .set("heartbeat.interval.ms", (session / 10).as_millis().max(1).to_string())
        .set("max.poll.interval.ms", patience.as_millis().to_string())
        .set("topic.metadata.refresh.interval.ms", refresh.as_millis().to_string())
        .set("allow.auto.create.topics", "false")
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        // Nothing is fetched; were anything, let it be little.
        .set("queued.min.messages", "1")
        .set("queued.max.messages.kbytes", "1");
    config
}

fn keep_going(consumer: &BaseConsumer<Context>, shared: &Shared, changes: &mpsc::Sender<GroupChange>) {
    let mut known = BTreeSet::new();
    while !shared.is_over.load(Ordering::Relaxed) {
        let topics = shared.topics.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(topics) = topics.filter(|topics| *topics != known && !topics.is_empty()) {
            let names: Vec<&str> = topics.iter().map(TopicName::as_str).collect();
            if let Err(error) = consumer.subscribe(&names) {
                tell(changes, GroupChange::Trouble(error.to_string()));
            }
            known = topics;
        }
        if known.is_empty() {
            std::thread::park_timeout(POLL_WAIT);
        } else if let Some(Err(error)) = consumer.poll(POLL_WAIT) {
            tracing::debug!(%error, "the group of workers");
            if is_told(&error) {
                tell(changes, GroupChange::Trouble(error.to_string()));
            }
        }
    }
}

/// Says whether an error keeps us from the group until somebody mends it; brokers that cannot be reached
/// are told of by the partitions.
fn is_told(error: &KafkaError) -> bool {
    use RDKafkaErrorCode as E;
    matches!(
        error.rdkafka_error_code(),
        Some(
            E::GroupAuthorizationFailed
                | E::InvalidSessionTimeout
                | E::InconsistentGroupProtocol
                | E::GroupMaxSizeReached
                | E::FencedInstanceId
                | E::Authentication
                | E::SaslAuthenticationFailed
                | E::SSL
                | E::Fatal
        )
    )
}

fn tell(changes: &mpsc::Sender<GroupChange>, change: GroupChange) {
    // A supervisor that ended needs to know nothing more.
    let _ = changes.blocking_send(change);
}

/// Carries what librdkafka decides to the supervisor.
struct Context {
    changes: mpsc::Sender<GroupChange>,
    /// How long partitions may take to be let go of.
    patience: Duration,
    /// What logs in, shared with our own connections.
    credentials: Option<Arc<Credentials>>,
    runtime: tokio::runtime::Handle,
}

impl ClientContext for Context {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = true;

    fn generate_oauth_token(&self, _: Option<&str>) -> Result<OAuthToken, Box<dyn std::error::Error>> {
        let credentials = self.credentials.as_ref().ok_or("the cluster has no login")?;
        let token = token(credentials, &self.runtime).inspect_err(|error| {
            tell(&self.changes, GroupChange::Trouble(error.to_string()));
        })?;
        Ok(token.ok_or("the login has no token")?)
    }

    fn log(&self, _: RDKafkaLogLevel, facility: &str, message: &str) {
        tracing::debug!(target: "librdkafka", facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(target: "librdkafka", %error, reason);
        if is_told(&error) {
            tell(&self.changes, GroupChange::Trouble(format!("{error}: {reason}")));
        }
    }
}

impl ConsumerContext for Context {
    fn rebalance(
        &self,
        consumer: &BaseConsumer<Self>,
        event: RDKafkaRespErr,
        partitions: &mut TopicPartitionList,
    ) {
        let named = named(partitions);
        let done = if event == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS {
            assign(consumer, partitions).inspect(|()| tell(&self.changes, GroupChange::Assigned(named)))
        } else {
            if consumer.assignment_lost() {
                tell(&self.changes, GroupChange::Lost(named));
            } else {
                let (done, left) = std::sync::mpsc::sync_channel(0);
                tell(&self.changes, GroupChange::Revoked(named, Left { _done: done }));
                // Nothing is ever sent: dropped is what it waits for.
                let _ = left.recv_timeout(self.patience);
            }
            consumer.incremental_unassign(partitions)
        };
        if let Err(error) = done {
            tell(&self.changes, GroupChange::Trouble(error.to_string()));
        }
    }
}

/// Accepts partitions without ever fetching from them: paused, and at an offset that needs no question.
fn assign(consumer: &BaseConsumer<Context>, partitions: &mut TopicPartitionList) -> Result<(), KafkaError> {
    partitions.set_all_offsets(Offset::Offset(0))?;
    consumer.incremental_assign(partitions)?;
    consumer.pause(partitions)
}

fn named(partitions: &TopicPartitionList) -> Vec<TopicPartition> {
    partitions.elements().iter().map(|at| TopicPartition::new(at.topic(), at.partition())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::settings::BootstrapServer;
    use crate::types::ClusterAlias;

    #[test]
    fn librdkafka_takes_the_settings_whatever_the_limits_are() {
        let target = ClusterSettings {
            alias: ClusterAlias::from("eu"),
            bootstrap_servers: vec![BootstrapServer { host: "127.0.0.1".into(), port: 1, line: 1 }],
            cluster_id: None,
            tls: None,
            sasl: None,
            client_id: "strait".into(),
            connect_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(30),
        };
        // The longest that a configuration may say.
        let longest = 7 * 24 * 3600 * 1000;
        for (session, shutdown) in [(10, 30_000), (10_000, 10), (longest, 10), (10_000, longest)] {
            let limits = LimitSettings {
                bandwidth_bytes_per_second: None,
                memory_bytes: 1 << 20,
                connections_per_broker: 1,
                discovery_interval: Duration::from_millis(session),
                checkpoint_interval: Duration::from_secs(5),
                retry_timeout: Duration::from_secs(60),
                shutdown_timeout: Duration::from_millis(shutdown),
                session_timeout: Duration::from_millis(session),
            };
            let config = consumer_config(&target, &FlowName::from("us-eu"), &limits);
            let made: Result<BaseConsumer, _> = config.create();
            made.unwrap_or_else(|error| panic!("session {session} ms, shutdown {shutdown} ms: {error}"));
        }
    }
}
