//! Groups under members that join, sync, speak, leave and fall silent in any order.

use std::collections::BTreeMap;

use kafka_protocol::messages::LeaveGroupRequest;
use kafka_protocol::messages::leave_group_request::MemberIdentity;
use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone)]
enum Step {
    Enter(u8),
    Join(u8),
    Sync(u8),
    Heartbeat(u8),
    Leave(u8),
    Pass(u16),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        2 => (0..4u8).prop_map(Step::Enter),
        4 => (0..4u8).prop_map(Step::Join),
        5 => (0..4u8).prop_map(Step::Sync),
        3 => (0..4u8).prop_map(Step::Heartbeat),
        1 => (0..4u8).prop_map(Step::Leave),
        2 => (0..12_000u16).prop_map(Step::Pass),
    ];
    proptest::collection::vec(step, 1..80)
}

/// What a client knows of itself.
#[derive(Debug, Clone, Default)]
struct Client {
    id: String,
    generation: i32,
    leads: Vec<String>,
}

/// Clients, their requests that wait, and who leads each generation.
struct World {
    play: Play,
    clients: BTreeMap<u8, Client>,
    waiting: Vec<(u8, Ticket)>,
    leaders: BTreeMap<i32, String>,
    answered: usize,
}

impl World {
    fn request(&self, who: u8) -> JoinGroupRequest {
        let request = join(&self.clients.get(&who).map(|client| client.id.clone()).unwrap_or_default());
        // Two of the four are static.
        let instance = (who % 2 == 1).then(|| text(&format!("instance-{who}")));
        request.with_group_instance_id(instance)
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Enter(who) => {
                self.clients.remove(who);
                self.wait_join(*who);
            }
            Step::Join(who) => self.wait_join(*who),
            Step::Sync(who) => {
                let Some(client) = self.clients.get(who).cloned() else { return };
                let assigned: Vec<(&str, &'static str)> =
                    client.leads.iter().map(|member| (member.as_str(), "some")).collect();
                let ticket = self.play.sync(&client.id, client.generation, &assigned);
                self.waiting.push((*who, ticket));
            }
            Step::Heartbeat(who) => {
                let Some(client) = self.clients.get(who).cloned() else { return };
                let said = self.play.heartbeat(&client.id, client.generation);
                if said == Err(ResponseError::UnknownMemberId) {
                    self.clients.remove(who);
                }
            }
            Step::Leave(who) => {
                let Some(client) = self.clients.remove(who) else { return };
                let member = MemberIdentity::default().with_member_id(text(&client.id));
                let request = LeaveGroupRequest::default().with_group_id(id("g")).with_members(vec![member]);
                self.play.groups.leave(self.play.now, &caller(5), &request);
            }
            Step::Pass(ms) => self.play.pass(i64::from(*ms)),
        }
        self.look();
    }

    fn wait_join(&mut self, who: u8) {
        let request = self.request(who);
        let ticket = self.play.join(&request);
        self.waiting.push((who, ticket));
    }

    /// Takes what was answered and holds it against what a group promises.
    fn look(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        for (who, ticket) in waiting {
            match self.play.groups.take(ticket) {
                None => self.waiting.push((who, ticket)),
                Some(Reply::Join(answer)) => self.joined(who, &answer),
                Some(Reply::Sync(answer)) => {
                    self.answered += 1;
                    assert!(answer.error_code == 0 || answer.assignment.is_empty());
                }
            }
        }
        assert_eq!(self.play.groups.answers_ready(), 0, "an answer nobody asked for");
    }

    fn joined(&mut self, who: u8, answer: &JoinGroupResponse) {
        self.answered += 1;
        if answer.error_code == ResponseError::MemberIdRequired.code() || answer.error_code == 0 {
            let client = self.clients.entry(who).or_default();
            client.id = answer.member_id.to_string();
        } else {
            self.clients.remove(&who);
            return;
        }
        if answer.error_code != 0 {
            return;
        }
        let leads = answer.members.iter().map(|member| member.member_id.to_string()).collect();
        let client = self.clients.entry(who).or_default();
        client.generation = answer.generation_id;
        client.leads = leads;
        if !answer.members.is_empty() {
            assert_eq!(answer.leader, answer.member_id, "only the leader is told of the members");
            let members: Vec<&str> = answer.members.iter().map(|member| member.member_id.as_str()).collect();
            assert!(members.contains(&answer.member_id.as_str()));
            if !answer.skip_assignment && self.play.groups.state("g") == Some(GroupState::CompletingRebalance)
            {
                let leader =
                    self.leaders.entry(answer.generation_id).or_insert_with(|| answer.leader.to_string());
                assert_eq!(leader, answer.leader.as_str(), "a generation has one leader");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn every_request_is_answered_once_and_the_group_comes_to_rest(steps in steps()) {
        let mut world = World {
            play: Play::new(),
            clients: BTreeMap::new(),
            waiting: Vec::new(),
            leaders: BTreeMap::new(),
            answered: 0,
        };
        let mut highest = 0;
        for step in &steps {
            world.step(step);
            let generation = world.play.groups.groups.get("g").map_or(0, |group| group.generation);
            prop_assert!(generation >= highest, "generations never go back");
            highest = generation;
            if let Some(deadline) = world.play.groups.next_deadline() {
                prop_assert!(deadline > world.play.now, "what is due was done");
            }
        }
        // With nobody speaking any more, time alone answers everything and empties the group.
        for _ in 0..1_000 {
            let Some(deadline) = world.play.groups.next_deadline() else { break };
            world.play.pass(deadline - world.play.now);
            world.look();
        }
        prop_assert!(world.waiting.is_empty(), "left without an answer: {:?}", world.waiting);
        let state = world.play.groups.state("g");
        prop_assert!(matches!(state, None | Some(GroupState::Empty)), "{state:?}");
    }
}
