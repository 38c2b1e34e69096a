//! Points at a byte of a text.

use unicode_width::UnicodeWidthChar;

/// The text on one line, and a line with a caret under the character at `offset`; behind its last
/// character if there is none.
///
/// Of a long text only the surroundings are shown. Control characters have a picture.
pub(crate) fn under(text: &str, offset: usize) -> [String; 2] {
    let characters: Vec<(usize, char)> =
        text.char_indices().map(|(at, c)| (at, shown(c))).collect();
    // A byte inside of a character stands for the character.
    let target = characters
        .iter()
        .skip(1)
        .take_while(|(at, _)| *at <= offset)
        .count();
    let target = target + usize::from(offset >= text.len() && !text.is_empty());
    let from = target.saturating_sub(BEFORE);
    let to = characters.len().min(target + BEHIND);
    let mut line = String::new();
    let mut column = 0;
    if from > 0 {
        line.push('…');
        column += 1;
    }
    for (index, (_, character)) in characters.iter().enumerate().take(to).skip(from) {
        line.push(*character);
        if index < target {
            column += character.width().unwrap_or(0);
        }
    }
    if to < characters.len() {
        line.push('…');
    }
    [line, " ".repeat(column) + "^"]
}

/// The same for bytes, shown as pairs of digits.
pub(crate) fn under_bytes(bytes: &[u8], offset: usize) -> [String; 2] {
    let pairs: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let [line, caret] = under(&pairs.join(" "), offset.min(bytes.len()) * 3);
    match offset < bytes.len() {
        true => [line, caret + "^"],
        false => [line, caret],
    }
}

/// A character that takes its place and does nothing else.
fn shown(character: char) -> char {
    match character {
        '\0'..='\x1f' => char::from_u32(0x2400 + u32::from(character)).unwrap_or('·'),
        '\x7f' => '␡',
        _ if character.width().is_none_or(|width| width == 0) => '·',
        _ => character,
    }
}

/// How many characters are shown before the byte.
const BEFORE: usize = 60;
/// How many are shown from it on.
const BEHIND: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_is_under_the_byte() {
        assert_eq!(
            under("2[\"a\",]", 6),
            ["2[\"a\",]".to_owned(), "      ^".to_owned()]
        );
        assert_eq!(under("", 0), [String::new(), "^".to_owned()]);
        assert_eq!(under("ab", 2), ["ab".to_owned(), "  ^".to_owned()]);
        assert_eq!(under("ab", 99), ["ab".to_owned(), "  ^".to_owned()]);
    }

    #[test]
    fn characters_are_as_wide_as_they_look() {
        assert_eq!(under("é!", 2)[1], " ^");
        assert_eq!(under("日本!", 6)[1], "    ^");
        assert_eq!(under("日本!", 4)[1], "  ^", "inside of a character");
        assert_eq!(under("a\x1e!", 2), ["a␞!".to_owned(), "  ^".to_owned()]);
    }

    #[test]
    fn of_a_long_text_the_surroundings_are_shown() {
        let text = "x".repeat(500) + "!" + &"y".repeat(500);
        let [line, caret] = under(&text, 500);
        assert!(line.starts_with("…x") && line.ends_with("y…"), "{line}");
        let column = caret.chars().count() - 1;
        assert_eq!(line.chars().nth(column), Some('!'));
    }

    #[test]
    fn bytes_are_pairs_of_digits() {
        assert_eq!(
            under_bytes(&[1, 0xab, 3], 1),
            ["01 ab 03".to_owned(), "   ^^".to_owned()]
        );
        assert_eq!(under_bytes(&[1], 1), ["01".to_owned(), "  ^".to_owned()]);
    }
}
