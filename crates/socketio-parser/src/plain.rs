//! How far a JSON string goes without anything special: a quote, a backslash, a control character.

use memchr::memchr2;

use crate::steps;

/// Whether a string holds nothing that has to be escaped. Names of members seldom have more than
/// two words of eight bytes, which may overlap.
pub(crate) fn is_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    match (bytes.first_chunk(), bytes.last_chunk()) {
        (Some(first), Some(last)) if bytes.len() <= 2 * WORD => {
            special_bytes(u64::from_le_bytes(*first)) | special_bytes(u64::from_le_bytes(*last))
                == 0
        }
        (None, None) => special_bytes(gathered(bytes)) == 0,
        _ => plain_len(bytes) == bytes.len(),
    }
}

/// How many bytes stand before the first quote, backslash or control character.
pub(crate) fn plain_len(bytes: &[u8]) -> usize {
    near_or_far(bytes, |far| {
        let (blocks, _) = far.as_chunks::<BLOCK>();
        let is_plain = |block: &&[u8; BLOCK]| {
            steps::visit(BLOCK);
            // All of them, without leaving early: that would be a byte at a time.
            !block
                .iter()
                .fold(false, |found, &byte| found | is_special(byte))
        };
        let len = blocks.iter().take_while(is_plain).count() * BLOCK;
        len + plain_words_len(far.get(len..).unwrap_or_default())
    })
}

/// The same for who stops at a control character: a quote or a backslash may be looked for beyond.
#[inline]
pub(crate) fn content_len(bytes: &[u8]) -> usize {
    first_word_len(bytes).unwrap_or_else(|| long_content_len(bytes))
}

#[inline(never)]
fn long_content_len(bytes: &[u8]) -> usize {
    near_or_far(bytes, |far| {
        let len = quote_or_backslash(far);
        let content = far.get(..len).unwrap_or(far);
        steps::visit(len);
        let is_plain = content.iter().fold(u8::MAX, |least, &byte| least.min(byte)) >= b' ';
        if is_plain { len } else { plain_words_len(far) }
    })
}

/// The same for a string that is known to be valid.
#[inline]
pub(crate) fn valid_len(bytes: &[u8]) -> usize {
    first_word_len(bytes).unwrap_or_else(|| near_or_far(bytes, quote_or_backslash))
}

/// The same if it is less than a word, as most names of members are, and others follow.
#[inline]
fn first_word_len(bytes: &[u8]) -> Option<usize> {
    let special = special_bytes(u64::from_le_bytes(*bytes.first_chunk()?));
    steps::visit(WORD);
    (special != 0).then(|| first(special))
}

fn quote_or_backslash(bytes: &[u8]) -> usize {
    let len = memchr2(b'"', b'\\', bytes).unwrap_or(bytes.len());
    steps::visit(len);
    len
}

/// Most strings are short, and a word of eight bytes at a time is best for them. Where a payload is
/// one long string, this is where the time goes: there it is worth while to start with vectors.
fn near_or_far(bytes: &[u8], far: impl Fn(&[u8]) -> usize) -> usize {
    let Some((near, rest)) = bytes.split_at_checked(SHORT) else {
        return plain_words_len(bytes);
    };
    match plain_words_len(near) {
        SHORT => SHORT + far(rest),
        len => len,
    }
}

#[inline]
fn plain_words_len(bytes: &[u8]) -> usize {
    let (words, _) = bytes.as_chunks::<WORD>();
    for (index, word) in words.iter().enumerate() {
        steps::visit(WORD);
        let special = special_bytes(u64::from_le_bytes(*word));
        if special != 0 {
            return index * WORD + first(special);
        }
    }
    steps::visit(bytes.len() % WORD);
    match bytes.last_chunk() {
        // Of these, those that the loop has seen are plain.
        Some(last) => bytes.len() - WORD + first(special_bytes(u64::from_le_bytes(*last))),
        None => part_of_word_len(bytes),
    }
}

