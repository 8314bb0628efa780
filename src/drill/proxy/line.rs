//! One direction of one connection: what entered leaves in order, when it has been under way long enough and
//! the way has room.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::{Buf, Bytes};
use tokio::io::AsyncWrite;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::{Instant, sleep_until};

use super::gate::Gate;

/// What a piece of a line may hold.
pub(super) const PIECE_BYTES_MAX: usize = 64 * 1024;
/// What may be under way on one line.
const LINE_BYTES_MAX: u32 = 4 * 1024 * 1024;
/// What may be under way on all lines of a proxy.
pub(super) const LINES_BYTES_MAX: usize = 256 * 1024 * 1024;
/// What a piece is charged at least: it has a cost of its own.
const PIECE_BYTES_MIN: usize = 256;
/// Pieces that may be under way on one line.
const LINE_PIECES_MAX: usize = LINE_BYTES_MAX as usize / PIECE_BYTES_MIN;
/// How long the way is taken by one connection before another has its turn, where it is narrow.
const TURN: Duration = Duration::from_millis(20);

struct Piece {
    bytes: Bytes,
    due: Instant,
    /// Given back when the piece has left.
    _room: [OwnedSemaphorePermit; 2],
}

/// Takes what enters a line.
pub(super) struct Entry {
    pieces: mpsc::Sender<Piece>,
    own: Arc<Semaphore>,
    all: Arc<Semaphore>,
}

/// Lets out what entered a line.
pub(super) struct Exit {
    pieces: mpsc::Receiver<Piece>,
}

/// Says that what is sent goes nowhere any more.
#[derive(Debug, thiserror::Error)]
#[error("the line has ended")]
pub(super) struct LineEnded;

/// Makes a line; `all` is the room of all lines together.
pub(super) fn line(all: &Arc<Semaphore>) -> (Entry, Exit) {
    let (sender, pieces) = mpsc::channel(LINE_PIECES_MAX);
    let own = Arc::new(Semaphore::new(LINE_BYTES_MAX as usize));
    (Entry { pieces: sender, own, all: all.clone() }, Exit { pieces })
}

impl Entry {
    /// Puts bytes on the line that may leave at `due`; waits where the line is full.
    pub(super) async fn send(&self, mut bytes: Bytes, due: Instant) -> Result<(), LineEnded> {
        while !bytes.is_empty() {
            let piece = bytes.split_to(bytes.len().min(PIECE_BYTES_MAX));
            let charge = u32::try_from(piece.len().max(PIECE_BYTES_MIN)).map_err(|_| LineEnded)?;
            let own = self.own.clone().acquire_many_owned(charge).await.map_err(|_| LineEnded)?;
            let all = self.all.clone().acquire_many_owned(charge).await.map_err(|_| LineEnded)?;
            let piece = Piece { bytes: piece, due, _room: [own, all] };
            self.pieces.send(piece).await.map_err(|_| LineEnded)?;
        }
        Ok(())
    }
}

impl Exit {
    /// Writes what comes until nothing more will, and then ends the other side's reading.
    pub(super) async fn run<W: AsyncWrite + Unpin>(
        mut self,
        io: &mut W,
        mut gate: Gate,
        pacer: &Mutex<Pacer>,
    ) -> io::Result<()> {
        while let Some(mut piece) = self.pieces.recv().await {
            sleep_until(piece.due).await;
            while !piece.bytes.is_empty() {
                let turn = turn(&mut gate, pacer, piece.bytes.len()).await;
                let mut part = piece.bytes.split_to(turn);
                while !part.is_empty() {
                    match gate.write(io, &part).await? {
                        0 => return Err(io::ErrorKind::WriteZero.into()),
                        written => part.advance(written),
                    }
                }
            }
            if self.pieces.is_empty() {
                gate.flush(io).await?;
            }
        }
        gate.shut_down(io).await
    }
}

/// Waits until the way has room for some of `wanted` bytes; returns how many.
async fn turn(gate: &mut Gate, pacer: &Mutex<Pacer>, wanted: usize) -> usize {
    loop {
        let rate = gate.way().bytes_per_second;
        let Some(rate) = rate else { return wanted };
        let turn = pacer.lock().unwrap_or_else(PoisonError::into_inner).turn(Instant::now(), wanted, rate);
        tokio::select! {
            biased;
            () = sleep_until(turn.begins) => return turn.bytes,
            () = gate.changed() => {}
        }
    }
}

