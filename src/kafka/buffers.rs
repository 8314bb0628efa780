//! Receive buffers that are used again, and the one budget that bounds them (guarantee G8).
//!
//! Memory is charged when a fetch is *asked for*, not when its answer arrives, so an answer always
//! has room. A buffer's charge ends when the last slice of it is dropped, which is when its last
//! batch is acknowledged. Fresh pages are dear (a page fault per 4 KiB), so buffers go back to a
//! shelf; shelf and buffers in use together stay under the limit.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use memmap2::MmapMut;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Budget is counted in units of this many bytes, so that a semaphore's counter holds any limit.
const UNIT_BYTES: usize = 4096;

/// Smallest buffer worth keeping; smaller answers share a connection's own small buffer.
const CLASS_BYTES_MIN: usize = 64 * 1024;
/// Up to this size classes are four times apart.
const CLASS_BYTES_COARSE_MAX: usize = 4 * 1024 * 1024;
/// Size of the processor's large pages.
const HUGE_PAGE_BYTES: usize = 2 * 1024 * 1024;
/// Most bytes of unused buffers that are kept, as a share of the limit.
const FREE_SHARE: usize = 8;

/// Hands out memory for answers, up to a limit, and takes it back.
#[derive(Clone, Debug)]
pub struct MemoryBudget {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    limit_bytes: usize,
    permits: Arc<Semaphore>,
    /// Held by the one answer that may outgrow its reservation at a time.
    oversize: Arc<Semaphore>,
    shelf: Mutex<Shelf>,
    in_use_bytes: AtomicUsize,
}

#[derive(Debug, Default)]
struct Shelf {
    free: Vec<Pages>,
    allocated_bytes: usize,
}

/// Holds a part of the budget; dropping it gives the part back.
#[derive(Debug)]
pub struct Reservation {
    budget: MemoryBudget,
    permit: OwnedSemaphorePermit,
    bytes: usize,
}

impl MemoryBudget {
    /// Makes a budget of `limit_bytes`.
    pub fn new(limit_bytes: usize) -> Self {
        let units = (limit_bytes / UNIT_BYTES).max(1);
        Self {
            shared: Arc::new(Shared {
                limit_bytes,
                permits: Arc::new(Semaphore::new(units)),
                oversize: Arc::new(Semaphore::new(1)),
                shelf: Mutex::default(),
                in_use_bytes: AtomicUsize::new(0),
            }),
        }
    }

    /// Returns the limit in bytes.
    pub fn limit_bytes(&self) -> usize {
        self.shared.limit_bytes
    }

    /// Returns the bytes reserved or in use.
    pub fn used_bytes(&self) -> usize {
        self.shared.in_use_bytes.load(Ordering::Relaxed)
    }

    /// Waits until `bytes` (at most the whole budget) are free and reserves them.
    pub async fn reserve(&self, bytes: usize) -> Reservation {
        let bytes = bytes.min(self.shared.limit_bytes);
        let permits = self.shared.permits.clone();
        let permit =
            permits.acquire_many_owned(units(bytes)).await.expect("the budget's semaphore is never closed");
        self.shared.in_use_bytes.fetch_add(bytes, Ordering::Relaxed);
        Reservation { budget: self.clone(), permit, bytes }
    }

    /// Reserves `bytes` if they are free now.
    pub fn try_reserve(&self, bytes: usize) -> Option<Reservation> {
        let bytes = bytes.min(self.shared.limit_bytes);
        let permit = self.shared.permits.clone().try_acquire_many_owned(units(bytes)).ok()?;
        self.shared.in_use_bytes.fetch_add(bytes, Ordering::Relaxed);
        Some(Reservation { budget: self.clone(), permit, bytes })
    }

    /// Returns a buffer with room for `bytes`, from the shelf where one fits.
    fn take_buffer(&self, bytes: usize) -> Pages {
        let wanted = class_bytes(bytes);
        let mut shelf = self.shelf();
        let fitting = shelf
            .free
            .iter()
            .enumerate()
            .rev()
            .filter(|(_, buffer)| buffer.capacity() >= bytes && buffer.capacity() <= wanted)
            .min_by_key(|(_, buffer)| buffer.capacity())
            .map(|(index, _)| index);
        if let Some(index) = fitting {
            return shelf.free.swap_remove(index);
        }
        while shelf.allocated_bytes + wanted > self.shared.limit_bytes {
            let Some(buffer) = shelf.free.pop() else { break };
            shelf.allocated_bytes -= buffer.capacity();
        }
        let buffer = Pages::new(wanted);
        shelf.allocated_bytes += buffer.capacity();
        buffer
    }

