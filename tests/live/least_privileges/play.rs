//! Plays the table: a user, a flow and a topic for each try, prepared for all at once and run side by side.

use std::path::PathBuf;
use std::sync::Mutex;

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::table::{Before, End, Need, Of, Row};
use crate::harness::Lab;
use crate::harness::admin::create_topics;
use crate::harness::certificates::certificates;
use crate::harness::cluster::Cluster;
use crate::harness::produce::Writer;
use crate::harness::records::mixed;
use crate::harness::rights::{Entered, Kind, Operation, Right, WORD, enter};
use crate::harness::route::LIMIT;
use crate::harness::spec::Listener;
use crate::harness::strait::{Config, Finished, login, run, start};
use crate::topics_bed::{bed, throttling};

/// Commands that run at a time; most of their time they wait.
const AT_A_TIME: usize = 6;
/// How often progress is kept; a flow that stood still for three times as long counts as stalled, and the flows
/// here stand still while their turn has not come.
const CALM: &str = "5m";
/// Gives up what cannot be done after two seconds.
const PATIENCE: &str = "request_timeout = \"2s\"\n";

/// Is one try: a user, a flow and a topic of its own.
pub struct Try {
    row: &'static Row,
    left_out: Option<usize>,
    topic: String,
    app: String,
    flow: String,
}

impl Try {
    pub fn row(&self) -> &'static Row {
        self.row
    }

    pub fn left_out(&self) -> Option<&'static Need> {
        self.left_out.map(|index| &self.row.needs[index])
    }

    pub fn principal(&self) -> String {
        format!("User:{}", self.flow)
    }

    /// Returns the name of a resource.
    pub fn name_of(&self, of: Of) -> String {
        match of {
            Of::Topic => self.topic.clone(),
            Of::Cluster => "kafka-cluster".to_owned(),
            Of::State | Of::Group | Of::Fence => format!("strait.{}", self.flow),
            Of::Workers => format!("strait.{}.workers", self.flow),
            Of::App => self.app.clone(),
        }
    }

    /// Lists what the user may do at one end.
    fn rights(&self, at: End) -> Vec<Right> {
        let needs = self.row.needs.iter().chain(self.row.also).enumerate();
        needs
            .filter(|(index, (end, ..))| *end == at && Some(*index) != self.left_out)
            .map(|(_, (_, operation, of, ..))| self.right(*operation, *of))
            .collect()
    }

    fn right(&self, operation: Operation, of: Of) -> Right {
        let kind = match of {
            Of::Topic | Of::State => Kind::Topic,
            Of::Cluster => Kind::Cluster,
            Of::Group | Of::Workers | Of::App => Kind::Group,
            Of::Fence => Kind::TransactionalId,
        };
        Right { operation, kind, name: self.name_of(of) }
    }

    /// Says what the flow is.
    fn flow_lines(&self) -> String {
        let is_about_groups = self.row.needs.iter().any(|(_, _, of, ..)| *of == Of::App);
        let groups = if is_about_groups { format!("groups = [{:?}]\n", self.app) } else { String::new() };
        format!(
            "{groups}[flows.{0}.limits]\nretry_timeout = \"2s\"\ncheckpoint_interval = \"{CALM}\"\n\
             [flows.{0}.provision]\nreplication_factor = {1}",
            self.flow, self.row.replicas
        )
    }

    /// Says which topics the flow copies; one that is named in full is expected at the source.
    fn pattern(&self) -> String {
        if self.row.before == Before::Gone { format!("{}*", self.topic) } else { self.topic.clone() }
    }

    /// Writes the configuration of the limited user.
    fn config(&self, lab: &Lab) -> PathBuf {
        let dir = lab.work_dir().join(&self.flow);
        std::fs::create_dir_all(&dir).unwrap();
        let tls = format!("{PATIENCE}ssl_ca_file = {:?}\n", certificates().ca);
        let side = tls + &login(lab, "SCRAM-SHA-256", (&self.flow, WORD));
        Config::new()
            .cluster("source", &bed().source, Listener::SaslSsl, &side)
            .cluster("target", &bed().target, Listener::SaslSsl, &side)
            .flow(&self.flow, &[&self.pattern()], &self.flow_lines())
            .write(&dir)
    }

    /// Returns the arguments by which `strait init` looks at a cluster as the limited user.
    fn looked_at(&self, lab: &Lab, alias: &str, cluster: &Cluster) -> [String; 4] {
        let module = "org.apache.kafka.common.security.scram.ScramLoginModule required";
        let ca = certificates().ca.display();
        let text = format!(
            "security.protocol=SASL_SSL\nsasl.mechanism=SCRAM-SHA-256\n\
             sasl.jaas.config={module} username=\"{}\" password=\"{WORD}\";\n\
             ssl.truststore.type=PEM\nssl.truststore.location={ca}\n",
            self.flow
        );
        let file = lab.work_dir().join(&self.flow).join("client.properties");
        std::fs::write(&file, text).unwrap();
        [
            "--from-cluster".to_owned(),
            format!("{alias}={}", cluster.address(Listener::SaslSsl)),
            "--client-properties".to_owned(),
            format!("{alias}={}", file.display()),
        ]
    }

    fn run(&self, lab: &Lab) -> Finished {
        let config = self.config(lab);
        let ends = [("source", &bed().source), ("target", &bed().target)];
        let [source, target] = ends.map(|(alias, cluster)| self.looked_at(lab, alias, cluster));
        let named = |one: &&'static str| match *one {
            "TOPIC" => vec![self.topic.as_str()],
            "SOURCE" => source.iter().map(String::as_str).collect(),
            "TARGET" => target.iter().map(String::as_str).collect(),
            typed => vec![typed],
        };
        let arguments: Vec<&str> = self.row.arguments.iter().flat_map(named).collect();
        let _alone = arguments.contains(&"--throttle").then(throttling);
        if !arguments.contains(&"--share") {
            return run(&config, &arguments, LIMIT);
        }
        let mut running = start(&config, &arguments);
        running.until("its group is joined or refused", LIMIT, |run| {
            let said = run.stdout() + &run.stderr();
            ["cannot be joined", "partitions are this process's"]
                .iter()
                .any(|word| said.contains(word))
                .then_some(())
        });
        running.signal("TERM");
        running.finish(LIMIT)
    }
}

