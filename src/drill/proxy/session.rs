//! One client's connection: it logs in here, then a connection to the broker is opened for it.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncRead;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::core::Core;
use super::gate::Gate;
use super::intake::Intake;
use super::line::{Entry, line};
use super::login::{Door, Next, Stranger};
use super::offer::Offer;
use super::relay::{REQUESTS_WAITING_MAX, Relay, RelayError};
use crate::kafka::error::ConnectError;
use crate::kafka::transport::Transport;

/// How long a client may take for each request of its login; time in which the way is cut does not count.
const LOGIN_PATIENCE: Duration = Duration::from_secs(30);
/// The largest request of a login.
const LOGIN_BYTES_MAX: usize = 64 * 1024;

/// Says why a client's connection ended early.
#[derive(Debug, thiserror::Error)]
enum Ended {
    #[error(transparent)]
    Relay(#[from] RelayError),
    #[error(transparent)]
    Stranger(#[from] Stranger),
    #[error("the login took too long")]
    TooSlow,
    #[error(transparent)]
    Connect(#[from] ConnectError),
}

impl From<std::io::Error> for Ended {
    fn from(error: std::io::Error) -> Self {
        Self::Relay(error.into())
    }
}

/// Serves one client of a broker until either side closes, or the way is cut with a reset.
pub(super) async fn serve(mut stream: TcpStream, node: i32, core: Arc<Core>) {
    // Small answers are awaited; a failure here costs only time.
    let _ = stream.set_nodelay(true);
    let gate = core.gate();
    let is_reset = {
        let (read, mut write) = stream.split();
        let (entry, exit) = line(&core.room);
        let session = Session { node, core: &core, gate: &gate };
        let work = async {
            if let Err(error) = session.run(Intake::new(read), entry).await {
                tracing::debug!(cluster = %core.alias(), node, %error, "a drill's connection ended");
            }
            Ok(())
        };
        tokio::select! {
            biased;
            () = gate.refused() => true,
            // What was said is heard before the connection is closed.
            _ = async { tokio::try_join!(work, exit.run(&mut write, gate.clone(), &core.to_client)) } => false,
        }
    };
    if is_reset {
        // Nothing that still waits in the socket is sent.
        let _ = socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO));
    }
}

struct Session<'a> {
    node: i32,
    core: &'a Arc<Core>,
    gate: &'a Gate,
}

impl Session<'_> {
    async fn run<R: AsyncRead + Unpin>(&self, mut from: Intake<R>, to: Entry) -> Result<(), Ended> {
        if !self.log_in(&mut from, &to).await? {
            return Ok(());
        }
        let mut broker = self.connect().await?;
        let offer = self.core.learn(self.node, std::mem::take(&mut broker.versions));
        self.relay(from, to, broker, &offer).await
    }

    /// Answers what a client asks before it has logged in; says whether it may pass.
    async fn log_in<R: AsyncRead + Unpin>(&self, from: &mut Intake<R>, to: &Entry) -> Result<bool, Ended> {
        let Some(mut frame) = self.login_frame(from).await? else { return Ok(false) };
        let offer = match self.core.offer(self.node) {
            Some(offer) => offer,
            None => self.core.learn(self.node, self.connect().await?.versions),
        };
        let mut door = Door::new(&self.core.login, &offer);
        loop {
            let (answer, next) = door.answer(frame)?;
            // There and back: the request was answered here, at the near end.
            to.send(answer, Instant::now() + 2 * self.gate.way().one_way).await.map_err(RelayError::from)?;
            match next {
                Next::Pass => return Ok(true),
                Next::SendAway => return Ok(false),
                Next::Ask => {}
            }
            let Some(next) = self.login_frame(from).await? else { return Ok(false) };
            frame = next;
        }
    }

    async fn login_frame<R: AsyncRead + Unpin>(
        &self,
        from: &mut Intake<R>,
    ) -> Result<Option<bytes::Bytes>, Ended> {
        let read = async {
            if !from.fill(4).await? {
                return Ok(None);
            }
            let front = from.at_hand();
            let length = u32::from_be_bytes([front[0], front[1], front[2], front[3]]);
            if length as usize > LOGIN_BYTES_MAX {
                return Err(Ended::from(RelayError::Length(length)));
            }
            let frame = from.whole(4 + length as usize).await?.freeze();
            Ok(Some(frame.slice(4..)))
        };
        tokio::select! {
            frame = read => frame,
            () = self.gate.open_for(LOGIN_PATIENCE) => Err(Ended::TooSlow),
        }
    }

    /// Opens a connection to the broker, while the way is open.
    async fn connect(&self) -> Result<Transport, Ended> {
        loop {
            self.gate.open().await;
            tokio::select! {
                biased;
                () = self.gate.shut() => {}
                opened = self.core.connect(self.node) => return Ok(opened?),
            }
        }
    }

    async fn relay<R: AsyncRead + Unpin>(
        &self,
        from: Intake<R>,
        to: Entry,
        broker: Transport,
        offer: &Offer,
    ) -> Result<(), Ended> {
        let Transport { read, mut write, .. } = broker;
        let core = self.core;
        let relay = Relay { gate: self.gate, offer, listen: core, tamper: core.tamper.clone() };
        let (entry, exit) = line(&core.room);
        let (ask, asked) = mpsc::channel(REQUESTS_WAITING_MAX);
        let up = async {
            let passed = async { Ok(relay.requests(from, entry, ask).await) };
            let gate = self.gate.clone();
            // What a client said last is heard, though it has gone.
            let (passed, ()) = tokio::try_join!(passed, exit.run(&mut write, gate, &core.to_broker))?;
            passed
        };
        let ended = tokio::select! {
            ended = up => ended,
            ended = relay.answers(Intake::new(read), &to, asked) => ended,
        };
        Ok(ended?)
    }
}
