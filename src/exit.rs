//! What the process says when it ends (guarantee G11: exit codes tell the truth).

use std::process::ExitCode;

/// Names how a run ended; each has one exit code, and the codes never change. Only
/// [`Exit::Changes`] shares its code, and is asked for by an option.
///
/// 101 (a panic) and everything else unlisted means a defect, never an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Exit {
    /// Did what was asked, and the answer is good.
    #[default]
    Done,
    /// Could not do it, or one item failed.
    Failed,
    /// Was asked wrongly: found before any connection was opened.
    Usage,
    /// Found that there are changes to make, where `--detailed-exitcode` asks for this to show.
    Changes,
    /// Ran to its end, and the answer is bad.
    Bad,
    /// Ran, and cannot give an answer.
    Inconclusive,
    /// Was interrupted (Ctrl-C, SIGINT) and stopped cleanly.
    Interrupted,
    /// Was terminated (SIGTERM) and stopped cleanly.
    Terminated,
    /// Could not tell, as monitoring plugins say it: only of `lag --format nagios`, whose other codes are
    /// 0, 1 (warning) and 2 (critical).
    PluginUnknown,
}

impl Exit {
    /// Lists every way to end, in the order of the codes; without the plugins' own.
    pub const ALL: [Exit; 8] = [
        Exit::Done,
        Exit::Failed,
        Exit::Usage,
        Exit::Changes,
        Exit::Bad,
        Exit::Inconclusive,
        Exit::Interrupted,
        Exit::Terminated,
    ];

    /// Returns the process's exit code.
    pub const fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage | Exit::Changes => 2,
            Exit::Bad => 10,
            Exit::Inconclusive => 11,
            Exit::Interrupted => 130,
            Exit::Terminated => 143,
            Exit::PluginUnknown => 3,
        }
    }

    /// Says in one line what the code means for every command; help and man pages quote it.
    pub const fn meaning(self) -> &'static str {
        match self {
            Exit::Done => "did what was asked; the answer is good",
            Exit::Failed => "could not do it, or any item failed",
            Exit::Usage => "usage or configuration error, found before any connection",
            Exit::Changes => "with topics sync --detailed-exitcode: there are changes to make",
            Exit::Bad => "ran to the end and the answer is bad",
            Exit::Inconclusive => "inconclusive: the answer is not known",
            Exit::Interrupted => "interrupted (Ctrl-C), after a clean stop",
            Exit::Terminated => "terminated (SIGTERM), after a clean stop",
            Exit::PluginUnknown => "UNKNOWN to a monitoring system; only with --format nagios",
        }
    }

    /// Returns the word JSON output uses for it in `status`.
    pub const fn status(self) -> &'static str {
        match self {
            Exit::Done | Exit::Changes => "ok",
            Exit::Failed | Exit::Usage => "error",
            Exit::Bad => "bad",
            Exit::Inconclusive | Exit::PluginUnknown => "inconclusive",
            Exit::Interrupted | Exit::Terminated => "interrupted",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g11_codes_are_the_documented_ones() {
        let codes: Vec<(Exit, u8)> = Exit::ALL.iter().map(|exit| (*exit, exit.code())).collect();
        assert_eq!(
            codes,
            [
                (Exit::Done, 0),
                (Exit::Failed, 1),
                (Exit::Usage, 2),
                (Exit::Changes, 2),
                (Exit::Bad, 10),
                (Exit::Inconclusive, 11),
                (Exit::Interrupted, 130),
                (Exit::Terminated, 143),
            ]
        );
    }

    #[test]
    fn g11_only_done_and_asked_for_changes_are_called_ok() {
        let good: Vec<Exit> = Exit::ALL.into_iter().filter(|exit| exit.status() == "ok").collect();
        assert_eq!(good, [Exit::Done, Exit::Changes]);
    }

    #[test]
    fn the_process_code_is_the_enums_code() {
        for exit in Exit::ALL {
            assert_eq!(format!("{:?}", ExitCode::from(exit)), format!("{:?}", ExitCode::from(exit.code())));
        }
    }
}
