//! A failover that is killed between two of its steps, and run again.

use std::sync::Arc;

use strait::config::load_text;
use strait::config::settings::FlowSettings;
use strait::config::source::SourceText;
use strait::engine::supervisor::{Flow, FlowError, RunMode};
use strait::failover::ending::{Ending, Leave};
use strait::failover::whole::fail_over;
use strait::kafka::cluster::Cluster as Client;
use strait::sandbox::{ClusterSpec, TopicSpec};
use tokio::sync::{mpsc, watch};

use crate::sandbox_kit::{producer, runtime, start, write};

#[test]
fn g2_g10_a_failover_killed_behind_any_step_goes_on_and_leaves_partitions_where_it_found_them() {
    for killed_after in 1..4 {
        let us = start(ClusterSpec::new(1).topic(TopicSpec::new("orders", 3)));
        let eu = start(ClusterSpec::new(1));
        let text = format!(
            "[clusters.us]\nbootstrap_servers = [{:?}]\n[clusters.eu]\nbootstrap_servers = [{:?}]\n\
             [flows.us-eu]\nsource = \"us\"\ntarget = \"eu\"\ntopics = [\"orders\"]\n",
            us.bootstrap(),
            eu.bootstrap(),
        );
        let settings = load_text(SourceText::new("strait.toml".into(), text), &|_| None).unwrap().settings;
        let flow: FlowSettings = settings.flows["us-eu"].clone();
        write(&producer(&us, &[]), "orders", 3, 0..30);
        runtime().block_on(async {
            let open =
                async |alias: &str| Client::open(Arc::new(settings.clusters[alias].clone())).await.unwrap();
            let (source, target) = (open("us").await, open("eu").await);
            let run = async || {
                let (events, mut told) = mpsc::channel(64);
                tokio::spawn(async move { while told.recv().await.is_some() {} });
                let (_stop, stopping) = watch::channel(false);
                let clusters = (source.clone(), target.clone());
                Flow::new(flow.clone(), RunMode::UntilCaughtUp, clusters, events).run(stopping).await
            };
            run().await.unwrap();
            let mut ending = Ending::new(&target, &flow);
            assert!(ending.read().await.unwrap());
            let begun = ending.mark(Leave::Unplanned, None).await.unwrap();
            let mut recorded = None;
            if killed_after > 1 {
                let (fenced, failed) = ending.fence().await.unwrap();
                assert!(failed.is_empty());
                if killed_after > 2 {
                    let places = ending.look(Some(&fenced), None).await.unwrap().places;
                    ending.record(&fenced, &places).await.unwrap();
                    recorded = Some(places);
                }
            }
            drop(ending);
            // Nobody copies meanwhile, and applications may write already.
            assert!(matches!(run().await, Err(FlowError::Ended(_))), "after {killed_after}");
            if let Some(places) = &recorded {
                write(&producer(&eu, &[]), "orders", 3, 100..130);
                assert_eq!(places.len(), 3);
            }
            let done = fail_over(&target, &flow, None).await.unwrap();
            assert_eq!(done.ended.begun_ms, begun.begun_ms, "it is the same end");
            assert!(done.ended.done_ms.is_some());
            let places = &done.looked.places;
            assert!(places.iter().all(|place| place.source_next == Some(10) && place.is_exact), "{places:?}");
            for (place, before) in places.iter().zip(recorded.iter().flatten()) {
                assert_eq!(place.target_next, before.target_next, "what applications wrote stays behind it");
            }
            let again = fail_over(&target, &flow, None).await.unwrap();
            assert_eq!(again.ended, done.ended);
        });
    }
}
