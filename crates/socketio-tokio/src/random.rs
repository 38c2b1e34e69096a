//! Random texts: the only code that draws them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// A text that nobody can guess: 128 random bits.
pub(crate) fn secret() -> String {
    draw::<16>()
}

/// A short text that tells one thing from a few others.
pub(crate) fn mark() -> String {
    draw::<6>()
}

fn draw<const BYTES: usize>() -> String {
    let mut random = [0; BYTES];
    // The operating system's generator fails only where nothing else would work either.
    getrandom::fill(&mut random).expect("the operating system gives random bytes");
    URL_SAFE_NO_PAD.encode(random)
}
