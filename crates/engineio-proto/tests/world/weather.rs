//! How a network behaves when nothing is broken: latencies, and a proxy that holds things back.

use std::ops::Range;

use super::Rng;

/// Spans in milliseconds, each drawn anew where it says "per".
#[derive(Clone, Debug)]
pub(crate) struct Weather {
    /// One way of an HTTP request or answer, per exchange and direction.
    pub(crate) http: Range<u64>,
    /// From the head of a post to its body, per post.
    pub(crate) body: Range<u64>,
    /// One way of a WebSocket, per WebSocket.
    pub(crate) web_socket: Range<u64>,
    /// What a message of a WebSocket may take longer, per message. Order is kept.
    pub(crate) jitter: Range<u64>,
    /// A dial in addition to its way, per WebSocket.
    pub(crate) dial: Range<u64>,
    /// From a written frame to the report that it has left, per batch.
    pub(crate) flush: Range<u64>,
    /// A proxy on the way hands things on only at multiples of this. One: there is none.
    pub(crate) grain: u64,
    /// How late timers fire, per timer.
    pub(crate) lag: Range<u64>,
    /// An answer or a report comes a second time, later, once in so many times. Zero: never.
    pub(crate) repeats: u64,
    /// What reaches a session that has ended is handed to it, not answered by the driver.
    pub(crate) keeps_the_dead: bool,
}

impl Weather {
    /// Every way takes exactly `millis`, and nothing else takes any time.
    pub(crate) fn calm(millis: u64) -> Self {
        let exactly = |millis| Range {
            start: millis,
            end: millis,
        };
        Self {
            http: exactly(millis),
            body: exactly(0),
            web_socket: exactly(millis),
            jitter: exactly(0),
            dial: exactly(0),
            flush: exactly(0),
            grain: 1,
            lag: exactly(0),
            repeats: 0,
            keeps_the_dead: false,
        }
    }

    /// Any weather in which a healthy session stays healthy. `max`: the longest way.
    pub(crate) fn draw(rng: &mut Rng, max: u64) -> Self {
        let way = |rng: &mut Rng| {
            let start = rng.below(max);
            let width = rng.weighted(&[(2, 1), (2, 20), (1, 400)]);
            start..(start + width).min(max + 1)
        };
        let (http, web_socket) = (way(rng), way(rng));
        Self {
            http,
            body: 0..rng.weighted(&[(2, 0), (1, 5), (1, max)]),
            web_socket,
            jitter: 0..rng.weighted(&[(1, 0), (1, 10), (1, max / 2)]),
            dial: 0..rng.weighted(&[(2, 0), (1, max)]),
            flush: 0..rng.weighted(&[(4, 0), (2, 30), (1, 2 * max)]),
            grain: rng.weighted(&[(6, 1), (1, 20), (1, max / 2 + 1)]),
            lag: 0..rng.weighted(&[(3, 0), (1, 10), (1, max / 2)]),
            repeats: rng.weighted(&[(1, 0), (1, 3)]),
            keeps_the_dead: rng.one_in(2),
        }
    }
}
