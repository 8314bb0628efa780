//! The promises of a drill, kept or broken.

use serde::Serialize;

use super::plain;
use crate::drill::verdict::{Judged, Kept, Promise};
use crate::report::human::wrap;
use crate::report::table::{Column, Table};

/// Columns that a reason may take, its indent beside them.
const REASON_WIDTH: usize = 76;

static COLUMNS: [Column; 2] = [Column::words("PROMISE"), Column::words("KEPT")];

/// Holds one promise as programs read it.
#[derive(Clone, Debug, Serialize)]
pub struct PromiseLine {
    pub(super) code: &'static str,
    pub(super) text: &'static str,
    pub(super) kept: Option<bool>,
    pub(super) why: Option<String>,
}

impl PromiseLine {
    /// Lists all of a drill's.
    pub fn of(judged: &Judged) -> Vec<Self> {
        judged.promises.iter().map(Self::from).collect()
    }
}

impl From<&Promise> for PromiseLine {
    fn from(promise: &Promise) -> Self {
        let (kept, why) = match &promise.kept {
            Kept::Yes => (Some(true), None),
            Kept::No(why) => (Some(false), Some(plain(why))),
            Kept::Unknown(why) => (None, Some(plain(why))),
        };
        Self { code: promise.code, text: promise.text, kept, why }
    }
}

/// Lays promises out; why one was not kept follows below.
pub(super) fn table(promises: &[PromiseLine]) -> String {
    let mut table = Table::new(&COLUMNS);
    for promise in promises {
        let word = match promise.kept {
            Some(true) => "yes",
            Some(false) => "NO",
            None => "unknown",
        };
        table.row([promise.code.to_owned(), word.to_owned()]);
    }
    let mut text = table.render();
    for promise in promises {
        let Some(why) = &promise.why else { continue };
        let reason = format!("{}: promised is that {}; found: {why}", promise.code, promise.text);
        text.push_str(&format!("\n{}", wrap(&reason, REASON_WIDTH).join("\n    ")));
    }
    text
}
