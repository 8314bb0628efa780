//! Keeps what was obtained for as long as it is valid, and renews it before the end.

use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use super::error::CredentialError;

/// The part of a lifetime after which it is renewed; the Java client's `sasl.login.refresh.window.factor`.
const RENEW_AFTER: f64 = 0.8;
/// What is left of a lifetime when it is renewed at the latest, so that a login never begins with a token
/// about to expire.
const LEFT_MIN: Duration = Duration::from_secs(3);
/// How long a failure is the answer to everybody who asks: a service that is down, or that locks out who
/// fails too often, is not asked once for each connection.
const FAILURE_KEPT: Duration = Duration::from_millis(500);

/// Holds a value with a lifetime; whoever comes while it is obtained waits for the one answer.
#[derive(Debug)]
pub(super) struct Cache<T> {
    slot: Mutex<Slot<T>>,
}

#[derive(Debug)]
struct Slot<T> {
    kept: Option<Kept<T>>,
    failure: Option<(Instant, CredentialError)>,
}

#[derive(Debug)]
struct Kept<T> {
    value: T,
    renew_at: Instant,
    /// `None` for never.
    expires_at: Option<Instant>,
}

/// Is what was obtained, with how long it is valid.
#[derive(Debug)]
pub(super) struct Obtained<T> {
    pub(super) value: T,
    pub(super) lifetime: Lifetime,
}

/// Says how long something is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lifetime {
    /// As long as it works.
    Endless,
    /// So long from now.
    For(Duration),
    /// Nobody says, or it is to be read anew each time.
    Unknown,
}

impl<T> Default for Cache<T> {
    fn default() -> Self {
        Self { slot: Mutex::new(Slot { kept: None, failure: None }) }
    }
}

impl<T: Clone> Cache<T> {
    /// Returns the value and whether it was there already; obtains it where it is missing or due.
    ///
    /// A renewal that fails is no harm while the old value is valid.
    pub(super) async fn get<F>(&self, obtain: impl FnOnce() -> F) -> Result<(T, bool), CredentialError>
    where
        F: Future<Output = Result<Obtained<T>, CredentialError>>,
    {
        let mut slot = self.slot.lock().await;
        let begun = Instant::now();
        if let Some(kept) = slot.kept.as_ref().filter(|kept| begun < kept.renew_at) {
            return Ok((kept.value.clone(), true));
        }
        let recent = slot.failure.as_ref().filter(|(at, _)| begun < *at + FAILURE_KEPT);
        let outcome = match recent {
            Some((_, error)) => Err(error.clone()),
            // A request with TLS is large; it is not to be part of every connection's state.
            None => Box::pin(obtain()).await,
        };
        let now = Instant::now();
        match outcome {
            Ok(Obtained { value, lifetime }) => {
                slot.failure = None;
                slot.kept = match lifetime {
                    Lifetime::Unknown => None,
                    // What is said to last beyond what a clock can count lasts for ever.
                    Lifetime::Endless => {
                        Some(Kept { value: value.clone(), renew_at: far(now), expires_at: None })
                    }
                    Lifetime::For(time) => Some(Kept {
                        value: value.clone(),
                        renew_at: begun.checked_add(renew_after(time)).unwrap_or(far(now)),
                        expires_at: begun.checked_add(time),
                    }),
                };
                Ok((value, false))
            }
            Err(error) => {
                if recent_is_over(&slot.failure, now) {
                    slot.failure = Some((now, error.clone()));
                }
                let valid = |kept: &&Kept<T>| kept.expires_at.is_none_or(|end| now < end);
                match slot.kept.as_ref().filter(valid) {
                    Some(kept) => {
                        tracing::warn!(%error, "credentials were not renewed; the old ones are still valid");
                        Ok((kept.value.clone(), true))
                    }
                    None => Err(error),
                }
            }
        }
    }

    /// Drops the value, so that the next one who asks gets a new one.
    pub(super) async fn forget(&self) {
        self.slot.lock().await.kept = None;
    }
}

fn renew_after(lifetime: Duration) -> Duration {
    lifetime.mul_f64(RENEW_AFTER).min(lifetime.saturating_sub(LEFT_MIN))
}

fn recent_is_over(failure: &Option<(Instant, CredentialError)>, now: Instant) -> bool {
    failure.as_ref().is_none_or(|(at, _)| now >= *at + FAILURE_KEPT)
}

/// Returns a time that no run reaches.
fn far(now: Instant) -> Instant {
    now + Duration::from_secs(100 * 365 * 24 * 3600)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::kafka::credentials::error::Service;

    fn failure() -> CredentialError {
        let url = "https://a/".to_owned();
        CredentialError::Unusable { service: Service::TokenEndpoint, url, wanted: "access_token" }
    }

    /// Shorter than what must be left, so that each question renews it.
    const ALWAYS_DUE: Lifetime = Lifetime::For(Duration::from_secs(2));

    #[tokio::test]
    async fn all_who_come_at_once_get_one_answer() {
        let (cache, asked) = (Cache::default(), AtomicUsize::new(0));
        let get = || {
            cache.get(|| async {
                tokio::task::yield_now().await;
                let value = asked.fetch_add(1, Ordering::Relaxed);
                Ok(Obtained { value, lifetime: Lifetime::For(Duration::from_secs(60)) })
            })
        };
        let (one, other, third) = tokio::join!(get(), get(), get());
        assert_eq!([one.unwrap(), other.unwrap(), third.unwrap()], [(0, false), (0, true), (0, true)]);
        cache.forget().await;
        assert_eq!(get().await.unwrap(), (1, false));
    }

    #[tokio::test]
    async fn what_is_valid_survives_a_renewal_that_fails_and_nothing_else_does() {
        let cache = Cache::default();
        let asked = AtomicUsize::new(0);
        let good = |lifetime| async move { Ok(Obtained { value: 7, lifetime }) };
        let bad = || {
            asked.fetch_add(1, Ordering::Relaxed);
            async { Err(failure()) }
        };
        assert_eq!(cache.get(|| good(ALWAYS_DUE)).await.unwrap(), (7, false));
        assert_eq!(cache.get(bad).await.unwrap(), (7, true));
        // A failure answers everybody for a while.
        assert_eq!(cache.get(bad).await.unwrap(), (7, true));
        assert_eq!(asked.load(Ordering::Relaxed), 1);
        cache.forget().await;
        assert!(cache.get(bad).await.is_err());
        let unknown = Cache::default();
        assert_eq!(unknown.get(|| good(Lifetime::Unknown)).await.unwrap(), (7, false));
        assert!(unknown.get(bad).await.is_err());
    }

    #[test]
    fn a_login_never_begins_with_a_token_about_to_expire() {
        let after = |seconds| renew_after(Duration::from_secs(seconds)).as_secs();
        assert_eq!([after(2), after(6), after(15), after(100), after(3600)], [0, 3, 12, 80, 2880]);
    }
}
