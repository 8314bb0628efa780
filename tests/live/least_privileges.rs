//! The rights that docs/security.md lists for each subcommand: with exactly these it works, and without any
//! one of them it says which is missing, on what, and for whom.

use std::fmt::Write;
use std::path::PathBuf;

use crate::harness::admin::create_topic;
use crate::harness::produce::produce;
use crate::harness::records::mixed;
use crate::harness::rights::{Kind, Operation, Right, WORD, enter};
use crate::harness::route::LIMIT;
use crate::harness::shared::{shared_pair, shared_secure};
use crate::harness::spec::Listener;
use crate::harness::strait::{Config, Finished, login, run};
use crate::harness::{Lab, live};

/// Says at which end of the flow somebody's rights are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Source,
    Target,
}

/// Names a resource of the flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    /// The topic that is copied.
    Topic,
    /// The topic that keeps the flow's state.
    State,
    /// The group that shows the flow's positions to other tools.
    Group,
    /// The transactional ids that keep a second owner out.
    Fence,
}

/// Is one right, the exit code without it, and what is said then besides operation and resource.
type Need = (Operation, Of, i32, &'static [&'static str]);

/// Is one subcommand at one end.
struct Row {
    arguments: &'static [&'static str],
    end: End,
    /// Whether the flow has run before.
    goes_on: bool,
    needs: &'static [Need],
}

const TOPIC: &[&str] = &["TOPIC_AUTHORIZATION_FAILED"];

/// The table of docs/security.md.
const ROWS: [Row; 4] = [
    Row {
        arguments: &["replicate", "--once"],
        end: End::Source,
        goes_on: false,
        needs: &[
            (Operation::Read, Of::Topic, 0, &["not copied"]),
            (Operation::DescribeConfigs, Of::Topic, 1, TOPIC),
        ],
    },
    Row {
        arguments: &["replicate", "--once"],
        end: End::Target,
        goes_on: false,
        needs: &[
            (Operation::Create, Of::Topic, 1, TOPIC),
            (Operation::Read, Of::Topic, 0, TOPIC),
            (Operation::Write, Of::Topic, 1, TOPIC),
            (Operation::Create, Of::State, 1, TOPIC),
            (Operation::Read, Of::State, 1, TOPIC),
            (Operation::Write, Of::State, 1, TOPIC),
            (Operation::Read, Of::Group, 0, &["GROUP_AUTHORIZATION_FAILED"]),
            (Operation::Write, Of::Fence, 0, &["at-least-once"]),
        ],
    },
    Row {
        arguments: &["replicate", "--once"],
        end: End::Target,
        goes_on: true,
        needs: &[
            (Operation::Read, Of::Topic, 1, TOPIC),
            (Operation::Write, Of::Topic, 1, TOPIC),
            (Operation::Read, Of::State, 1, TOPIC),
            (Operation::Write, Of::State, 1, TOPIC),
            (Operation::Read, Of::Group, 0, &["GROUP_AUTHORIZATION_FAILED"]),
            (Operation::Write, Of::Fence, 0, &["at-least-once"]),
        ],
    },
    Row {
        arguments: &["status"],
        end: End::Target,
        goes_on: true,
        needs: &[(Operation::Read, Of::State, 1, TOPIC)],
    },
];

/// Is one try: a user, a flow and a topic of its own.
struct Try<'a> {
    lab: &'a Lab,
    row: &'a Row,
    number: String,
}

