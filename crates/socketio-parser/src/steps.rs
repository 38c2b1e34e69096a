//! How many bytes the readers look at, counted in unit tests only: they hold it to linear growth.

/// Notes that a reader looked at `bytes` bytes.
#[cfg(not(test))]
#[inline(always)]
pub(crate) const fn visit(_bytes: usize) {}

#[cfg(test)]
pub(crate) use counting::{count, visit};

#[cfg(test)]
mod counting {
    use core::cell::Cell;

    use std::thread_local;

    /// Notes that a reader looked at `bytes` bytes.
    pub(crate) fn visit(bytes: usize) {
        VISITED.set(VISITED.get() + bytes);
    }

    /// How many bytes `work` looks at.
    pub(crate) fn count(work: impl FnOnce()) -> usize {
        let before = VISITED.get();
        work();
        VISITED.get() - before
    }

    thread_local! {
        static VISITED: Cell<usize> = const { Cell::new(0) };
    }
}
