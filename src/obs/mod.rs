//! What monitoring sees: metric names, their rendering, and the HTTP endpoints.

pub mod http;
pub mod names;
pub mod rate;
pub mod render;
pub mod snapshot;

pub use snapshot::{
    FlowMetrics, GroupMetrics, HistogramMetrics, MetricsSnapshot, ObsSource, PartitionMetrics,
    PartitionState, Readiness,
};
