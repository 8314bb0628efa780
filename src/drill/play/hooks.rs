//! Faults that are not the drill's to make: commands of whoever runs it, or brokers of a sandbox.

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;

/// Something that is under way.
pub type Doing<'a> = Pin<Box<dyn Future<Output = Result<(), HookError>> + Send + 'a>>;

/// Says why a fault could not be made, or mended.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {cause}")]
pub struct HookError {
    /// What was done.
    pub what: String,
    /// Why it could not be.
    pub cause: String,
}

/// Makes a fault and mends it again. Both may be done more than once.
pub trait Hooks: Send + Sync + Debug {
    /// Makes it.
    fn strike(&self) -> Doing<'_>;

    /// Mends it.
    fn heal(&self) -> Doing<'_>;
}
