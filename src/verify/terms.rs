//! What is compared, and what may differ.

use std::ops::{Range, RangeInclusive};
use std::sync::Arc;

use crate::engine::offset_map::OffsetMap;

/// Says what of both logs is compared, and what may differ.
#[derive(Clone, Debug)]
pub struct Terms {
    /// Source offsets.
    pub source: Range<i64>,
    /// Target offsets.
    pub target: Range<i64>,
    /// Nothing of the source stands behind the target range: what is left over there is not copied yet.
    pub is_open: bool,
    /// The target writes its own time into records.
    pub is_restamped: bool,
    /// The source removes records whose keys come again.
    pub source_compacts: bool,
    /// The target does.
    pub target_compacts: bool,
    /// Source offsets that were left out under a policy, first to last.
    pub left_out: Vec<RangeInclusive<i64>>,
    /// The map to be checked along the way.
    pub map: Option<Arc<OffsetMap>>,
}
