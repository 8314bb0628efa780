//! Last changes, so that what is written is a sound file: names, and rules between tables.

use std::collections::BTreeMap;

use super::client::milliseconds;
use super::draft::{Draft, Line, Table, Value};
use crate::config::defaults;
use crate::config::patterns::Pattern;
use crate::config::units::parse_duration;

/// Longest name of a cluster or flow.
const NAME_BYTES_MAX: usize = 100;

/// Makes the name of a cluster or flow of any text: characters it may not have become dashes.
pub fn name(text: &str, has_dots: bool) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-' || (has_dots && c == '.');
    let name: String = text.chars().map(|c| if fits(c) { c } else { '-' }).take(NAME_BYTES_MAX).collect();
    if name.is_empty() { "-".to_owned() } else { name }
}

/// Makes names that differ: each text's own where it can be had.
pub fn names(texts: &[String], has_dots: bool) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for text in texts {
        let wanted = name(text, has_dots);
        let free =
            (2..).map(|number| format!("{}-{number}", &wanted[..wanted.len().min(NAME_BYTES_MAX - 8)]));
        let mut tries = std::iter::once(wanted.clone()).chain(free);
        names.extend(tries.find(|name| !names.contains(name)));
    }
    names
}

/// Changes what would break a rule between tables.
pub fn finish(draft: &mut Draft) {
    patient_enough(draft);
    same_names(draft);
}

/// Retries must last longer than one request may.
fn patient_enough(draft: &mut Draft) {
    let requests = draft.clusters.iter().flat_map(|(_, table)| &table.lines);
    let longest = requests.filter(|line| line.key == "request_timeout").filter_map(duration_of).max();
    let Some(longest) =
        longest.filter(|longest| parse_duration(defaults::RETRY_TIMEOUT).is_ok_and(|retry| *longest > retry))
    else {
        return;
    };
    let Some(text) = milliseconds(&longest.as_millis().to_string()) else { return };
    for flow in &mut draft.flows {
        let comment = "a request may take as long as this, and a retry must be possible";
        match flow.inner.iter_mut().find(|(name, _)| *name == "limits") {
            Some((_, table)) => table.set_with("retry_timeout", text.clone(), comment),
            None => {
                let mut table = Table::default();
                table.set_with("retry_timeout", text.clone(), comment);
                flow.inner.push(("limits", table));
            }
        }
    }
}

fn duration_of(line: &Line) -> Option<std::time::Duration> {
    match &line.value {
        Value::Text(text) => parse_duration(text).ok(),
        _ => None,
    }
}

/// Two flows that write one name to one cluster mix their records. That is what the file read asks for;
/// it is said, and written so that nobody takes it for a slip.
fn same_names(draft: &mut Draft) {
    let mut written: BTreeMap<(String, String), String> = BTreeMap::new();
    for flow in &mut draft.flows {
        let text = |table: &Table, key: &str| {
            table.lines.iter().find(|line| line.key == key).and_then(|line| match &line.value {
                Value::Text(text) => Some(text.clone()),
                _ => None,
            })
        };
        let target = text(&flow.own, "target").unwrap_or_default();
        let rename = text(&flow.own, "rename").unwrap_or_else(|| defaults::RENAME.to_owned());
        let mut comments = Vec::new();
        for line in flow.own.lines.iter_mut().filter(|line| line.key == "topics") {
            let Value::List(topics) = &mut line.value else { continue };
            for topic in topics {
                if !matches!(Pattern::parse(topic), Ok(Pattern::Literal(_))) {
                    continue;
                }
                let key = (target.clone(), rename.replace("{topic}", topic));
                match written.get(&key) {
                    Some(other) => {
                        comments.push(format!(
                            "{topic} is also written by the flow {other}: their records are mixed in one log"
                        ));
                        *topic = format!("re:{}", topic.replace('.', "\\."));
                    }
                    None => {
                        written.insert(key, flow.name.clone());
                    }
                }
            }
            line.comments.append(&mut comments);
        }
    }
}
