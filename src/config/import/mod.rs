//! Making a `strait.toml` from what is there: another tool's file, or two clusters.
//!
//! Each source becomes a [`draft`]; [`write`](mod@write) prints it. Secrets are never taken over: the file
//! printed says which environment variable to put them into.

pub mod client;
pub mod draft;
mod finish;
mod given;
mod java_patterns;
pub mod login_file;
mod mm2;
mod mm2_flows;
mod properties;
mod reasons;
pub mod seen;
mod selection;
mod server_properties;
pub mod template;
pub mod write;

use draft::Draft;
use given::Given;

/// Says why a file does not become a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// There is no property in it.
    #[error("it has no properties")]
    Nothing,
    /// A MirrorMaker 2 file without clusters.
    #[error("it names no clusters (clusters = ...)")]
    NoClusters,
    /// A MirrorMaker 2 file without a flow.
    #[error("no flow is enabled in it (SOURCE->TARGET.enabled = true)")]
    NoFlows,
    /// A broker's file that says nothing of a second cluster.
    #[error("it is a broker's file, and says nothing of a second cluster (replicator.bootstrap.servers)")]
    NoTarget,
}

/// Reads a MirrorMaker 2 properties file, or a broker's `server.properties`.
///
/// # Errors
/// There are not two clusters and a flow in it.
pub fn import(text: &str) -> Result<Draft, ImportError> {
    let given = Given::new(text);
    if given.all().next().is_none() {
        return Err(ImportError::Nothing);
    }
    let convert = if mm2::is_mm2(&given) { mm2::convert_file } else { server_properties::convert_file };
    let mut draft = convert(&given)?;
    finish::finish(&mut draft);
    Ok(draft)
}
