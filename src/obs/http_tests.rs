#![allow(clippy::unwrap_used)]

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::super::snapshot::{MetricsSnapshot, Readiness};
use super::*;

/// A test that hangs fails instead.
const DEADLINE: Duration = Duration::from_secs(20);

struct Fixed(Readiness);

impl ObsSource for Fixed {
    fn metrics(&self) -> MetricsSnapshot {
        MetricsSnapshot::default()
    }

    fn readiness(&self) -> Readiness {
        self.0.clone()
    }
}

async fn ask(readiness: Readiness, path: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(serve(listener, Arc::new(Fixed(readiness)), async {
        stopped.await.unwrap();
    }));
    let exchange = async {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: strait\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        stop.send(()).unwrap();
        server.await.unwrap().unwrap();
        answer
    };
    tokio::time::timeout(DEADLINE, exchange).await.unwrap()
}

#[tokio::test]
async fn not_ready_is_503_with_every_reason() {
    let reasons = vec!["us-eu orders[7] is stopped: gap".to_owned(), "us-eu a[0] is failing".to_owned()];
    let answer = ask(Readiness { ready: false, reasons }, "/readyz").await;
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    assert!(
        answer.ends_with("not ready\nus-eu orders[7] is stopped: gap\nus-eu a[0] is failing\n"),
        "{answer}"
    );
}

#[tokio::test]
async fn ready_is_200() {
    let answer = ask(Readiness { ready: true, reasons: Vec::new() }, "/readyz").await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

#[tokio::test]
async fn the_process_is_healthy_though_not_ready() {
    let answer = ask(Readiness::default(), "/healthz").await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

#[tokio::test]
async fn metrics_carry_their_media_type_and_end() {
    let answer = ask(Readiness::default(), "/metrics").await;
    assert!(answer.contains("content-type: application/openmetrics-text"), "{answer}");
    assert!(answer.ends_with("# EOF\n"), "{answer}");
}

#[tokio::test]
async fn an_open_connection_does_not_hold_the_end_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let idle = TcpStream::connect(address).await.unwrap();
    let serving = serve(listener, Arc::new(Fixed(Readiness::default())), async {});
    tokio::time::timeout(DEADLINE, serving).await.unwrap().unwrap();
    drop(idle);
}
