//! `strait init`: writes a configuration, from a template, from another tool's file, or from a look at the
//! clusters.

mod look;

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use self::look::Door;
use super::Context;
use crate::config::import::login_file::LoginFile;
use crate::config::import::seen::{self, SeenCluster};
use crate::config::import::template::template;
use crate::config::import::write::write;
use crate::config::import::{ImportError, import};
use crate::config::secret::read_text;
use crate::exit::Exit;
use crate::report::output::Format;
use crate::report::problem::{Problem, Scope};

/// The formats of stdout.
pub const FORMATS: &[Format] = &[Format::Text];
/// Where the answers to the questions go.
const FILE: &str = "strait.toml";

/// Write a configuration: from a template, a MirrorMaker 2 file, or a look at the clusters
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  strait init                                  asks, and writes strait.toml (on a terminal)
  strait init --template > strait.toml         every key with its meaning
  strait init --from mm2.properties            prints what the file says as strait.toml
  strait init --from-cluster us=us-1:9092 --from-cluster eu=eu-1:9092 --output strait.toml
  strait init --from-cluster us=us-1:9093 --client-properties us=us.properties \\
              --from-cluster eu=eu-1:9093 --client-properties eu=eu.properties

What is written goes to stdout unless --output names a file. Secrets are never taken over: the file
says which environment variable to put them into. The next step is strait validate.

Exit codes:
  0    written
  1    a cluster could not be looked at, or the file could not be written
  2    usage error; the file is there already, or is not one that can be read here")]
pub struct Args {
    /// Print a commented file with every key
    #[arg(long, conflicts_with_all = ["from", "from_clusters"])]
    template: bool,

    /// Read a MirrorMaker 2 properties file, or a broker's server.properties with replicator keys
    #[arg(long, value_name = "FILE", conflicts_with = "from_clusters")]
    from: Option<PathBuf>,

    /// Look at a cluster; twice, the source first. SSL://HOST:PORT encrypts, with the system's authorities
    #[arg(long = "from-cluster", value_name = "NAME=HOST:PORT")]
    from_clusters: Vec<String>,

    /// How to get in to a cluster: a client's properties file, as for --command-config of Kafka's tools
    #[arg(long, value_name = "NAME=FILE", requires = "from_clusters")]
    client_properties: Vec<String>,

    /// Write to this file, not to stdout
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Overwrite the file
    #[arg(long)]
    force: bool,
}

/// Says how a run ends that writes nothing.
enum Failure {
    /// Was asked wrongly.
    Usage(Box<Problem>),
    /// Could not do it.
    Failed(Box<Problem>),
    /// A cluster lets nobody in without a login, or is trusted by nobody yet.
    NeedsLogin {
        /// Which cluster.
        alias: String,
        /// Why.
        problem: Box<Problem>,
    },
}

/// Makes the configuration and writes it.
pub async fn run(args: &Args, context: &Context) -> Exit {
    match make(args, context).await {
        Ok(()) => Exit::Done,
        Err(Failure::Usage(problem)) => {
            context.output.problem(&problem);
            Exit::Usage
        }
        Err(Failure::Failed(problem) | Failure::NeedsLogin { problem, .. }) => {
            context.output.problem(&problem);
            Exit::Failed
        }
    }
}

async fn make(args: &Args, context: &Context) -> Result<(), Failure> {
    let output = args.output.as_deref().filter(|path| *path != Path::new("-"));
    if let Some(path) = output {
        refuse_existing(path, args.force)?;
    }
    if args.template {
        return save(context, args, output, &template());
    }
    if let Some(path) = &args.from {
        return save(context, args, output, &imported(path)?);
    }
    if !args.from_clusters.is_empty() {
        let doors = doors(args)?;
        let clusters = look::at(&doors, context.timeout).await?;
        save(context, args, output, &from_clusters(&clusters, &["*".to_owned()]))?;
        tell_variables(context, &doors);
        return Ok(());
    }
    if !context.output.can_ask() {
        let hint = "use --template, --from FILE, or --from-cluster NAME=HOST:PORT twice";
        return Err(usage(
            "no_source",
            "there is no terminal to ask on, and nothing says what to write",
            hint,
        ));
    }
    let path = output.unwrap_or(Path::new(FILE));
    refuse_existing(path, args.force)?;
    let Answers { mut doors, topics } = questions(context)?;
    let clusters = loop {
        match look::at(&doors, context.timeout).await {
            Err(Failure::NeedsLogin { alias, problem }) => login(context, &mut doors, &alias, *problem)?,
            result => break result?,
        }
    };
    save(context, args, Some(path), &from_clusters(&clusters, &topics))?;
    tell_variables(context, &doors);
    Ok(())
}

