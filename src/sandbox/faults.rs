//! Faults on purpose: which request is hit, and what happens to it.

use std::time::Duration;

use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::ApiKey;

use super::coordinators::Kind;
use super::state::State;

/// Says what happens to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It is answered with an error, and nothing is done.
    Refuse(ResponseError),
    /// It is done, and answered with an error all the same.
    RefuseAfter(ResponseError),
    /// It is done only after a while.
    Delay(Duration),
    /// It is done at once, but answered only after a while.
    DelayAnswer(Duration),
    /// The connection ends before it is done.
    DisconnectBefore,
    /// The connection ends after it was done, without an answer.
    DisconnectAfter,
    /// Only the first half of the answer is sent, and the connection ends.
    CutAnswer,
    /// A bit of the records in a Fetch answer is wrong.
    CorruptRecords,
    /// The partitions of its topics move to the next broker first.
    MoveLeaders,
    /// The coordinators of a kind move to the next broker first.
    MoveCoordinators(Kind),
    /// The broker goes down before it is done; `Some` says after how long it comes back.
    StopBroker(Option<Duration>),
    /// The logs of its topics' partitions lose their last offsets first.
    LoseRecords {
        /// How many.
        count: i64,
    },
}

/// Says which requests are hit: every `None` matches all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matcher {
    /// The kind of request.
    pub api: Option<ApiKey>,
    /// The broker asked.
    pub broker: Option<i32>,
    /// A topic it is about.
    pub topic: Option<String>,
}

/// Describes a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which requests it hits.
    pub matcher: Matcher,
    /// How many of them pass first.
    pub after: u32,
    /// How many of them are hit then.
    pub times: u32,
    /// What happens to them.
    pub action: Action,
}

impl Fault {
    /// Hits the next request of a kind, once.
    pub fn on(api: ApiKey, action: Action) -> Self {
        let matcher = Matcher { api: Some(api), ..Matcher::default() };
        Self { matcher, after: 0, times: 1, action }
    }

    /// Hits the next request of any kind, once.
    pub fn on_any(action: Action) -> Self {
        Self { matcher: Matcher::default(), after: 0, times: 1, action }
    }

    /// Hits only what a broker is asked.
    #[must_use]
    pub fn at_broker(mut self, broker: i32) -> Self {
        self.matcher.broker = Some(broker);
        self
    }

    /// Hits only what is about a topic.
    #[must_use]
    pub fn about(mut self, topic: &str) -> Self {
        self.matcher.topic = Some(topic.to_owned());
        self
    }

    /// Lets some requests pass first.
    #[must_use]
    pub fn after(mut self, requests: u32) -> Self {
        self.after = requests;
        self
    }

    /// Hits so many requests.
    #[must_use]
    pub fn times(mut self, requests: u32) -> Self {
        self.times = requests;
        self
    }
}

/// Describes a request to the faults.
#[derive(Clone, Debug)]
pub struct Hit {
    /// Its kind.
    pub api: ApiKey,
    /// The broker asked.
    pub broker: i32,
    /// The topics it is about.
    pub topics: Vec<String>,
}

/// Holds the faults of a cluster, the first that matches being taken.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    planned: Vec<Fault>,
    fired: u64,
}

impl Faults {
    /// Plans a fault, behind those planned before.
    pub fn plan(&mut self, fault: Fault) {
        if fault.times > 0 {
            self.planned.push(fault);
        }
    }

    /// Forgets all faults that are planned.
    pub fn clear(&mut self) {
        self.planned.clear();
    }

    /// Returns how many requests were hit so far.
    pub fn fired(&self) -> u64 {
        self.fired
    }

    /// Returns how many faults are still planned.
    pub fn left(&self) -> usize {
        self.planned.len()
    }

    /// Says what happens to a request. Every fault that matches counts it, the first that is due
    /// hits it.
    pub fn strike(&mut self, hit: &Hit) -> Option<Action> {
        let mut struck = None;
        for fault in self.planned.iter_mut().filter(|fault| fault.matcher.matches(hit)) {
            if fault.after > 0 {
                fault.after -= 1;
            } else if struck.is_none() {
                fault.times -= 1;
                struck = Some(fault.action);
            }
        }
        self.planned.retain(|fault| fault.times > 0);
        self.fired += u64::from(struck.is_some());
        struck
    }
}

impl Matcher {
    fn matches(&self, hit: &Hit) -> bool {
        self.api.is_none_or(|api| api == hit.api)
            && self.broker.is_none_or(|broker| broker == hit.broker)
            && self.topic.as_ref().is_none_or(|topic| hit.topics.contains(topic))
    }
}

/// Does to the cluster what an action does before its request is handled.
pub fn prepare(state: &mut State, action: Action, hit: &Hit) {
    if let Action::MoveCoordinators(kind) = action {
        state.coordinators.move_on(kind);
    }
    for name in &hit.topics {
        let Some(topic) = state.topics.get_mut(name) else { continue };
        for partition in topic.partitions.iter_mut().filter(|one| one.leader == Some(hit.broker)) {
            match action {
                Action::MoveLeaders => {
                    let next = partition.next_leader(&state.brokers);
                    partition.lead_by(next);
                }
                Action::LoseRecords { count } => partition.truncate_unclean(partition.log.end() - count),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hit(api: ApiKey, topic: &str) -> Hit {
        Hit { api, broker: 1, topics: vec![topic.to_owned()] }
    }

    #[test]
    fn a_fault_hits_the_nth_request_it_is_for_as_often_as_it_says() {
        let mut faults = Faults::default();
        faults.plan(Fault::on(ApiKey::Produce, Action::DisconnectAfter).about("t").after(1).times(2));
        assert_eq!(faults.strike(&hit(ApiKey::Produce, "t")), None);
        assert_eq!(faults.strike(&hit(ApiKey::Fetch, "t")), None);
        assert_eq!(faults.strike(&hit(ApiKey::Produce, "u")), None);
        assert_eq!(faults.strike(&hit(ApiKey::Produce, "t")), Some(Action::DisconnectAfter));
        assert_eq!(faults.strike(&hit(ApiKey::Produce, "t")), Some(Action::DisconnectAfter));
        assert_eq!(faults.strike(&hit(ApiKey::Produce, "t")), None);
        assert_eq!((faults.fired(), faults.left()), (2, 0));
    }

    #[test]
    fn of_two_faults_for_one_request_the_first_hits_it_and_the_second_the_next() {
        let mut faults = Faults::default();
        faults.plan(Fault::on_any(Action::DisconnectBefore));
        faults.plan(Fault::on(ApiKey::Fetch, Action::CorruptRecords).at_broker(1));
        assert_eq!(faults.strike(&hit(ApiKey::Fetch, "t")), Some(Action::DisconnectBefore));
        assert_eq!(faults.strike(&hit(ApiKey::Fetch, "t")), Some(Action::CorruptRecords));
    }
}
