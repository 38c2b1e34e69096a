//! How long a client waits before it dials again.

use core::time::Duration;

/// How a client tries to get back what it has lost. [js socket.io-client 4.8.4]
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Reconnection {
    /// The wait before the first attempt, in whole milliseconds: 1 s. Each further wait is twice
    /// as long.
    pub delay: Duration,
    /// The longest wait, jitter included, in whole milliseconds: 5 s.
    pub delay_max: Duration,
    /// By which part of itself a wait may be shorter or longer, so that a thousand clients do not
    /// come back in the same moment: 0.5. Outside of 0 to 1 there is no jitter.
    pub jitter: f64,
    /// How many attempts may fail in a row before the client gives up. `None`, the default: it
    /// never does.
    pub attempts: Option<u32>,
}

impl Default for Reconnection {
    fn default() -> Self {
        Self {
            delay: Duration::from_secs(1),
            delay_max: Duration::from_secs(5),
            jitter: 0.5,
            attempts: None,
        }
    }
}

impl Reconnection {
    /// The wait after `failed` attempts. `random` is drawn from 0 up to, not including, 1; it
    /// gives the size of the jitter as well as its direction.
    fn delay(&self, failed: u32, random: impl FnOnce() -> f64) -> Duration {
        let base = millis(self.delay).saturating_mul(1_u64.checked_shl(failed).unwrap_or(u64::MAX));
        let mut delay = base;
        if self.jitter > 0.0 && self.jitter <= 1.0 {
            let random = random();
            #[expect(
                clippy::cast_precision_loss,
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "not negative; the fraction is to be dropped, and only what is far above \
                          any sensible cap is inexact"
            )]
            let (deviation, tenth) = (
                (random * self.jitter * base as f64) as u64,
                (random * 10.0) as u64,
            );
            delay = if tenth % 2 == 0 {
                base.saturating_sub(deviation)
            } else {
                base.saturating_add(deviation)
            };
        }
        Duration::from_millis(delay.min(millis(self.delay_max)))
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

/// Counts the attempts of one outage.
#[derive(Debug)]
pub(crate) struct Backoff {
    failed: u32,
    random: Random,
}

impl Backoff {
    /// The seed gives the jitter.
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            failed: 0,
            random: Random(seed),
        }
    }

    /// The number of the next attempt, from 1, and the wait before it. `None`: they are used up.
    pub(crate) fn next(&mut self, terms: &Reconnection) -> Option<(u32, Duration)> {
        if terms.attempts.is_some_and(|limit| self.failed >= limit) {
            return None;
        }
        let delay = terms.delay(self.failed, || self.random.next());
        self.failed = self.failed.saturating_add(1);
        Some((self.failed, delay))
    }

    /// The outage is over.
    pub(crate) fn reset(&mut self) {
        self.failed = 0;
    }
}

/// SplitMix64: small, and good enough to keep clients apart.
#[derive(Debug)]
struct Random(u64);

impl Random {
    /// From 0 up to, not including, 1.
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit into the fraction")]
        let fraction = (bits >> 11) as f64;
        fraction / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The formula of the reference, worked out by hand: milliseconds for a random number and the
    /// attempts that have failed.
    #[test]
    fn the_random_number_gives_size_and_direction() {
        let table = [
            (0.0, 0, 1000),
            (0.05, 0, 975),
            (0.15, 0, 1075),
            (0.25, 1, 1750),
            (0.3, 2, 4600),
            (0.9999, 0, 1499),
            (0.899, 2, 2202),
            (0.5, 2, 5000),
            (0.8, 3, 4800),
            (0.2, 9, 5000),
        ];
        for (random, failed, millis) in table {
            let delay = Reconnection::default().delay(failed, || random);
            assert_eq!(delay.as_millis(), millis, "{random} after {failed}");
        }
    }

    #[test]
    fn without_jitter_the_wait_doubles_up_to_its_maximum() {
        for jitter in [0.0, -1.0, 1.5, f64::NAN] {
            let terms = Reconnection {
                jitter,
                ..Reconnection::default()
            };
            let mut backoff = Backoff::new(1);
            let mut next = || backoff.next(&terms).map(|(_, delay)| delay.as_millis());
            assert_eq!(
                [next(), next(), next()],
                [Some(1000), Some(2000), Some(4000)]
            );
            assert_eq!([next(), next()], [Some(5000), Some(5000)]);
        }
    }

    #[test]
    fn an_outage_of_years_does_not_overflow() {
        let terms = Reconnection {
            delay: Duration::MAX,
            delay_max: Duration::MAX,
            ..Reconnection::default()
        };
        let mut backoff = Backoff::new(2);
        for _ in 0..200 {
            assert!(backoff.next(&terms).is_some());
        }
    }

    #[test]
    fn attempts_are_counted_from_one_and_end() {
        let terms = Reconnection {
            attempts: Some(2),
            ..Reconnection::default()
        };
        let mut backoff = Backoff::new(3);
        let number = |backoff: &mut Backoff| backoff.next(&terms).map(|(number, _)| number);
        assert_eq!(number(&mut backoff), Some(1));
        assert_eq!(number(&mut backoff), Some(2));
        assert_eq!(number(&mut backoff), None);
        backoff.reset();
        assert_eq!(number(&mut backoff), Some(1));
    }

    #[test]
    fn random_numbers_are_spread_over_their_range() {
        let mut random = Random(4);
        let mut tenths = [0_u32; 10];
        for _ in 0..10_000 {
            let next = random.next();
            assert!((0.0..1.0).contains(&next));
            tenths[(next * 10.0) as usize] += 1;
        }
        assert!(
            tenths.iter().all(|count| (900..1100).contains(count)),
            "{tenths:?}"
        );
    }
}
