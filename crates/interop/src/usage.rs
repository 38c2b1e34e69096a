//! What this process uses of the machine, where the system tells: on Linux.

use std::fs;
use std::time::Duration;

/// The time that the processors have spent on this process, its kernel time included.
#[must_use]
pub fn cpu() -> Option<Duration> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The name of the program is in parentheses, and may have spaces. Behind it, the times are the fields 12 and 13.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut times = fields.split_whitespace().skip(11);
    let user: u64 = times.next()?.parse().ok()?;
    let system: u64 = times.next()?.parse().ok()?;
    Some(Duration::from_millis(
        (user + system) * MILLISECONDS_PER_TICK,
    ))
}

/// The memory that this process occupies, in bytes.
#[must_use]
pub fn resident_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kilobytes * 1024)
}

/// Linux counts in hundredths of a second, whatever the machine. [man 7 time]
const MILLISECONDS_PER_TICK: u64 = 10;
