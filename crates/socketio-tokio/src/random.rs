//! Random texts and numbers: the only code that draws them.

#[cfg(feature = "server")]
use base64::Engine as _;
#[cfg(feature = "server")]
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// A text that nobody can guess: 128 random bits.
#[cfg(feature = "server")]
pub(crate) fn secret() -> String {
    draw::<16>()
}

/// A short text that tells one thing from a few others.
#[cfg(feature = "server")]
pub(crate) fn mark() -> String {
    draw::<6>()
}

/// A number to tell servers apart, or to begin to count from.
pub(crate) fn number() -> u64 {
    u64::from_be_bytes(bytes())
}

#[cfg(feature = "server")]
fn draw<const BYTES: usize>() -> String {
    URL_SAFE_NO_PAD.encode(bytes::<BYTES>())
}

fn bytes<const BYTES: usize>() -> [u8; BYTES] {
    let mut random = [0; BYTES];
    // The operating system's generator fails only where nothing else would work either.
    getrandom::fill(&mut random).expect("the operating system gives random bytes");
    random
}
