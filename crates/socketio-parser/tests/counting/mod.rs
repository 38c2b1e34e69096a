//! The system's allocator, with counts for each thread.

#![allow(dead_code, reason = "each file of tests uses a part")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// How often `work` allocates, and what it returns.
pub(crate) fn allocations<T>(work: impl FnOnce() -> T) -> (usize, T) {
    let before = COUNT.get();
    let value = work();
    (COUNT.get() - before, value)
}

/// How many bytes `work` holds at most at one time, and how many it allocates over all.
pub(crate) fn memory(work: impl FnOnce()) -> (usize, usize) {
    let (held, total) = (HELD.get(), TOTAL.get());
    PEAK.set(held);
    work();
    // What was allocated before may be freed meanwhile.
    let peak = (PEAK.get() - held).try_into().unwrap_or(0);
    (peak, TOTAL.get() - total)
}

struct Counting;

// SAFETY: every call is passed on as it came.
#[allow(unsafe_code, reason = "an allocator cannot be written without it")]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.set(COUNT.get() + 1);
        TOTAL.set(TOTAL.get() + layout.size());
        HELD.set(HELD.get() + layout.size() as isize);
        PEAK.set(PEAK.get().max(HELD.get()));
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD.set(HELD.get() - layout.size() as isize);
        // SAFETY: the caller keeps the contract of `dealloc`; the pointer came from `System`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
    static HELD: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
    static TOTAL: Cell<usize> = const { Cell::new(0) };
}