    fn give_back(&self, buffer: Pages) {
        let mut shelf = self.shelf();
        let free_bytes: usize = shelf.free.iter().map(Pages::capacity).sum();
        let is_kept = free_bytes + buffer.capacity() <= self.shared.limit_bytes / FREE_SHARE;
        if is_kept && shelf.allocated_bytes <= self.shared.limit_bytes {
            shelf.free.push(buffer);
        } else {
            shelf.allocated_bytes -= buffer.capacity();
        }
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shared.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reservation {
    /// Returns the bytes held.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Makes the reservation fit an answer of `bytes`: gives back what is not needed, or waits for
    /// more. Only one answer waits for more at a time, and it is charged at most half the budget
    /// while all outstanding fetches together reserve at most the other half
    /// (`engine::limits`), so two answers can never wait for each other.
    pub async fn fit(&mut self, bytes: usize) {
        let wanted = class_bytes(bytes).min(self.budget.shared.limit_bytes / 2).max(UNIT_BYTES);
        if wanted > self.bytes {
            let turn = self.budget.shared.oversize.clone();
            let _turn = turn.acquire_owned().await.expect("the budget's semaphore is never closed");
            let more = self.budget.reserve(wanted - self.bytes).await;
            self.absorb(more);
        } else {
            self.shrink_to(wanted);
        }
    }

    fn absorb(&mut self, mut more: Reservation) {
        let units = more.permit.num_permits();
        if let Some(permit) = more.permit.split(units) {
            self.permit.merge(permit);
        }
        self.bytes += std::mem::take(&mut more.bytes);
    }

    /// Gives back what is not needed for `bytes`.
    pub fn shrink_to(&mut self, bytes: usize) {
        if bytes < self.bytes {
            let spare_units = self.permit.num_permits().saturating_sub(units(bytes) as usize);
            drop(self.permit.split(spare_units));
            self.budget.shared.in_use_bytes.fetch_sub(self.bytes - bytes, Ordering::Relaxed);
            self.bytes = bytes;
        }
    }

    /// Returns the same bytes, which now carry the reservation; it ends when the last of several that
    /// share it is dropped.
    pub fn attach(self: &Arc<Self>, bytes: Bytes) -> Bytes {
        Bytes::from_owner(Charged { bytes, _reservation: self.clone() })
    }

    /// Returns an empty buffer with room for `bytes` that carries this reservation with it.
    pub fn into_buffer(self, bytes: usize) -> PooledBuffer {
        let pages = self.budget.take_buffer(bytes);
        PooledBuffer { pages: Some(pages), length: 0, reservation: self }
    }
}

/// Holds bytes that were made here instead of received, and what they are charged to.
struct Charged {
    bytes: Bytes,
    _reservation: Arc<Reservation>,
}

impl AsRef<[u8]> for Charged {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.budget.shared.in_use_bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// Memory straight from the operating system: given back, it is gone from the process at once, whatever
/// sizes came before, where an allocator keeps what it was given back and the ceiling is one in name.
#[derive(Debug)]
enum Pages {
    Mapped(MmapMut),
    /// Where the system would not map any.
    Heap(Vec<u8>),
}

impl Pages {
    fn new(bytes: usize) -> Self {
        let Ok(map) = MmapMut::map_anon(bytes) else { return Self::Heap(vec![0; bytes]) };
        // A fault for each 2 MiB instead of each 4 KiB; a system that will not is only slower.
        #[cfg(target_os = "linux")]
        if bytes >= HUGE_PAGE_BYTES {
            let _ = map.advise(memmap2::Advice::HugePage);
        }
        Self::Mapped(map)
    }

    fn capacity(&self) -> usize {
        self.as_slice().len()
    }

    fn as_slice(&self) -> &[u8] {
        match self {
            Self::Mapped(map) => map,
            Self::Heap(bytes) => bytes,
        }
    }

    fn as_mut_slice(&mut self) -> &mut [u8] {
        match self {
            Self::Mapped(map) => map,
            Self::Heap(bytes) => bytes,
        }
    }
}

/// Holds one answer's bytes; goes back to the shelf when the last slice is dropped.
#[derive(Debug)]
pub struct PooledBuffer {
    /// `None` only while it is dropped.
    pages: Option<Pages>,
    length: usize,
    reservation: Reservation,
}

impl PooledBuffer {
    /// Returns how many bytes were put in.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Says whether nothing was put in yet.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Returns the room that is left; what was written to its front is counted by
    /// [`advance`](Self::advance).
    pub fn spare(&mut self) -> &mut [u8] {
        let length = self.length;
        self.pages.as_mut().map_or(&mut [], |pages| &mut pages.as_mut_slice()[length..])
    }

    /// Counts bytes written to [`spare`](Self::spare).
    pub fn advance(&mut self, bytes: usize) {
        self.length += bytes;
    }

    /// Turns the buffer into shared bytes without copying.
    pub fn freeze(self) -> Bytes {
        Bytes::from_owner(self)
    }
}

impl AsRef<[u8]> for PooledBuffer {
    fn as_ref(&self) -> &[u8] {
        self.pages.as_ref().map_or(&[], |pages| &pages.as_slice()[..self.length])
    }
}

impl Drop for PooledBuffer {
    fn drop(&mut self) {
        if let Some(pages) = self.pages.take() {
            self.reservation.budget.give_back(pages);
        }
    }
}

fn units(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(UNIT_BYTES)).unwrap_or(u32::MAX)
}

/// Rounds up to the sizes buffers come in: four times apart where they are small, so that few sizes
/// serve all answers and a buffer is soon used again; closer where they are large.
fn class_bytes(bytes: usize) -> usize {
    let mut class = CLASS_BYTES_MIN;
    while class < bytes && class < CLASS_BYTES_COARSE_MAX {
        class *= 4;
    }
    if bytes <= class {
        return class;
    }
    let power = bytes.next_power_of_two();
    let between = power / 4 * 3;
    if bytes <= between { between } else { power }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[tokio::test]
    async fn g8_a_buffer_gives_its_charge_back_with_its_last_slice() {
        let budget = MemoryBudget::new(4 << 20);
        let mut reservation = budget.reserve(512 * 1024).await;
        reservation.fit(100_000).await;
        assert_eq!(budget.used_bytes(), 262_144);
        let mut buffer = reservation.into_buffer(100_000);
        buffer.spare()[..100_000].fill(7);
        buffer.advance(100_000);
        let bytes = buffer.freeze();
        let slice = bytes.slice(10..20);
        drop(bytes);
        assert_eq!(budget.used_bytes(), 262_144);
        drop(slice);
        assert_eq!(budget.used_bytes(), 0);
        assert_eq!(budget.shelf().free.len(), 1);
    }

    #[tokio::test]
    async fn g8_two_answers_that_outgrow_their_reservations_both_get_their_turn() {
        let budget = MemoryBudget::new(1 << 20);
        let tasks: Vec<_> = (0..2)
            .map(|_| {
                let budget = budget.clone();
                tokio::spawn(async move {
                    let mut reservation = budget.reserve(256 * 1024).await;
                    tokio::task::yield_now().await;
                    reservation.fit(700 * 1024).await;
                    let mut buffer = reservation.into_buffer(700 * 1024);
                    assert!(buffer.spare().len() >= 700 * 1024);
                })
            })
            .collect();
        for task in tasks {
            tokio::time::timeout(std::time::Duration::from_secs(5), task).await.unwrap().unwrap();
        }
        assert_eq!(budget.used_bytes(), 0);
    }

    #[test]
    fn classes_hold_what_is_asked_and_waste_little_where_they_are_large() {
        for bytes in [1, 65_536, 65_537, 98_304, 98_305, 1 << 20, (1 << 20) + 1, 50_000_000] {
            let class = class_bytes(bytes);
            assert!(class >= bytes);
            assert!(class <= (bytes * 4).max(CLASS_BYTES_MIN));
            assert!(bytes < CLASS_BYTES_COARSE_MAX || class <= bytes * 2);
        }
    }
}
