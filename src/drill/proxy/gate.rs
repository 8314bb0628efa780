//! How the way between clients and brokers is at the moment: open or cut, how long, how wide. Bytes leave
//! the proxy through a gate only, so a cut holds for all of them from the moment it is made.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::AsyncWrite;
use tokio::sync::watch;

/// Says how a region goes missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Open connections are reset, and so are new ones, as where hosts are up and brokers are not.
    Refused,
    /// Nothing passes and nothing is refused, as where the network swallows what is sent. What was under
    /// way arrives after the healing.
    Silent,
}

/// Holds the state of the way.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Way {
    /// How it is cut, if it is.
    pub(super) cut: Option<Cut>,
    /// How often its connections were reset.
    pub(super) resets: u64,
    /// Whether the proxy has ended.
    pub(super) is_closed: bool,
    /// How long bytes are under way, in each direction.
    pub(super) one_way: Duration,
    /// How many bytes pass in each direction; `None` for as many as can.
    pub(super) bytes_per_second: Option<u64>,
}

impl Way {
    /// Cuts it.
    pub(super) fn cut(&mut self, how: Cut) {
        self.cut = Some(how);
        if how == Cut::Refused {
            self.resets += 1;
        }
    }
}

/// Lets one connection's bytes pass.
#[derive(Clone, Debug)]
pub(super) struct Gate {
    way: watch::Receiver<Way>,
    /// The resets before the connection was opened.
    born: u64,
}

impl Gate {
    /// Makes the gate of a connection that is opened now.
    pub(super) fn new(way: &watch::Sender<Way>) -> Self {
        let way = way.subscribe();
        let born = way.borrow().resets;
        Self { way, born }
    }

    /// Returns how the way is now.
    pub(super) fn way(&self) -> Way {
        *self.way.borrow()
    }

    /// Waits until the way is another than it was when this was last called.
    pub(super) async fn changed(&mut self) {
        if self.way.changed().await.is_err() {
            // Without its proxy it does not change any more.
            std::future::pending::<()>().await;
        }
    }

    /// Waits until the connection is to be reset.
    pub(super) async fn refused(&self) {
        let mut way = self.way.clone();
        let born = self.born;
        // An error says that the proxy is gone.
        let _ = way.wait_for(|w| w.is_closed || w.resets != born || w.cut == Some(Cut::Refused)).await;
    }

    /// Waits until the proxy has ended.
    pub(super) async fn closed(&self) {
        let mut way = self.way.clone();
        let _ = way.wait_for(|w| w.is_closed).await;
    }

    /// Waits until bytes pass.
    pub(super) async fn open(&self) {
        self.wait(true).await;
    }

    /// Waits until bytes do not pass.
    pub(super) async fn shut(&self) {
        self.wait(false).await;
    }

    async fn wait(&self, open: bool) {
        let mut way = self.way.clone();
        let born = self.born;
        if way.wait_for(|w| passes(w, born) == open).await.is_err() && open {
            std::future::pending::<()>().await;
        }
    }

    /// Waits for a time in which the way is open.
    pub(super) async fn open_for(&self, time: Duration) {
        loop {
            self.open().await;
            tokio::select! {
                () = tokio::time::sleep(time) => return,
                () = self.shut() => {}
            }
        }
    }

    /// Writes some of the bytes, once they may pass.
    pub(super) async fn write<W: AsyncWrite + Unpin>(&self, io: &mut W, bytes: &[u8]) -> io::Result<usize> {
        self.pass(|cx| Pin::new(&mut *io).poll_write(cx, bytes)).await
    }

    /// Sends on what was written.
    pub(super) async fn flush<W: AsyncWrite + Unpin>(&self, io: &mut W) -> io::Result<()> {
        self.pass(|cx| Pin::new(&mut *io).poll_flush(cx)).await
    }

    /// Tells the other side that nothing more comes.
    pub(super) async fn shut_down<W: AsyncWrite + Unpin>(&self, io: &mut W) -> io::Result<()> {
        self.pass(|cx| Pin::new(&mut *io).poll_shutdown(cx)).await
    }

    /// Takes a step only while the way is open. The way cannot change during a step, so nothing passes any
    /// more once a cut was made.
    async fn pass<T>(&self, mut step: impl FnMut(&mut Context<'_>) -> Poll<T>) -> T {
        loop {
            self.open().await;
            let step = poll_fn(|cx| {
                let way = self.way.borrow();
                if passes(&way, self.born) { step(cx).map(Some) } else { Poll::Ready(None) }
            });
            tokio::select! {
                biased;
                () = self.shut() => {}
                done = step => if let Some(done) = done {
                    return done;
                }
            }
        }
    }
}

fn passes(way: &Way, born: u64) -> bool {
    way.cut.is_none() && way.resets == born && !way.is_closed
}