/// Reads which clusters to look at, and how to get in.
fn doors(args: &Args) -> Result<Vec<Door>, Failure> {
    let typed = args.from_clusters.iter().map(|text| named(text, "HOST:PORT", "--from-cluster us=us-1:9092"));
    let typed = typed.collect::<Result<Vec<_>, _>>()?;
    match typed.as_slice() {
        [(source, _), (target, _)] if source != target => {}
        [_, _] => return Err(usage("from_cluster", "both clusters have one name", "give them two")),
        _ => {
            let hint = "name the source and the target, each with --from-cluster NAME=HOST:PORT";
            return Err(usage("from_cluster", "--from-cluster has to be there twice", hint));
        }
    }
    let door = |(alias, address)| Door { alias, address, login: None };
    let mut doors: Vec<Door> = typed.into_iter().map(door).collect();
    for text in &args.client_properties {
        let (alias, path) = named(text, "FILE", "--client-properties us=us.properties")?;
        let Some(door) = doors.iter_mut().find(|door| door.alias == alias) else {
            let what = format!("--client-properties {text}: no --from-cluster is called {alias}");
            let hint = "give it the name of one of the clusters";
            return Err(usage("client_properties", &what, hint));
        };
        enter(door, Path::new(&path))?;
    }
    Ok(doors)
}

/// Reads a client's file for a cluster.
fn enter(door: &mut Door, path: &Path) -> Result<(), Failure> {
    let refused = |cause: String| {
        let problem = Problem::new("client_properties", Scope::Command, "the client's file cannot be used");
        let hint = "name a properties file, as Kafka's tools take by --command-config";
        Failure::Usage(Box::new(problem.place(path.display().to_string()).cause(cause).hint(hint)))
    };
    if door.address.contains("://") {
        return Err(refused(format!("{} says the protocol, too: leave it out there", door.address)));
    }
    let text = read_text(path).map_err(|error| refused(error.to_string()))?;
    let login = LoginFile::read(&door.alias, &text).map_err(|fault| refused(fault.to_string()))?;
    door.login = Some((path.to_owned(), login));
    Ok(())
}

/// Asks for a client's file of a cluster that lets nobody in without.
fn login(context: &Context, doors: &mut [Door], alias: &str, problem: Problem) -> Result<(), Failure> {
    let what = problem.in_short();
    context.output.words(&what);
    let question = format!("Client properties of {alias}, as for --command-config (a file; empty to stop):");
    let given = answer(context, &question, Some(""))?;
    let door = doors.iter_mut().find(|door| door.alias == alias);
    match door {
        Some(door) if !given.is_empty() => {
            // What the file says of the protocol counts.
            door.address = door.address.rsplit("://").next().unwrap_or_default().to_owned();
            enter(door, Path::new(&given))
        }
        _ => Err(Failure::Failed(Box::new(problem))),
    }
}

/// Says which secrets have to be there before the file can be used.
fn tell_variables(context: &Context, doors: &[Door]) {
    let logins = doors.iter().filter_map(|door| door.login.as_ref());
    for (path, login) in logins {
        let variables: Vec<&str> = login.variables().collect();
        if !variables.is_empty() {
            let (names, path) = (variables.join(" and "), path.display());
            context.output.say(&format!("before that: put the secret of {path} into {names}"));
        }
    }
}

fn from_clusters(clusters: &[SeenCluster], topics: &[String]) -> String {
    let mut draft = seen::draft(clusters, topics);
    let names: Vec<&str> = clusters.iter().map(|cluster| cluster.asked.as_str()).collect();
    draft.comments.push(format!("Made by strait init from the clusters at {}.", names.join(" and ")));
    write(&draft, "a client's file")
}

