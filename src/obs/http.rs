//! Serves `/metrics`, `/healthz` and `/readyz` over plain HTTP.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::render::openmetrics;
use super::snapshot::ObsSource;

/// The media type of `/metrics`.
const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// How long answers under way may take once the process stops.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(1);

type Source = Arc<dyn ObsSource + Send + Sync>;

/// Serves until `shutdown` is done, then gives answers under way a second to finish.
///
/// `/healthz` says that the process lives and nothing more: a restart does not mend a cluster.
/// `/readyz` answers 503 with the reasons, one a line, while start-up is unfinished or any
/// partition is failing or stopped.
pub async fn serve(
    listener: TcpListener,
    source: Source,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = axum::serve(listener, router(source)).with_graceful_shutdown(async {
        // A dropped sender means the same: stop.
        let _ = stopped.await;
    });
    let ending = async {
        shutdown.await;
        // The receiver is gone only when serving has ended by itself.
        let _ = stop.send(());
        tokio::time::sleep(SHUTDOWN_GRACE).await;
    };
    tokio::select! {
        served = serving.into_future() => served,
        () = ending => Ok(()),
    }
}

fn router(source: Source) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(readyz))
        .fallback(|| async { (StatusCode::NOT_FOUND, "pages: /metrics /healthz /readyz\n") })
        .with_state(source)
}

async fn metrics(State(source): State<Source>) -> Response {
    match openmetrics(source.metrics()) {
        Ok(text) => ([(header::CONTENT_TYPE, OPENMETRICS)], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}

async fn readyz(State(source): State<Source>) -> Response {
    let readiness = source.readiness();
    if readiness.ready {
        return "ready\n".into_response();
    }
    let mut body = String::from("not ready\n");
    for reason in &readiness.reasons {
        body.push_str(reason);
        body.push('\n');
    }
    (StatusCode::SERVICE_UNAVAILABLE, body).into_response()
}

#[cfg(test)]
#[path = "http_tests.rs"]
mod tests;
