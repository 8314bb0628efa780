//! The ways to both clusters, through proxies of the drill's own: the application's and the copy's, so that
//! each can be cut without the other.

use std::sync::Arc;
use std::time::Duration;

use crate::config::settings::ClusterSettings;
use crate::drill::proxy::{Cut, Proxy, ProxyError, Tamper};

/// Those who change what passes on the copy's ways; for tests, which have a drill find them out.
#[derive(Clone, Debug, Default)]
pub struct Liars {
    /// Between the copy and the source.
    pub at_source: Option<Arc<dyn Tamper>>,
    /// Between the copy and the target.
    pub at_target: Option<Arc<dyn Tamper>>,
}

/// The ways to both clusters.
#[derive(Debug)]
pub struct Doors {
    application: [Proxy; 2],
    copy: [Proxy; 2],
}

impl Doors {
    /// Opens them.
    pub async fn open(
        source: &Arc<ClusterSettings>,
        target: &Arc<ClusterSettings>,
        liars: Liars,
    ) -> Result<Self, ProxyError> {
        let application =
            [Proxy::open(source.clone(), None).await?, Proxy::open(target.clone(), None).await?];
        let copy = [
            Proxy::open(source.clone(), liars.at_source).await?,
            Proxy::open(target.clone(), liars.at_target).await?,
        ];
        Ok(Self { application, copy })
    }

    /// Returns how the application reaches the source, and the target.
    pub fn of_application(&self) -> (Arc<ClusterSettings>, Arc<ClusterSettings>) {
        let [source, target] = &self.application;
        (source.settings(), target.settings())
    }

    /// Returns how the copy reaches the source, and the target.
    pub fn of_copy(&self) -> (Arc<ClusterSettings>, Arc<ClusterSettings>) {
        let [source, target] = &self.copy;
        (source.settings(), target.settings())
    }

    /// Cuts everybody off from the source.
    pub fn cut_source(&self) {
        self.application[0].cut(Cut::Refused);
        self.copy[0].cut(Cut::Refused);
    }

    /// Lets everybody reach it again.
    pub fn heal_source(&self) {
        self.application[0].heal();
        self.copy[0].heal();
    }

    /// Cuts the copy's way to the source.
    pub fn cut_link(&self) {
        self.copy[0].cut(Cut::Refused);
    }

    /// Mends it.
    pub fn mend_link(&self) {
        self.copy[0].heal();
    }

    /// Makes the copy's way to the source far and narrow, or as it was.
    pub fn slow_link(&self, round_trip: Duration, bytes_per_second: Option<u64>) {
        self.copy[0].delay(round_trip);
        self.copy[0].bandwidth(bytes_per_second);
    }

    /// Closes them, with all that goes through.
    pub async fn close(self) {
        for proxy in self.application.into_iter().chain(self.copy) {
            proxy.close().await;
        }
    }
}
