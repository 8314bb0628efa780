//! `strait groups translate`: offsets that applications keep themselves, translated.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::super::{Context, flows};
use super::{PATIENCE, open_both, refuse, state_topic};
use crate::config::settings::{FlowSettings, Origin, Settings};
use crate::engine::mapping::{Both, Mapped, Unmapped, Wanted, log_ends, maps};
use crate::engine::origin::OriginFilter;
use crate::engine::state_read::StateReader;
use crate::exit::Exit;
use crate::groups::offsets_file::{self, Asked, Shape};
use crate::groups::translation::{to_source, to_target};
use crate::report::document::Document;
use crate::report::groups_sync::Reason;
use crate::report::groups_translate::{SCHEMA, TranslatedOffset, Translations, table};
use crate::report::output::Format;
use crate::report::problem::{Problem, Scope};
use crate::types::{TopicName, TopicPartition};

/// Most bytes of a file of offsets.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// Translate offsets between source and target, for applications that keep them themselves
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  strait groups translate --topic orders --partition 0 --offset 4711
  strait groups translate --topic orders --partition 0 --offset 4802 --reverse
  strait groups translate offsets.json --format json
  spark-offsets | strait groups translate - --bare > at-target.json

A file holds a list, [{\"topic\": \"orders\", \"partition\": 0, \"offset\": 4711}], or a map as Spark and Flink
write it, {\"orders\": {\"0\": 4711}}. --bare prints the translations in the same shape, and nothing where
one is unknown.

Exit codes:
  0    every translation is exact
  1    the offsets could not be translated
  2    usage or configuration error, found before any connection
  10   some are bounds: going on there leaves nothing out, but may read records again
  11   some are unknown")]
#[command(group = clap::ArgGroup::new("what").required(true).args(["file", "offset"]))]
pub struct Args {
    /// A file of offsets, or - for stdin
    #[arg(value_name = "FILE", conflicts_with_all = ["topic", "partition", "offset"])]
    file: Option<PathBuf>,

    /// The topic of the one offset
    #[arg(long, value_name = "TOPIC", requires = "offset")]
    topic: Option<String>,

    /// Its partition
    #[arg(long, value_name = "N", requires = "offset", value_parser = clap::value_parser!(i32).range(0..))]
    partition: Option<i32>,

    /// The one offset
    #[arg(long, value_name = "N", requires_all = ["topic", "partition"],
        value_parser = clap::value_parser!(i64).range(0..))]
    offset: Option<i64>,

    /// From the target's offsets to the source's
    #[arg(long)]
    reverse: bool,

    /// Print the translations alone, as JSON in the shape of the question
    #[arg(long)]
    bare: bool,
}

/// Reads the question, translates, and prints.
pub async fn run(args: &Args, context: &Context) -> Exit {
    let (settings, flow, (shape, asked)) = match prepared(args, context) {
        Ok(found) => found,
        Err(refusal) => return refuse(context, SCHEMA, &refusal),
    };
    match translated(args, context, &settings, &flow, &asked).await {
        Ok(offsets) => print(args, context, &flow, shape, offsets),
        Err(problem) => {
            context.output.problem(&problem);
            if context.output.format() == Format::Json {
                Document::<()>::failed(SCHEMA, Exit::Failed, &[*problem]).print(&context.output);
            }
            Exit::Failed
        }
    }
}

type Prepared = (Settings, FlowSettings, (Shape, Vec<Asked>));

fn prepared(args: &Args, context: &Context) -> Result<Prepared, flows::Refusal> {
    let (settings, flow) = flows::only_one(context, "offsets belong to one flow")?;
    let asked = match (&args.file, &args.topic, args.partition, args.offset) {
        (Some(file), ..) => read(file)?,
        (None, Some(topic), Some(partition), Some(offset)) => {
            let partition = TopicPartition::new(topic.as_str(), partition);
            (Shape::List, vec![Asked { partition, offset }])
        }
        // clap demands one or the other; this names what is missing all the same.
        _ => {
            let problem = Problem::new("usage", Scope::Command, "no offset was named");
            return Err(problem.hint("give FILE, or --topic, --partition and --offset").into());
        }
    };
    Ok((settings, flow, asked))
}

fn read(file: &Path) -> Result<(Shape, Vec<Asked>), flows::Refusal> {
    let is_stdin = file == Path::new("-");
    let place = if is_stdin { "stdin".to_owned() } else { file.display().to_string() };
    let problem = |what: &str, cause: String| {
        Problem::new("offsets_file", Scope::Command, what).place(place.clone()).cause(cause)
    };
    let mut text = String::new();
    let open: Result<Box<dyn Read>, _> = if is_stdin {
        Ok(Box::new(std::io::stdin()))
    } else {
        std::fs::File::open(file).map(|f| Box::new(f) as _)
    };
    let got = open.and_then(|from| from.take(FILE_BYTES_MAX).read_to_string(&mut text));
    if let Err(error) = got {
        return Err(problem("the offsets cannot be read", error.to_string()).into());
    }
    let found = offsets_file::read(&text);
    Ok(found.map_err(|error| {
        problem("the offsets cannot be understood", error.to_string())
            .hint("see strait groups translate --help for the two shapes")
    })?)
}

/// An offset whose partition is known on both sides, or why it is not.
type Placed = Result<TopicPartition, Reason>;

async fn translated(
    args: &Args,
    context: &Context,
    settings: &Settings,
    flow: &FlowSettings,
    asked: &[Asked],
) -> Result<Vec<TranslatedOffset>, Box<Problem>> {
    let (source, target) = open_both(settings, flow, context.timeout).await?;
    let origin = OriginFilter::new(source.clone(), flow.origin == Origin::Local);
    let both = Both { source: &source, target: &target, flow, origin: &origin, patience: PATIENCE };
    let placed: Vec<Placed> = asked.iter().map(|asked| place(flow, asked, args.reverse)).collect();
    let mut wanted: BTreeMap<TopicPartition, Wanted> = BTreeMap::new();
    for (asked, partition) in asked.iter().zip(&placed) {
        if let Ok(partition) = partition {
            let highest = wanted.entry(partition.clone()).or_insert(Wanted { source: 0, target: 0 });
            let side = if args.reverse { &mut highest.target } else { &mut highest.source };
            *side = (*side).max(asked.offset);
        }
    }
    let partitions: Vec<TopicPartition> = wanted.keys().cloned().collect();
    let mut state = StateReader::new(target.clone(), state_topic(flow));
    let failed = |error: crate::kafka::error::KafkaError| Box::new(Problem::from(&error));
    // In this order: see LogEnds.
    let ends = log_ends(&both, &partitions).await.map_err(failed)?;
    state.catch_up().await.map_err(failed)?;
    let maps = maps(&both, &ends, state.state(), &wanted).await;
    let each = asked.iter().zip(placed).map(|(asked, placed)| {
        let other = placed.as_ref().ok().map(|source| {
            if args.reverse { source.topic.to_string() } else { both.target_of(source).topic.to_string() }
        });
        let found = placed.and_then(|source| one(asked, maps.get(&source), args.reverse));
        let (translated, reason) = match found {
            Ok((offset, reason)) => (Some(offset), reason),
            Err(reason) => (None, Some(reason)),
        };
        TranslatedOffset {
            topic: asked.partition.topic.to_string(),
            partition: asked.partition.partition,
            offset: asked.offset,
            translated_topic: other,
            translated,
            exactness: match (translated, &reason) {
                (None, _) => "unknown",
                (Some(_), None) => "exact",
                (Some(_), Some(_)) => "at_or_before",
            },
            reason,
        }
    });
    Ok(each.collect())
}

/// Finds the source partition that an offset belongs to.
fn place(flow: &FlowSettings, asked: &Asked, reverse: bool) -> Placed {
    if asked.offset < 0 {
        let cause = "it names a place (Spark's -1 latest, -2 earliest) and no offset".to_owned();
        return Err(Reason { code: "not_an_offset", cause });
    }
    let topic = asked.partition.topic.as_str();
    let name = if reverse { flow.rename.source_of(topic) } else { Some(topic.to_owned()) };
    match name.filter(|name| flow.topics.matches(name)) {
        Some(name) => {
            Ok(TopicPartition { topic: TopicName::new(name), partition: asked.partition.partition })
        }
        None => {
            let cause = format!("the flow \"{}\" does not copy this topic", flow.name);
            Err(Reason { code: "not_of_flow", cause })
        }
    }
}

fn one(
    asked: &Asked,
    map: Option<&Result<Mapped, Unmapped>>,
    reverse: bool,
) -> Result<(i64, Option<Reason>), Reason> {
    let mapped = match map {
        Some(Ok(mapped)) => mapped,
        Some(Err(why)) => return Err(Reason { code: why.code(), cause: why.to_string() }),
        None => {
            return Err(Reason { code: Unmapped::NotBegun.code(), cause: Unmapped::NotBegun.to_string() });
        }
    };
    let translate = if reverse { to_source } else { to_target };
    let found = translate(mapped, asked.offset)
        .map_err(|why| Reason { code: "before_copy", cause: why.to_string() })?;
    let bound = found.bound.map(|bound| Reason { code: bound.code(), cause: bound.to_string() });
    Ok((found.offset, bound))
}

fn print(
    args: &Args,
    context: &Context,
    flow: &FlowSettings,
    shape: Shape,
    offsets: Vec<TranslatedOffset>,
) -> Exit {
    let any = |exactness| offsets.iter().any(|offset| offset.exactness == exactness);
    let exit = match () {
        () if any("unknown") => Exit::Inconclusive,
        () if any("at_or_before") => Exit::Bad,
        () => Exit::Done,
    };
    let known: Option<Vec<(TopicPartition, i64)>> = offsets
        .iter()
        .map(|offset| {
            let topic = offset.translated_topic.as_deref()?;
            Some((TopicPartition::new(topic, offset.partition), offset.translated?))
        })
        .collect();
    let direction = if args.reverse { "target_to_source" } else { "source_to_target" };
    let translated = known.map(|known| offsets_file::write(shape, &known));
    let problems = problems(flow, &offsets);
    let output = &context.output;
    let translations = Translations { flow: flow.name.to_string(), direction, offsets, translated };
    if args.bare {
        translations.translated.iter().for_each(|value| output.json_line(value));
    } else if output.format() == Format::Json {
        Document {
            schema: SCHEMA,
            status: exit.status(),
            exit_code: exit.code(),
            errors: problems.iter().map(Problem::to_json).collect(),
            data: Some(translations),
        }
        .print(output);
        return exit;
    } else {
        output.data(&table(&translations));
    }
    problems.iter().for_each(|problem| output.problem(problem));
    exit
}

/// Tells each reason once, with how many offsets it concerns.
fn problems(flow: &FlowSettings, offsets: &[TranslatedOffset]) -> Vec<Problem> {
    let mut by_code: BTreeMap<(&'static str, &'static str), (usize, &TranslatedOffset, &str)> =
        BTreeMap::new();
    for offset in offsets {
        if let Some(reason) = &offset.reason {
            by_code.entry((offset.exactness, reason.code)).or_insert((0, offset, &reason.cause)).0 += 1;
        }
    }
    let told = |((exactness, code), (count, first, cause)): (
        (&str, &'static str),
        (usize, &TranslatedOffset, &str),
    )| {
        let name = format!("offset {} of {}[{}]", first.offset, first.topic, first.partition);
        let name = if count == 1 { name } else { format!("{name} and {} more", count - 1) };
        let what = match exactness {
            "unknown" => format!("{name} has no translation"),
            _ => format!("{name} has only a bound"),
        };
        let place = format!("flow {}, {} to {}", flow.name, flow.source, flow.target);
        let problem = Problem::new(code, Scope::Flow(flow.name.to_string()), what).place(place);
        hint(code).into_iter().fold(problem.cause(cause.to_owned()), Problem::hint)
    };
    by_code.into_iter().map(told).collect()
}

fn hint(code: &str) -> Option<&'static str> {
    Some(match code {
        "ahead_of_copy" => "ask again when the copy is there: strait status says how far it is",
        "lost_track" | "reordered" => "verify what is read again by its content",
        "before_copy" => "the flow began behind it; ask for a later offset",
        "not_copied" => "check topic and partition, or run strait replicate first",
        "not_of_flow" => "name the flow that copies it with --flow; with --reverse topics are the target's",
        "missing" => "create it, or grant this user Read on it, which includes Describe",
        "not_an_offset" => "resolve it to an offset where it was written down",
        _ => return None,
    })
}