impl Try<'_> {
    fn topic(&self) -> String {
        self.lab.topic(&self.number)
    }

    fn flow(&self) -> String {
        format!("{}-{}", self.lab.name.rsplit('.').next().unwrap(), self.number)
    }

    fn right(&self, operation: Operation, of: Of) -> Right {
        let state = format!("strait.{}", self.flow());
        let (kind, name) = match of {
            Of::Topic => (Kind::Topic, self.topic()),
            Of::State => (Kind::Topic, state),
            Of::Group => (Kind::Group, state),
            Of::Fence => (Kind::TransactionalId, state),
        };
        Right { operation, kind, name }
    }

    /// Writes the configuration; `is_super` goes in by the listeners where everybody may do everything.
    fn config(&self, is_super: bool) -> PathBuf {
        let (pair, dir) = (shared_pair(), self.lab.work_dir().join(&self.number));
        std::fs::create_dir_all(&dir).unwrap();
        let patience = "request_timeout = \"2s\"\n";
        let identity = patience.to_owned() + &login(self.lab, "SCRAM-SHA-256", (&self.flow(), WORD));
        let limited = |config: Config, alias| {
            config.cluster(alias, shared_secure(), Listener::SaslPlaintext, &identity)
        };
        let open =
            |config: Config, alias, cluster| config.cluster(alias, cluster, Listener::Plaintext, patience);
        let (source, target) = match self.row.end {
            End::Source => (shared_secure(), &pair.target),
            End::Target => (&pair.source, shared_secure()),
        };
        let config = match self.row.end {
            _ if is_super => open(open(Config::new(), "source", source), "target", target),
            End::Source => open(limited(Config::new(), "source"), "target", target),
            End::Target => limited(open(Config::new(), "source", source), "target"),
        };
        let limits = format!("[flows.{}.limits]\nretry_timeout = \"2s\"", self.flow());
        config.flow(&self.flow(), &[&self.topic()], &limits).write(&dir)
    }

    /// Makes the topic, grants all rights of the row but one, and runs the command.
    fn run_without(&self, left_out: Option<usize>) -> Finished {
        let source = if self.row.end == End::Source { shared_secure() } else { &shared_pair().source };
        create_topic(source, &self.topic(), 1, &[]);
        produce(source, &self.topic(), "lz4", &mixed(150, 20, 1));
        let kept = self.row.needs.iter().enumerate().filter(|(index, _)| Some(*index) != left_out);
        let rights: Vec<Right> = kept.map(|(_, (operation, of, ..))| self.right(*operation, *of)).collect();
        enter(shared_secure(), &self.flow(), &rights);
        if self.row.goes_on {
            run(&self.config(true), &["replicate", "--once"], LIMIT).assert_code(0);
            produce(source, &self.topic(), "lz4", &mixed(151, 20, 1));
        }
        run(&self.config(false), self.row.arguments, LIMIT)
    }
}

/// Tries a row with all its rights, and with each taken away.
fn judge(lab: &Lab, row: &Row) {
    let entered = |number: &str| Try { lab, row, number: number.to_owned() };
    let whole = entered("all").run_without(None).assert_code(0);
    assert!(!whole.stderr.contains("AUTHORIZATION"), "{}", whole.stderr);
    let mut wrong = String::new();
    for (index, (operation, of, code, words)) in row.needs.iter().enumerate() {
        let tried = entered(&format!("without-{index}"));
        let finished = tried.run_without(Some(index));
        let (operation, resource) = (format!("{operation:?}"), tried.right(*operation, *of).name);
        let user = format!("User:{}", tried.flow());
        let named = [operation.as_str(), resource.as_str(), user.as_str()];
        let missing: Vec<_> =
            named.iter().chain(*words).filter(|word| !finished.stderr.contains(**word)).collect();
        if finished.code != Some(*code) || !missing.is_empty() {
            let (ended, said) = (finished.code, finished.stderr + &finished.stdout);
            writeln!(wrong, "without {operation} on {of:?}: {ended:?}, not said: {missing:?}\n{said}")
                .unwrap();
        }
    }
    assert!(wrong.is_empty(), "{:?} at the {:?}:\n{wrong}", row.arguments, row.end);
}

#[test]
fn replicate_needs_exactly_the_rights_that_are_listed_at_the_source() {
    live(|lab| judge(lab, &ROWS[0]));
}

#[test]
fn replicate_needs_exactly_the_rights_that_are_listed_at_the_target() {
    live(|lab| judge(lab, &ROWS[1]));
}

#[test]
fn status_needs_exactly_the_rights_that_are_listed() {
    live(|lab| judge(lab, &ROWS[3]));
}

#[test]
fn replicate_that_goes_on_needs_exactly_the_rights_that_are_listed_at_the_target() {
    live(|lab| judge(lab, &ROWS[2]));
}
