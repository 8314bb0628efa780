//! A broker's bytes as they are, behind a login: for whoever passes on what others ask.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use kafka_protocol::messages::ApiVersionsResponse;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::connection::{ReadHalf, WriteHalf};

/// Holds both halves of an open connection, logged in, on which nothing is under way.
pub struct Transport {
    /// What the broker says.
    pub read: ReadHalf,
    /// What the broker hears.
    pub write: WriteHalf,
    /// Which requests the broker takes, as it says itself.
    pub versions: ApiVersionsResponse,
}

impl std::fmt::Debug for Transport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Transport").finish_non_exhaustive()
    }
}

/// Lends the halves to a [`Connection`](super::connection::Connection) that logs in, and takes them back.
///
/// A broker says nothing unasked, so once each request has its answer no byte is lost between the two uses.
#[derive(Default)]
pub(super) struct Lender {
    read: Arc<Mutex<Option<ReadHalf>>>,
    write: Arc<Mutex<Option<WriteHalf>>>,
    versions: Mutex<Option<ApiVersionsResponse>>,
}

impl Lender {
    /// Makes halves that use these until they are taken back.
    pub(super) fn lend(&self, (read, write): (ReadHalf, WriteHalf)) -> (ReadHalf, WriteHalf) {
        *lock(&self.read) = Some(read);
        *lock(&self.write) = Some(write);
        (Box::new(Lent(self.read.clone())), Box::new(Lent(self.write.clone())))
    }

    /// Keeps what the broker said it speaks.
    pub(super) fn keep_versions(&self, versions: ApiVersionsResponse) {
        *lock(&self.versions) = Some(versions);
    }

    /// Takes the halves back; `None` where nothing was lent.
    pub(super) fn take_back(&self) -> Option<Transport> {
        let (read, write) = (lock(&self.read).take()?, lock(&self.write).take()?);
        Some(Transport { read, write, versions: lock(&self.versions).take()? })
    }
}

/// Uses a half that somebody else may take away; then it reads as ended.
struct Lent<T>(Arc<Mutex<Option<T>>>);

fn lock<T>(half: &Mutex<Option<T>>) -> MutexGuard<'_, Option<T>> {
    half.lock().unwrap_or_else(PoisonError::into_inner)
}

impl AsyncRead for Lent<ReadHalf> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match lock(&self.0).as_mut() {
            Some(half) => Pin::new(half).poll_read(cx, buffer),
            None => Poll::Ready(Ok(())),
        }
    }
}

impl AsyncWrite for Lent<WriteHalf> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match lock(&self.0).as_mut() {
            Some(half) => Pin::new(half).poll_write(cx, bytes),
            None => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match lock(&self.0).as_mut() {
            Some(half) => Pin::new(half).poll_flush(cx),
            None => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match lock(&self.0).as_mut() {
            Some(half) => Pin::new(half).poll_shutdown(cx),
            None => Poll::Ready(Ok(())),
        }
    }
}
