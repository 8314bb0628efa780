//! Ports for listeners: below the range the system hands to outgoing connections, and leased in
//! blocks by locked files, so that neither clients nor other test processes take them.

use std::fs::File;
use std::net::TcpListener;
use std::ops::Range;
use std::sync::Mutex;

const PORTS: Range<u16> = 17_000..32_000;
const BLOCK: u16 = 100;

struct Lease {
    _lock: File,
    rest: Range<u16>,
}

static LEASES: Mutex<Vec<Lease>> = Mutex::new(Vec::new());

/// Returns a port that nothing listens on and that no later call returns again.
pub fn free_port() -> u16 {
    let mut leases = LEASES.lock().unwrap();
    loop {
        if let Some(lease) = leases.last_mut() {
            for port in lease.rest.by_ref() {
                if TcpListener::bind(("127.0.0.1", port)).is_ok() {
                    return port;
                }
            }
        }
        leases.push(lease_block());
    }
}

fn lease_block() -> Lease {
    let dir = std::env::temp_dir().join("strait-live-ports");
    std::fs::create_dir_all(&dir).unwrap();
    for first in PORTS.step_by(usize::from(BLOCK)) {
        let lock = File::create(dir.join(format!("{first}.lock"))).unwrap();
        if lock.try_lock().is_ok() {
            return Lease { _lock: lock, rest: first..first + BLOCK };
        }
    }
    panic!("every block of ports in {PORTS:?} is leased; lock files are in {}", dir.display());
}