fn imported(path: &Path) -> Result<String, Failure> {
    let place = path.display().to_string();
    let text = read_text(path).map_err(|error| {
        let problem = Problem::new("unreadable", Scope::Command, "the file cannot be read");
        let hint = "name a MirrorMaker 2 properties file, or a broker's server.properties";
        Failure::Usage(Box::new(problem.place(place.clone()).cause(error.to_string()).hint(hint)))
    })?;
    let mut draft = import(&text).map_err(|error| {
        let hint = match error {
            ImportError::NoTarget => {
                "look at both clusters with --from-cluster, or add replicator.bootstrap.servers"
            }
            ImportError::NoFlows => {
                "set SOURCE->TARGET.enabled = true; MirrorMaker 2 copies nothing without it"
            }
            ImportError::NoClusters | ImportError::Nothing => {
                "name a MirrorMaker 2 properties file, or a broker's server.properties"
            }
        };
        let problem =
            Problem::new("not_importable", Scope::Command, "the file does not become a configuration");
        Failure::Usage(Box::new(problem.place(place.clone()).cause(error.to_string()).hint(hint)))
    })?;
    let name = path.file_name().map_or(place.clone(), |name| name.to_string_lossy().into_owned());
    draft.comments.insert(0, format!("Made by strait init from {name}. Check it with: strait validate"));
    Ok(write(&draft, &name))
}

/// Reads `NAME=` and something.
fn named(text: &str, what: &str, example: &str) -> Result<(String, String), Failure> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() && !value.is_empty() => {
            Ok((name.to_owned(), value.to_owned()))
        }
        _ => {
            let what = format!("`{text}` is not NAME={what}");
            Err(usage("from_cluster", &what, &format!("write it like {example}")))
        }
    }
}

/// Holds what the questions were answered with.
struct Answers {
    /// Both clusters, the source first.
    doors: Vec<Door>,
    /// The entries of topics.
    topics: Vec<String>,
}

/// Asks what cannot be found out.
fn questions(context: &Context) -> Result<Answers, Failure> {
    let source = answer(context, "Copy from (HOST:PORT of a broker):", None)?;
    let source_name = answer(context, "Name of that cluster [source]:", Some("source"))?;
    let target = answer(context, "Copy to (HOST:PORT of a broker):", None)?;
    let target_name = answer(context, "Name of that cluster [target]:", Some("target"))?;
    let topics = answer(context, "Topics, separated by commas [*]:", Some("*"))?;
    let topics = topics.split(',').map(|topic| topic.trim().to_owned()).filter(|topic| !topic.is_empty());
    let door = |alias, address| Door { alias, address, login: None };
    Ok(Answers {
        doors: vec![door(source_name, source), door(target_name, target)],
        topics: topics.collect(),
    })
}

/// Asks until there is an answer, or takes the default for an empty one.
fn answer(context: &Context, question: &str, default: Option<&str>) -> Result<String, Failure> {
    loop {
        let given = context.output.ask(question).map_err(|error| {
            let problem = Problem::new("stdin", Scope::Command, "the answer cannot be read");
            Failure::Failed(Box::new(problem.cause(error.to_string())))
        })?;
        match (given, default) {
            (None, _) => {
                return Err(usage("no_answer", "the questions were not answered", "nothing was written"));
            }
            (Some(given), _) if !given.is_empty() => return Ok(given),
            (Some(_), Some(default)) => return Ok(default.to_owned()),
            (Some(_), None) => {}
        }
    }
}

fn usage(code: &'static str, what: &str, hint: &str) -> Failure {
    Failure::Usage(Box::new(Problem::new(code, Scope::Command, what).hint(hint)))
}

fn refuse_existing(path: &Path, force: bool) -> Result<(), Failure> {
    if force || !path.exists() { Ok(()) } else { Err(exists(path)) }
}

fn exists(path: &Path) -> Failure {
    let problem = Problem::new("exists", Scope::Command, "the file is there already, and is left as it is");
    let problem = problem.place(path.display().to_string());
    Failure::Usage(Box::new(problem.hint("name another with --output, or overwrite it with --force")))
}

/// Writes the text to the file, or to stdout where there is none.
fn save(context: &Context, args: &Args, path: Option<&Path>, text: &str) -> Result<(), Failure> {
    let Some(path) = path else {
        context.output.data(text);
        return Ok(());
    };
    let mut options = OpenOptions::new();
    options.write(true);
    // Somebody may have made the file since it was looked for.
    if args.force {
        options.create(true).truncate(true)
    } else {
        options.create_new(true)
    };
    let written = options.open(path).and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => exists(path),
        _ => {
            let problem = Problem::new("unwritable", Scope::Command, "the file cannot be written");
            Failure::Failed(Box::new(problem.place(path.display().to_string()).cause(error.to_string())))
        }
    })?;
    let shown = path.display();
    context.output.say(&format!("wrote {shown}; next: strait validate --config {shown}"));
    Ok(())
}
