//! `strait sandbox`: Kafka clusters in memory, for as long as the command runs.

mod wish;

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

use self::wish::{BrokerConfig, Names, TopicWish};
use super::{Context, signals};
use crate::exit::Exit;
use crate::report::output::Format;
use crate::report::problem::{Problem, ProblemJson, Scope};
use crate::report::table::{Column, Table};
use crate::sandbox::spec::BROKERS_MAX;
use crate::sandbox::{Cluster, ClusterError, ClusterSpec};

/// The shape of the lines `--format json` prints.
pub const SCHEMA: &str = "strait/sandbox/v1";

/// Run Kafka clusters in memory on this machine, to try things on; nothing is kept
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  strait sandbox                                      two clusters, us and eu, of three brokers each
  strait sandbox --clusters us --brokers 1 --topic orders:12
  strait sandbox --topic orders:12 --topic eu/audit:1 --save strait.toml
                                                      with a strait.toml to try `strait replicate` on
  strait sandbox --broker-config message.max.bytes=2000000 --format json

Any Kafka client can use the addresses; they are on this machine only. Topics are not created by
being asked for, unless --broker-config auto.create.topics.enable=true says so. The clusters end, and
their records are gone, with Ctrl-C.

Exit codes:
  1    a cluster could not start, or the file of --save could not be written
  2    usage error
  130  ended by Ctrl-C, 143 by SIGTERM")]
pub struct Args {
    /// The clusters' names
    #[arg(long, value_name = "NAMES", default_value = "us,eu")]
    clusters: Names,

    /// How many brokers each cluster has
    #[arg(long, value_name = "COUNT", default_value = "3", value_parser = brokers)]
    brokers: usize,

    /// A topic and its partitions, in the first cluster or in the one named; may be given several times
    #[arg(long = "topic", value_name = "[CLUSTER/]NAME[:PARTITIONS]")]
    topics: Vec<TopicWish>,

    /// A broker setting, as server.properties has it; may be given several times
    #[arg(long = "broker-config", value_name = "NAME=VALUE")]
    broker_configs: Vec<BrokerConfig>,

    /// Write a strait.toml with these clusters, and a flow from the first to the second
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
}

/// Starts the clusters, says where they are, and waits for a signal.
pub async fn run(args: &Args, context: &Context) -> Exit {
    let clusters = match start(args).await {
        Ok(clusters) => clusters,
        Err((exit, problem)) => return fail(context, exit, &problem),
    };
    if let Some(file) = &args.save
        && let Err(error) = save(file, &clusters)
    {
        let problem = Problem::new("save", Scope::Command, format!("cannot write {}", file.display()))
            .cause(error.to_string())
            .hint("name a file that is not there yet, in a folder that is");
        return fail(context, Exit::Failed, &problem);
    }
    tell(context, &clusters, args.save.as_deref());
    let exit = signals::next().await;
    end(context, exit, &[]);
    exit
}

fn brokers(text: &str) -> Result<usize, String> {
    let fits = text.parse().ok().filter(|count| (1..=BROKERS_MAX).contains(count));
    fits.ok_or_else(|| format!("a cluster has 1 to {BROKERS_MAX} brokers"))
}

type Named = (String, Cluster);

async fn start(args: &Args) -> Result<Vec<Named>, (Exit, Problem)> {
    let names = &args.clusters.0;
    for wish in &args.topics {
        if let Some(cluster) = wish.cluster.as_ref().filter(|cluster| !names.contains(cluster)) {
            let what = format!("--topic {}: there is no cluster {cluster:?}", wish.topic.name);
            let problem = Problem::new("usage", Scope::Command, what);
            return Err((Exit::Usage, problem.hint(format!("the clusters are {}", names.join(", ")))));
        }
    }
    let mut clusters = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let mut spec = ClusterSpec::new(args.brokers).broker_config("auto.create.topics.enable", "false");
        for config in &args.broker_configs {
            spec = spec.broker_config(&config.name, &config.value);
        }
        for wish in &args.topics {
            let here = wish.cluster.as_ref().map_or(index == 0, |cluster| cluster == name);
            if here {
                spec = spec.topic(wish.topic.clone());
            }
        }
        let cluster = Cluster::start(spec).await.map_err(|error| (Exit::Failed, refused(name, &error)))?;
        clusters.push((name.clone(), cluster));
    }
    Ok(clusters)
}

