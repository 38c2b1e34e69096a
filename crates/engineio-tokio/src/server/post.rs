//! The body of a post, read up to a limit.

use std::{future::poll_fn, pin::pin};

use bytes::{Bytes, BytesMut};
use http_body::Body;

/// What became of a body.
#[derive(Debug)]
pub(crate) enum Arrived {
    /// It exceeds the limit; what was read of it is gone.
    TooLarge,
    /// All of it.
    Whole(Bytes),
}

/// Reads a body of at most `limit` bytes. `None`: the connection was lost.
///
/// A body that announces more than the limit is not read at all, one that turns out to be longer
/// no further than that.
pub(crate) async fn collect<B: Body<Data = Bytes>>(body: B, limit: u64) -> Option<Arrived> {
    let hint = body.size_hint();
    if hint.lower() > limit {
        return Some(Arrived::TooLarge);
    }
    let mut body = pin!(body);
    let mut whole = Bytes::new();
    let mut joined = BytesMut::new();
    let mut left = limit;
    while let Some(frame) = poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
        let Ok(chunk) = frame.ok()?.into_data() else {
            continue;
        };
        left = match left.checked_sub(chunk.len() as u64) {
            Some(left) => left,
            None => return Some(Arrived::TooLarge),
        };
        if whole.is_empty() && joined.is_empty() {
            // Mostly the only one: then it is not copied.
            whole = chunk;
        } else {
            if joined.is_empty() {
                joined.reserve(usize::try_from(hint.lower()).unwrap_or_default());
                joined.extend_from_slice(&std::mem::take(&mut whole));
            }
            joined.extend_from_slice(&chunk);
        }
    }
    Some(Arrived::Whole(if joined.is_empty() {
        whole
    } else {
        joined.freeze()
    }))
}