/// Holds every try, prepared.
pub struct Play<'a> {
    lab: &'a Lab,
    tries: Vec<Try>,
}

impl<'a> Play<'a> {
    /// Makes topics, records, offsets, users and rights for all tries.
    pub fn prepare(lab: &'a Lab, rows: &'static [Row]) -> Self {
        let app = lab.topic("app");
        let one = |(number, row): (usize, &'static Row)| {
            let app = app.clone();
            let each = std::iter::once(None).chain((0..row.needs.len()).map(Some));
            each.map(move |left_out| {
                let end = left_out.map_or("all".to_owned(), |index| index.to_string());
                let flow = format!("rights-{number}-{end}");
                Try { row, left_out, topic: lab.topic(&flow), app: app.clone(), flow }
            })
        };
        let play = Self { lab, tries: rows.iter().enumerate().flat_map(one).collect() };
        play.make_topics();
        play.fill(10, 1);
        play.commit(&app);
        play.copy();
        play.fill(5, 2);
        for (cluster, end) in [(&bed().source, End::Source), (&bed().target, End::Target)] {
            let mut users: Vec<Entered> =
                play.tries.iter().map(|one| (one.flow.clone(), one.rights(end))).collect();
            if end == End::Source {
                users.push(play.reader());
            }
            enter(cluster, &users);
        }
        play
    }

    /// Returns a user whose right to read can be copied to the target.
    fn reader(&self) -> Entered {
        let right = |name| Right { operation: Operation::Read, kind: Kind::Topic, name };
        let rights = self.named(|before| before == Before::Alike).into_iter().map(right);
        ("rights-reader".to_owned(), rights.collect())
    }

    fn named(&self, is_meant: impl Fn(Before) -> bool) -> Vec<String> {
        let meant = self.tries.iter().filter(|one| is_meant(one.row.before));
        meant.map(|one| one.topic.clone()).collect()
    }

    fn make_topics(&self) {
        let (source, target) = (&bed().source, &bed().target);
        let make = |cluster: &Cluster, names: &[String], partitions, configs: &[(&str, &str)]| {
            if !names.is_empty() {
                create_topics(cluster, names, partitions, configs);
            }
        };
        let differing = self.named(|before| before == Before::Differs);
        make(source, &differing, 2, &[("retention.ms", "604800000")]);
        let others = self.named(|before| !matches!(before, Before::Differs | Before::Gone));
        make(source, &others, 1, &[]);
        make(target, &self.named(|b| matches!(b, Before::Differs | Before::Alike | Before::Gone)), 1, &[]);
    }

    /// Writes records to the source's topics that are to be copied.
    fn fill(&self, count: usize, seed: u64) {
        let writer = Writer::open(&bed().source, &[]);
        for topic in self.named(|before| matches!(before, Before::New | Before::Copied)) {
            writer.send(&topic, &mixed(seed, count, 1));
        }
        writer.flush();
    }

    /// Commits offsets of an application for every topic that is to be copied.
    fn commit(&self, app: &str) {
        let mut config = bed().source.client_config();
        let consumer: BaseConsumer = config.set("group.id", app).create().unwrap();
        let mut offsets = TopicPartitionList::new();
        for topic in self.named(|before| before == Before::Copied) {
            offsets.add_partition_offset(&topic, 0, Offset::Offset(5)).unwrap();
        }
        consumer.commit(&offsets, CommitMode::Sync).unwrap();
    }

    /// Runs the flows that have run before, as somebody who may do everything.
    fn copy(&self) {
        let dir = self.lab.work_dir().join("before");
        std::fs::create_dir_all(&dir).unwrap();
        let config = Config::new().cluster("source", &bed().source, Listener::Plaintext, "").cluster(
            "target",
            &bed().target,
            Listener::Plaintext,
            "",
        );
        let copied = self.tries.iter().filter(|one| one.row.before == Before::Copied);
        let config = copied.fold(config, |config, one| {
            let limits = format!("[flows.{}.provision]\nreplication_factor = 1", one.flow);
            config.flow(&one.flow, &[&one.topic], &limits)
        });
        run(&config.write(&dir), &["replicate", "--once"], LIMIT).assert_code(0);
    }

    /// Runs every try, some at a time.
    pub fn run_all(&self) -> Vec<(&Try, Finished)> {
        let (next, results) = (Mutex::new(self.tries.iter()), Mutex::new(Vec::new()));
        let take = || next.lock().unwrap().next();
        std::thread::scope(|scope| {
            for _ in 0..AT_A_TIME {
                scope.spawn(|| {
                    while let Some(one) = take() {
                        let finished = one.run(self.lab);
                        results.lock().unwrap().push((one, finished));
                    }
                });
            }
        });
        results.into_inner().unwrap()
    }
}
