//! Every supported release of Kafka, copied from and copied to.

use crate::harness::live_on;
use crate::harness::maven::Version;
use crate::harness::produce::{Writer, produce};
use crate::harness::records::mixed;
use crate::harness::route::Route;
use crate::harness::shared::shared_pair;
use crate::harness::spec::ClusterSpec;

#[test]
fn g4_older_releases_are_sources_and_targets() {
    live_on(&Version::ALL, |lab| {
        let pair = shared_pair();
        for version in [Version::V3_9, Version::V3_7] {
            let old = lab.start(version.as_str(), ClusterSpec::one().version(version));
            for (way, source, target) in [("from", &old, &pair.target), ("to", &pair.source, &old)] {
                let topic = lab.topic(&format!("{way}-{}", version.as_str()));
                Route::between(lab, source, target).carries(&topic, (2, &[]), 250, |source| {
                    produce(source, &topic, "lz4", &mixed(800, 200, 2));
                    let writer = Writer::transactional(source, &topic, &[("compression.type", "zstd")]);
                    for round in 0..2 {
                        writer.begin();
                        writer.send(&topic, &mixed(801 + round, 50, 2));
                        if round == 0 { writer.commit() } else { writer.abort() }
                    }
                });
            }
        }
    });
}
