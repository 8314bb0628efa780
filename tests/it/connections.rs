//! How connections to brokers are opened, and how often.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use kafka_protocol::messages::ApiKey;
use strait::config::load_text;
use strait::config::source::SourceText;
use strait::kafka::cluster::Cluster;
use strait::sandbox::{Action, ClusterSpec, Fault};

use crate::sandbox_kit::{runtime, start};

/// How many ask at the same time.
const ASKING: usize = 40;

fn sandbox_and_client() -> (strait::sandbox::Cluster, Cluster) {
    let sandbox = start(ClusterSpec::new(1));
    let text = format!(
        "[clusters.us]\nbootstrap_servers = [{0:?}]\n[clusters.eu]\nbootstrap_servers = [{0:?}]\n\
         [flows.f]\nsource = \"us\"\ntarget = \"eu\"\ntopics = [\"orders\"]\n",
        sandbox.bootstrap()
    );
    let source = SourceText::new(PathBuf::from("strait.toml"), text);
    let loaded =
        load_text(source, &|_| None).unwrap_or_else(|failure| panic!("{}", failure.render(false, 100)));
    let settings = Arc::new(loaded.settings.clusters["us"].clone());
    let cluster = runtime().block_on(Cluster::open(settings)).unwrap();
    (sandbox, cluster)
}

#[test]
fn those_who_need_a_broker_at_the_same_time_share_one_connection() {
    let (sandbox, cluster) = sandbox_and_client();
    sandbox.plan(Fault::on(ApiKey::ApiVersions, Action::Delay(Duration::from_millis(100))).times(u32::MAX));
    let opened = runtime().block_on(join_all((0..ASKING).map(|_| cluster.control(1))));
    assert!(opened.iter().all(Result::is_ok), "{opened:?}");
    assert_eq!(sandbox.clear_faults(), 1, "connections that were greeted");
}

#[test]
fn those_who_wait_for_a_broker_that_hangs_up_are_told_at_once_and_the_next_one_tries_again() {
    let (sandbox, cluster) = sandbox_and_client();
    sandbox.plan(Fault::on(ApiKey::ApiVersions, Action::DisconnectAfter).times(1));
    let opened = runtime().block_on(join_all((0..ASKING).map(|_| cluster.control(1))));
    assert!(opened.iter().all(Result::is_err), "{opened:?}");
    assert_eq!(sandbox.clear_faults(), 1, "tries");
    assert!(runtime().block_on(cluster.control(1)).is_ok());
}
