//! Passing requests and answers on between a client that has logged in and a broker.

use std::io;
use std::sync::Arc;

use bytes::Buf;
use tokio::io::AsyncRead;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::addresses::{Listen, RewriteError, are_changed, change};
use super::gate::Gate;
use super::head::{Head, NoHead};
use super::intake::Intake;
use super::line::{Entry, LineEnded};
use super::login::framed;
use super::offer::Offer;
use super::tamper::Tamper;
use crate::kafka::frame::FRAME_BYTES_MAX;

/// Requests without answer that a connection may have.
pub(super) const REQUESTS_WAITING_MAX: usize = 4096;
/// Where a request's front ends at the latest; strings in it have at most 32 KiB each.
const FRONT_BYTES_MAX: usize = 128 * 1024;
/// Bytes of an answer that say how long it is and what it answers.
const ANSWER_FRONT_BYTES: usize = 8;

/// Says why a connection was not kept.
#[derive(Debug, thiserror::Error)]
pub(super) enum RelayError {
    /// A socket failed.
    #[error("a socket failed")]
    Io(#[from] io::Error),
    /// What a direction leads to is gone.
    #[error(transparent)]
    Line(#[from] LineEnded),
    /// A request is malformed.
    #[error(transparent)]
    Head(#[from] NoHead),
    /// A length that no frame has.
    #[error("a frame claims a length of {0} bytes")]
    Length(u32),
    /// A request that was not offered.
    #[error("request {api} in version {version} was not offered")]
    NotOffered {
        /// Which.
        api: i16,
        /// In which version.
        version: i16,
    },
    /// An answer to a request that was not asked, or not yet.
    #[error("an answer came that nobody asked for")]
    Unasked,
    /// An answer cannot be passed on.
    #[error(transparent)]
    Rewrite(#[from] RewriteError),
}

/// Names a request that waits for its answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    api: i16,
    version: i16,
    correlation: i32,
}

/// Holds what both directions of a connection need.
pub(super) struct Relay<'a> {
    /// When bytes may leave.
    pub(super) gate: &'a Gate,
    /// What the broker takes.
    pub(super) offer: &'a Offer,
    /// Where brokers' ports are.
    pub(super) listen: &'a dyn Listen,
    /// A liar, in tests.
    pub(super) tamper: Option<Arc<dyn Tamper>>,
}

impl Relay<'_> {
    /// Passes requests on until the client has no more.
    pub(super) async fn requests<R: AsyncRead + Unpin>(
        &self,
        mut from: Intake<R>,
        to: Entry,
        asked: mpsc::Sender<Asked>,
    ) -> Result<(), RelayError> {
        while from.fill(4).await? {
            let length = length_at(from.at_hand())?;
            let Head { api, version, correlation, expects_answer } = read_head(&mut from, length).await?;
            // These were answered here; the broker knows other passwords.
            let is_login = matches!(api, 17 | 36);
            if is_login || !self.offer.takes(api, version) {
                return Err(RelayError::NotOffered { api, version });
            }
            if expects_answer {
                let waits = Asked { api, version, correlation };
                asked.send(waits).await.map_err(|_| LineEnded)?;
            }
            match &self.tamper {
                None => self.pass(&mut from, &to, 4 + length).await?,
                Some(tamper) => {
                    let mut frame = whole(&mut from, length).await?;
                    frame.advance(4);
                    let frame = tamper.on_request(api, version, frame);
                    to.send(framed(&frame), self.due()).await?;
                }
            }
        }
        Ok(())
    }

    /// Passes answers on until the broker has no more.
    pub(super) async fn answers<R: AsyncRead + Unpin>(
        &self,
        mut from: Intake<R>,
        to: &Entry,
        mut asked: mpsc::Receiver<Asked>,
    ) -> Result<(), RelayError> {
        while from.fill(ANSWER_FRONT_BYTES).await? {
            let length = length_at(from.at_hand())?;
            let correlation = (&from.at_hand()[4..]).get_i32();
            let Ok(Asked { api, version, correlation: due }) = asked.try_recv() else {
                return Err(RelayError::Unasked);
            };
            if correlation != due {
                return Err(RelayError::Unasked);
            }
            if self.tamper.is_none() && !are_changed(api, version) {
                self.pass(&mut from, to, 4 + length).await?;
                continue;
            }
            let mut frame = whole(&mut from, length).await?;
            frame.advance(4);
            if let Some(tamper) = &self.tamper {
                frame = tamper.on_answer(api, version, frame);
            }
            let frame = change(api, version, frame.freeze(), self.listen)?;
            to.send(framed(&frame), self.due()).await?;
        }
        Ok(())
    }

    /// Passes a frame on as it comes.
    async fn pass<R: AsyncRead + Unpin>(
        &self,
        from: &mut Intake<R>,
        to: &Entry,
        bytes: usize,
    ) -> Result<(), RelayError> {
        let mut left = bytes;
        while left > 0 {
            let piece = from.piece(left).await?;
            left -= piece.len();
            to.send(piece, self.due()).await?;
        }
        Ok(())
    }

    /// Returns when what arrives now is to leave.
    fn due(&self) -> Instant {
        Instant::now() + self.gate.way().one_way
    }
}

fn length_at(front: &[u8]) -> Result<usize, RelayError> {
    let length = (&front[..4]).get_u32();
    // The correlation id, at least; lengths are signed in the protocol.
    match usize::try_from(length) {
        Ok(bytes) if bytes >= 4 && i32::try_from(length).is_ok() => Ok(bytes),
        _ => Err(RelayError::Length(length)),
    }
}

/// Reads ahead until a request's front is there.
async fn read_head<R: AsyncRead + Unpin>(from: &mut Intake<R>, length: usize) -> Result<Head, RelayError> {
    loop {
        let at_hand = from.at_hand();
        let seen = at_hand.len();
        if let Some(head) = Head::read(&at_hand[4..], length)? {
            return Ok(head);
        }
        if seen >= FRONT_BYTES_MAX {
            return Err(NoHead.into());
        }
        from.fill(seen + 1).await?;
    }
}

/// Takes a frame with its length, all of it.
async fn whole<R: AsyncRead + Unpin>(
    from: &mut Intake<R>,
    length: usize,
) -> Result<bytes::BytesMut, RelayError> {
    if length > FRAME_BYTES_MAX {
        return Err(RelayError::Length(u32::try_from(length).unwrap_or(u32::MAX)));
    }
    Ok(from.whole(4 + length).await?)
}
