//! How fast the delaying proxy itself is, with nothing but bytes going through.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use crate::harness::ports::free_port;
use crate::harness::proxy::Proxy;

const BYTES: usize = 2 << 30;
const CHUNK_BYTES: usize = 256 * 1024;

/// Sends bytes through a proxy with the round trip, on one connection; returns bytes a second from the
/// first to the last.
pub fn rate(round_trip: Duration) -> f64 {
    let sink = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let proxy = Proxy::start(free_port(), sink.local_addr().unwrap().port());
    proxy.set_round_trip(round_trip);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut client = TcpStream::connect(("127.0.0.1", proxy.port)).unwrap();
            let chunk = vec![b'x'; CHUNK_BYTES];
            for _ in 0..BYTES / CHUNK_BYTES {
                client.write_all(&chunk).unwrap();
            }
        });
        let (mut server, _) = sink.accept().unwrap();
        let mut chunk = vec![0; CHUNK_BYTES];
        let mut received = server.read(&mut chunk).unwrap();
        let begun = Instant::now();
        while received < BYTES {
            let count = server.read(&mut chunk).unwrap();
            assert!(count > 0, "the proxy ended after {received} bytes");
            received += count;
        }
        BYTES as f64 / begun.elapsed().as_secs_f64()
    })
}
