//! G11: what cannot be done is said with its exit code, before or after the first connection.

use crate::harness::live;
use crate::harness::route::LIMIT;
use crate::harness::shared::shared_pair;
use crate::harness::spec::Listener;
use crate::harness::strait::{Config, run};

#[test]
fn g11_an_unreachable_source_and_an_unknown_flow_have_their_codes() {
    live(|lab| {
        let config = Config::new()
            .cluster_at("source", &["127.0.0.1:1".to_owned()], "PLAINTEXT", "")
            .cluster("target", &shared_pair().target, Listener::Plaintext, "")
            .flow("f", &["t"], "");
        let path = config.write(&lab.work_dir());
        let failed = run(&path, &["replicate", "--once"], LIMIT).assert_code(1);
        assert!(failed.stderr.contains("phase: tcp") && failed.stderr.contains("connection refused"));
        let unknown = run(&path, &["replicate", "--flow", "nowhere"], LIMIT).assert_code(2);
        assert!(unknown.stderr.contains("no flow is called \"nowhere\""));
    });
}
