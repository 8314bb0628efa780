//! The one JSON document a command prints.

use serde::Serialize;

use super::output::Output;
use super::problem::{Problem, ProblemJson};
use crate::exit::Exit;

/// Holds a command's answer for programs; printed on failure too.
#[derive(Clone, Debug, Serialize)]
pub struct Document<T> {
    /// Names the shape of `data` and its version, such as `strait/lag/v1`.
    pub schema: &'static str,
    /// `ok`, `bad`, `inconclusive` or `error`.
    pub status: &'static str,
    /// The process's exit code.
    pub exit_code: u8,
    /// The answer; `null` where there is none.
    pub data: Option<T>,
    /// What went wrong.
    pub errors: Vec<ProblemJson>,
}

impl<T: Serialize> Document<T> {
    /// Makes the document of a run that has no answer.
    pub fn failed(schema: &'static str, exit: Exit, problems: &[Problem]) -> Self {
        Self {
            schema,
            status: exit.status(),
            exit_code: exit.code(),
            data: None,
            errors: problems.iter().map(Problem::to_json).collect(),
        }
    }

    /// Prints it to stdout as one line.
    pub fn print(&self, output: &Output) {
        let errors = self.errors.iter().cloned();
        let errors = errors.map(|problem| match output.principals() {
            Some(principals) => principals.complete_json(problem),
            None => problem,
        });
        output.json_line(&Document {
            schema: self.schema,
            status: self.status,
            exit_code: self.exit_code,
            data: self.data.as_ref(),
            errors: errors.collect(),
        });
    }
}
