//! `strait init` at real clusters: what it finds there, and that what it writes passes every check.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::harness::admin::{create_replicated, create_topic};
use crate::harness::certificates::certificates;
use crate::harness::live;
use crate::harness::produce::produce;
use crate::harness::records::mixed;
use crate::harness::rights::{Kind, Operation, Right, WORD, enter};
use crate::harness::route::LIMIT;
use crate::harness::shared::{shared_pair, shared_secure};
use crate::harness::spec::{ClusterSpec, Listener, PASSWORD, USER};
use crate::harness::strait::{run, start_with};

/// Runs `strait init` and returns code, stdout, stderr.
fn init(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_strait"))
        .arg("init")
        .args(arguments)
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// Runs `strait init` on a terminal in a folder; returns code and what was shown.
fn on_a_terminal(folder: &Path, answers: &str) -> (Option<i32>, String) {
    let binary = env!("CARGO_BIN_EXE_strait");
    let mut child = Command::new("script")
        .args(["-qec", &format!("stty -echo; exec {binary} init --color never"), "/dev/null"])
        .current_dir(folder)
        .env("TERM", "xterm")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(answers.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn what_is_written_fits_the_clusters_and_passes_every_check() {
    live(|lab| {
        let source = lab.start("source", ClusterSpec::three());
        let target = &shared_pair().target;
        let topic = lab.topic("orders");
        create_replicated(&source, &topic, 3, 3, &[]);
        produce(&source, &topic, "none", &mixed(7, 500, 3));
        let file = lab.work_dir().join("made.toml");
        let _ = std::fs::remove_file(&file);
        let named = [
            format!("us={}", source.address(Listener::Plaintext)),
            format!("eu={}", target.address(Listener::Plaintext)),
        ];
        let path = file.display().to_string();
        let (code, _, stderr) =
            init(&["--from-cluster", &named[0], "--from-cluster", &named[1], "--output", &path]);
        assert_eq!(code, Some(0), "{stderr}");
        let made = std::fs::read_to_string(&file).unwrap();
        let size = made.lines().find(|line| line.contains(&format!("- {topic}: 3 partitions, "))).unwrap();
        assert!(size.ends_with("KiB") || size.ends_with("MiB"), "{size}");
        let servers = source.bootstrap(Listener::Plaintext);
        assert!(servers.iter().all(|server| made.contains(server.as_str())), "{made}");
        assert_eq!(made.matches("cluster_id = ").count(), 2, "{made}");
        assert!(made.contains("# cluster eu has 1 broker\nreplication_factor = 1\n"), "{made}");
        run(&file, &["validate", "--offline"], LIMIT).assert_code(0);
        let finished = run(&file, &["validate"], LIMIT);
        assert_eq!(finished.stdout, "", "{}", finished.stderr);
        finished.assert_code(0);
    });
}

#[test]
fn the_answers_on_a_terminal_become_a_file() {
    live(|lab| {
        let folder = lab.work_dir();
        let file = folder.join("strait.toml");
        let _ = std::fs::remove_file(&file);
        let [source, target] = [&shared_pair().source, &shared_pair().target]
            .map(|cluster| cluster.address(Listener::Plaintext));
        let answers = format!("{source}\nus\n{target}\n\norders.*, re:pay.+\n");
        let (code, shown) = on_a_terminal(&folder, &answers);
        assert_eq!(code, Some(0), "{shown}");
        assert!(shown.contains("next: strait validate"), "{shown}");
        let made = std::fs::read_to_string(&file).unwrap();
        assert!(made.contains("[flows.us-target]"), "{made}");
        assert!(made.contains("topics = [\"orders.*\", \"re:pay.+\"]"), "{made}");
        run(&file, &["validate", "--offline", "--strict"], LIMIT).assert_code(0);
    });
}

/// Writes a client's properties file, as Kafka's tools take it.
fn client_properties(folder: &Path, mechanism: &str, (user, password): (&str, &str)) -> PathBuf {
    let path = folder.join(format!("{mechanism}.properties"));
    let module = "org.apache.kafka.common.security.scram.ScramLoginModule required";
    let ca = certificates().ca.display();
    let text = format!(
        "security.protocol=SASL_SSL\nsasl.mechanism={mechanism}\n\
         sasl.jaas.config={module} \\\n  username=\"{user}\" password=\"{password}\";\n\
         ssl.truststore.type=PEM\nssl.truststore.location={ca}\nretries=3\n"
    );
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn a_login_is_read_from_a_clients_file_and_its_secret_is_not_written() {
    live(|lab| {
        let folder = lab.work_dir();
        let topic = lab.topic("orders");
        create_topic(shared_secure(), &topic, 2, &[]);
        let clusters = [
            format!("us-1={}", shared_secure().address(Listener::SaslSsl)),
            format!("eu={}", shared_pair().target.address(Listener::Plaintext)),
        ];
        let look = |client: &Path| {
            let client = format!("us-1={}", client.display());
            let from = ["--from-cluster", &clusters[0], "--from-cluster", &clusters[1]];
            init(&[&from[..], &["--client-properties", &client]].concat())
        };
        let right = |operation, kind, name: &str| Right { operation, kind, name: name.to_owned() };
        let user = "init-reader".to_owned();
        let rights = vec![
            right(Operation::Read, Kind::Topic, &topic),
            right(Operation::DescribeConfigs, Kind::Topic, &topic),
            right(Operation::Describe, Kind::Cluster, "kafka-cluster"),
            right(Operation::DescribeConfigs, Kind::Cluster, "kafka-cluster"),
        ];
        enter(shared_secure(), &[(user.clone(), rights)]);
        let (code, made, stderr) = look(&client_properties(&folder, "SCRAM-SHA-256", (&user, WORD)));
        assert_eq!(code, Some(0), "{stderr}");
        assert!(!(made.clone() + &stderr).contains(WORD), "{made}{stderr}");
        for line in [
            "security_protocol = \"SASL_SSL\"",
            "sasl_mechanism = \"SCRAM-SHA-256\"",
            "sasl_username = \"init-reader\"",
            "sasl_password = \"env:US_1_SASL_PASSWORD\"",
            &format!("# - {topic}: 2 partitions, 0 B"),
            "line 7: SCRAM-SHA-256.properties: retries: ",
        ] {
            assert!(made.contains(line), "{line} is not in\n{made}");
        }
        assert!(stderr.contains("US_1_SASL_PASSWORD"), "{stderr}");
        let file = folder.join("made.toml");
        std::fs::write(&file, &made).unwrap();
        run(&file, &["validate", "--offline", "--strict"], LIMIT).assert_code(0);
        let checked = start_with(&file, &["validate"], &[("US_1_SASL_PASSWORD", WORD)]).finish(LIMIT);
        assert_eq!(checked.stdout, "", "{}", checked.stderr);
        checked.assert_code(0);
        let wrong = client_properties(&folder, "SCRAM-SHA-256", (USER, "wr0ng-pass"));
        let (code, made, stderr) = look(&wrong);
        assert_eq!((code, made.as_str()), (Some(1), ""), "{stderr}");
        for words in ["refused", USER, "SCRAM-SHA-256.properties"] {
            assert!(stderr.contains(words), "{words:?} is not in {stderr}");
        }
        assert!(!stderr.contains("wr0ng-pass"), "{stderr}");
    });
}

#[test]
fn on_a_terminal_a_login_is_asked_for_where_one_is_needed() {
    live(|lab| {
        let folder = lab.work_dir();
        let file = folder.join("strait.toml");
        let _ = std::fs::remove_file(&file);
        let client = client_properties(&folder, "SCRAM-SHA-512", (USER, PASSWORD));
        let (source, target) = (shared_secure(), &shared_pair().target);
        let (source, target) = (source.address(Listener::SaslSsl), target.address(Listener::Plaintext));
        let answers = format!("{source}\nus\n{target}\neu\n\n{}\n", client.display());
        let (code, shown) = on_a_terminal(&folder, &answers);
        assert_eq!(code, Some(0), "{shown}");
        assert!(shown.contains("Client properties of us"), "{shown}");
        let made = std::fs::read_to_string(&file).unwrap();
        assert!(made.contains("sasl_password = \"env:US_SASL_PASSWORD\""), "{made}");
        assert!(!(made + &shown).contains(PASSWORD), "{shown}");
    });
}

#[test]
fn one_cluster_twice_and_a_listener_that_cannot_be_asked_are_explained() {
    live(|_| {
        let plain = shared_pair().source.address(Listener::Plaintext);
        let (one, two) = (format!("us={plain}"), format!("eu={plain}"));
        let (code, stdout, stderr) = init(&["--from-cluster", &one, "--from-cluster", &two]);
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{stderr}");
        assert!(stderr.contains("one cluster"), "{stderr}");
        for (listener, words) in [(Listener::Ssl, "SSL://"), (Listener::SaslPlaintext, "--client-properties")]
        {
            let two = format!("eu={}", shared_secure().address(listener));
            let (code, _, stderr) = init(&["--from-cluster", &one, "--from-cluster", &two]);
            assert_eq!(code, Some(1), "{stderr}");
            assert!(stderr.contains(words), "{stderr}");
        }
    });
}