fn refused(name: &str, error: &ClusterError) -> Problem {
    let problem =
        Problem::new("sandbox", Scope::Cluster(name.to_owned()), format!("cannot start cluster {name:?}"));
    let cause = std::error::Error::source(error).map_or_else(String::new, |cause| format!(": {cause}"));
    let problem = problem.cause(format!("{error}{cause}"));
    match error {
        ClusterError::Listen { .. } => {
            problem.hint("start fewer brokers, or raise the limit on open files (ulimit -n)")
        }
        _ => problem.hint("see strait sandbox --help for how topics are given"),
    }
}

/// One cluster, as programs read it.
#[derive(Serialize)]
struct ClusterLine {
    name: String,
    cluster_id: String,
    bootstrap_servers: Vec<String>,
}

#[derive(Serialize)]
struct Started {
    schema: &'static str,
    event: &'static str,
    clusters: Vec<ClusterLine>,
}

#[derive(Serialize)]
struct Ended {
    schema: &'static str,
    event: &'static str,
    status: &'static str,
    exit_code: u8,
    errors: Vec<ProblemJson>,
}

static COLUMNS: [Column; 3] =
    [Column::words("CLUSTER"), Column::words("CLUSTER-ID"), Column::words("BOOTSTRAP-SERVERS")];

fn tell(context: &Context, clusters: &[Named], saved: Option<&Path>) {
    let output = &context.output;
    let lines = clusters.iter().map(|(name, cluster)| ClusterLine {
        name: name.clone(),
        cluster_id: cluster.id(),
        bootstrap_servers: servers(cluster),
    });
    match output.format() {
        Format::Json => {
            output.json_line(&Started { schema: SCHEMA, event: "started", clusters: lines.collect() });
        }
        Format::Text => {
            let mut table = Table::new(&COLUMNS);
            for line in lines {
                table.row([line.name, line.cluster_id, line.bootstrap_servers.join(",")]);
            }
            output.data(&table.render());
        }
    }
    if let Some(file) = saved {
        output.say(&format!("Wrote {}; try: strait replicate --config {0}", file.display()));
    }
    output.say("The clusters run until Ctrl-C; nothing is kept.");
}

fn end(context: &Context, exit: Exit, problems: &[Problem]) {
    if context.output.format() == Format::Json {
        context.output.json_line(&Ended {
            schema: SCHEMA,
            event: "ended",
            status: exit.status(),
            exit_code: exit.code(),
            errors: problems.iter().map(Problem::to_json).collect(),
        });
    }
}

fn fail(context: &Context, exit: Exit, problem: &Problem) -> Exit {
    context.output.problem(problem);
    end(context, exit, std::slice::from_ref(problem));
    exit
}

fn servers(cluster: &Cluster) -> Vec<String> {
    cluster.addresses().iter().map(ToString::to_string).collect()
}

/// Writes a configuration for the clusters; a file that is there already stays as it is.
fn save(file: &Path, clusters: &[Named]) -> io::Result<()> {
    let mut text = String::from("# Clusters of `strait sandbox`: gone when it ends.\n");
    for (name, cluster) in clusters {
        // Writing to a string cannot fail.
        let _ = write!(text, "\n[clusters.{name}]\nbootstrap_servers = {:?}\n", servers(cluster));
    }
    if let [(source, _), (target, _), ..] = clusters {
        let _ = write!(
            text,
            "\n[flows.{source}-{target}]\nsource = \"{source}\"\ntarget = \"{target}\"\ntopics = [\"*\"]\ngroups = [\"*\"]\n"
        );
    }
    let mut opened = std::fs::File::create_new(file)?;
    io::Write::write_all(&mut opened, text.as_bytes())
}
