//! The rights that docs/security.md lists for each subcommand: with exactly these it works, and without any
//! one of them it says which is missing, on what, and for whom. One pair of clusters, TLS, SCRAM and the
//! StandardAuthorizer, plays all of it.

mod play;
mod table;

use std::fmt::Write;

use self::play::{Play, Try};
use self::table::{HIDDEN, Of, ROWS, Row};
use crate::harness::live;
use crate::harness::strait::Finished;

#[test]
fn g11_with_the_listed_rights_each_command_works_and_says_which_is_missing() {
    live(|lab| {
        let play = Play::prepare(lab, ROWS);
        let results = play.run_all();
        let wrong = results.iter().filter_map(|(tried, finished)| fault(tried, finished));
        let wrong: Vec<String> = wrong.collect();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    });
}

/// Says what is wrong with how a try ended.
fn fault(tried: &Try, finished: &Finished) -> Option<String> {
    let row = tried.row();
    let said = format!("{}\n{}", finished.stdout, finished.stderr);
    let Some(left_out) = tried.left_out() else {
        let is_good = finished.code == Some(row.code) && !said.contains("AUTHORIZATION");
        return (!is_good).then(|| format!("== {}, with all: {:?}\n{said}", row.heading, finished.code));
    };
    let (end, operation, of, code, words) = *left_out;
    let resource = if of == Of::Cluster { "cluster".to_owned() } else { tried.name_of(of) };
    let operation = format!("{operation:?}");
    let user = tried.principal();
    let named = [resource.as_str(), user.as_str()];
    let is_hidden = words.contains(&HIDDEN);
    let named = named.iter().chain(words).filter(|_| !is_hidden);
    let mut missing: Vec<_> = named.filter(|word| !said.contains(**word)).copied().collect();
    // Some texts write it as Kafka's tools do, DESCRIBE_CONFIGS.
    let plain = |text: &str| text.to_lowercase().replace('_', "");
    if !is_hidden && !plain(&said).contains(&plain(&operation)) {
        missing.push(&operation);
    }
    let mut text = String::new();
    if finished.code != Some(code) || !missing.is_empty() {
        let ended = finished.code;
        write!(text, "== {}, without {operation} on {of:?} at the {end:?}: ", row.heading).unwrap();
        write!(text, "{ended:?} for {code}, not said: {missing:?}\n{said}").unwrap();
    }
    (!text.is_empty()).then_some(text)
}

/// Reads the operations and resources under a heading of docs/security.md.
fn documented(text: &str, row: &Row) -> Vec<[String; 3]> {
    let heading = format!("### {}\n", row.heading);
    let begin = text.find(&heading).unwrap_or_else(|| panic!("{heading:?} is not in docs/security.md"));
    let part = text[begin..].lines().skip(1);
    let cells = part.take_while(|line| !line.starts_with('#')).filter(|line| line.starts_with("| "));
    let cells = cells.skip(2).map(|line| line.split('|').map(str::trim).collect::<Vec<_>>());
    cells.map(|cells| [1, 2, 3].map(|index| cells[index].to_owned())).collect()
}

#[test]
fn the_rights_that_are_played_are_those_in_the_docs() {
    let text = include_str!("../../../docs/security.md");
    for row in ROWS {
        let played = row.needs.iter().map(|(end, operation, of, ..)| {
            [format!("{end:?}").to_lowercase(), format!("{operation:?}"), of.in_words().to_owned()]
        });
        assert_eq!(documented(text, row), played.collect::<Vec<_>>(), "{}", row.heading);
    }
}