/// Shares one direction's bandwidth between connections.
#[derive(Debug)]
pub(super) struct Pacer {
    free_at: Instant,
}

/// Says how many bytes may pass, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Turn {
    bytes: usize,
    begins: Instant,
}

impl Pacer {
    /// Makes one for a way that is free.
    pub(super) fn new(now: Instant) -> Self {
        Self { free_at: now }
    }

    /// Forgets the turns that were given out at another rate.
    pub(super) fn reset(&mut self, now: Instant) {
        self.free_at = now;
    }

    fn turn(&mut self, now: Instant, wanted: usize, bytes_per_second: u64) -> Turn {
        let rate = bytes_per_second.max(1);
        let most = usize::try_from(u128::from(rate) * TURN.as_millis() / 1000).unwrap_or(usize::MAX);
        let bytes = wanted.min(most.max(1));
        let begins = self.free_at.max(now);
        // A byte takes a second at the least rate there is.
        self.free_at = begins + Duration::from_secs_f64(bytes as f64 / rate as f64);
        Turn { bytes, begins }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::gate::{Cut, Way};
    use super::*;
    use tokio::io::AsyncReadExt;
    use tokio::sync::watch;

    #[test]
    fn a_narrow_way_lets_through_what_it_is_wide_whoever_asks() {
        let began = Instant::now();
        let (mut pacer, mut passed, mut now) = (Pacer::new(began), 0, began);
        // Many ask, each for more than it may have; a second later so much has passed, and not more.
        while now < began + Duration::from_secs(1) {
            let turn = pacer.turn(now, 1_000_000, 50_000);
            assert!(turn.bytes <= 1_000 && turn.begins >= now);
            (passed, now) = (passed + turn.bytes, turn.begins);
        }
        assert!((50_000..=51_000).contains(&passed), "{passed}");
        assert_eq!(pacer.turn(now, 10, 1).bytes, 1);
        pacer.reset(began);
        assert_eq!(pacer.turn(began, 10, 1_000).begins, began);
    }

    #[tokio::test]
    async fn what_enters_leaves_in_order_and_a_full_line_takes_no_more() {
        let way = watch::Sender::new(Way::default());
        let all = Arc::new(Semaphore::new(LINES_BYTES_MAX));
        let (entry, exit) = line(&all);
        way.send_modify(|way| way.cut(Cut::Silent));
        let gate = Gate::new(&way);
        let (mut near, mut far) = tokio::io::duplex(1 << 20);
        let leaving = tokio::spawn(async move {
            let pacer = Mutex::new(Pacer::new(Instant::now()));
            exit.run(&mut near, gate, &pacer).await.unwrap();
        });
        // Due times that go back do not change the order.
        let whole: Vec<u8> = (0..LINE_BYTES_MAX).map(|n| (n % 251) as u8).collect();
        let (now, sent) = (Instant::now(), Bytes::from(whole.clone()));
        entry.send(sent.slice(..1_000), now + Duration::from_millis(1)).await.unwrap();
        entry.send(sent.slice(1_000..), now).await.unwrap();
        assert_eq!(all.available_permits(), LINES_BYTES_MAX - LINE_BYTES_MAX as usize);
        let mut more = Box::pin(entry.send(Bytes::from_static(b"more"), now));
        let is_full = tokio::select! { biased; _ = &mut more => false, () = std::future::ready(()) => true };
        assert!(is_full);
        way.send_modify(|way| way.cut = None);
        let mut read = vec![0; whole.len()];
        far.read_exact(&mut read).await.unwrap();
        assert!(read == whole);
        more.await.unwrap();
        drop(entry);
        let mut rest = Vec::new();
        far.read_to_end(&mut rest).await.unwrap();
        assert_eq!(rest, b"more");
        leaving.await.unwrap();
        assert_eq!(all.available_permits(), LINES_BYTES_MAX);
    }
}