/// The same for less than eight bytes.
fn part_of_word_len(bytes: &[u8]) -> usize {
    match first(special_bytes(gathered(bytes))) {
        at @ 0..4 => at,
        at => bytes.len() + at - WORD,
    }
}

/// Less than eight bytes as a word: the first four and the last four, which may be some of them
/// once more; fewer are filled up with spaces.
#[inline]
fn gathered(bytes: &[u8]) -> u64 {
    let half = |half: &[u8; 4]| u64::from(u32::from_le_bytes(*half));
    match (bytes.first_chunk(), bytes.last_chunk()) {
        (Some(start), Some(end)) => half(start) | half(end) << 32,
        _ => bytes.iter().rfold(ONES * u64::from(b' '), |word, &byte| {
            word << 8 | u64::from(byte)
        }),
    }
}

/// Whether a string has to escape this byte.
const fn is_special(byte: u8) -> bool {
    // The quote changes places with the space and so stands right above the control characters,
    // which keep to themselves: one comparison for all of them.
    byte ^ SPACE_AND_QUOTE <= b' ' || byte == b'\\'
}

/// Sets the highest bit of each byte that [is special](is_special). Bytes above the lowest such may
/// be wrong: the subtraction borrows from them.
const fn special_bytes(word: u64) -> u64 {
    let quote_or_control = word ^ (ONES * SPACE_AND_QUOTE as u64);
    let quote_or_control =
        quote_or_control.wrapping_sub(ONES * (b' ' as u64 + 1)) & !quote_or_control;
    let backslash = word ^ (ONES * b'\\' as u64);
    let backslash = backslash.wrapping_sub(ONES) & !backslash;
    (quote_or_control | backslash) & (ONES * 0x80)
}

/// Which byte is the first that is marked by [`special_bytes`]; 8 if none is.
const fn first(special: u64) -> usize {
    special.trailing_zeros() as usize / 8
}

/// A one in each byte.
const ONES: u64 = u64::MAX / 0xff;

/// In what the space and the quote differ.
const SPACE_AND_QUOTE: u8 = b' ' ^ b'"';

/// How many bytes are looked at in words before blocks are worth their start.
const SHORT: usize = 64;
/// In bytes.
const WORD: usize = 8;
/// In bytes: two of the vectors that any processor of 64 bits has.
const BLOCK: usize = 32;

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use super::*;

    /// Before each position there is all that is not special.
    fn text(special: char, before: usize) -> (String, usize) {
        let mut text = "é~ a#[]{}\u{7f}!"
            .chars()
            .cycle()
            .take(before)
            .collect::<String>();
        let len = text.len();
        text.push(special);
        text.push_str("!é#[]{}\u{7f}");
        (text, len)
    }

    #[test]
    fn every_position_is_looked_at() {
        for special in ['"', '\\', '\u{0}', '\u{2}', '\u{1f}'] {
            for before in (0..20).chain(SHORT / 2 - 9..SHORT + 2 * BLOCK) {
                let (text, len) = text(special, before);
                assert_eq!(plain_len(text.as_bytes()), len, "{text:?}");
                assert_eq!(content_len(text.as_bytes()), len, "{text:?}");
                if special >= ' ' {
                    assert_eq!(valid_len(text.as_bytes()), len, "{text:?}");
                }
                assert!(!is_plain(&text));
                let plain = text.get(..len).unwrap();
                assert!(is_plain(plain));
                for find in [plain_len, content_len, valid_len] {
                    assert_eq!(find(plain.as_bytes()), len);
                }
            }
        }
    }

    #[test]
    fn a_control_character_comes_before_a_quote() {
        for (before, behind) in [
            (0, 1),
            (SHORT, 0),
            (SHORT, 9),
            (9, SHORT),
            (SHORT, 2 * BLOCK),
        ] {
            let (mut text, len) = text('\n', before);
            text.extend(core::iter::repeat_n('x', behind));
            text.push('"');
            assert_eq!(content_len(text.as_bytes()), len);
        }
    }
}
