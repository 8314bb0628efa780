//! Why a drill could not be played.

use std::time::Duration;

use super::hooks::HookError;
use super::stage::StageError;
use crate::drill::application::ApplicationError;
use crate::drill::link::LinkError;
use crate::drill::log::ReadError;
use crate::drill::proxy::ProxyError;
use crate::kafka::error::ConnectError;

/// Says why a drill could not be played to its end. What was promised and broken is no error, but a finding.
#[derive(Debug, thiserror::Error)]
pub enum DrillError {
    /// A way to a cluster could not be opened.
    #[error("the drill's own way to a cluster cannot be opened")]
    Door(#[source] Box<ProxyError>),
    /// A cluster cannot be reached.
    #[error("a cluster cannot be reached")]
    Connect(#[from] ConnectError),
    /// The stage.
    #[error("the drill's topic cannot be made ready")]
    Stage(#[from] StageError),
    /// The copy.
    #[error(transparent)]
    Link(Box<LinkError>),
    /// The application.
    #[error(transparent)]
    Application(#[from] ApplicationError),
    /// A log.
    #[error(transparent)]
    Log(#[from] ReadError),
    /// A fault that is not the drill's to make.
    #[error("the fault cannot be made or mended")]
    Hook(#[from] HookError),
    /// The scenario needs somebody who makes its fault.
    #[error("scenario {0} needs somebody who makes its fault")]
    NoHooks(&'static str),
    /// A defect.
    #[error("a part of the drill ended by a defect of Strait")]
    Defect(#[from] tokio::task::JoinError),
    /// Something did not happen.
    #[error("{what} did not happen within {patience:?}")]
    Late {
        /// What was waited for.
        what: &'static str,
        /// For how long.
        patience: Duration,
    },
}

impl From<ProxyError> for DrillError {
    fn from(error: ProxyError) -> Self {
        Self::Door(Box::new(error))
    }
}

impl From<LinkError> for DrillError {
    fn from(error: LinkError) -> Self {
        Self::Link(Box::new(error))
    }
}

/// Writes an error with its causes.
pub fn in_words(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_words = inner.to_string();
        if !words.ends_with(&inner_words) {
            words = format!("{words}: {inner_words}");
        }
        cause = inner.source();
    }
    words
}
