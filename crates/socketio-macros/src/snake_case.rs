//! Names of structs as names of events.

/// The words of a camel-case name, small and joined by underscores. Several capitals in a row are
/// one word: `HTTPStatus` is `http_status`.
pub(crate) fn snake_case(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut snake = String::new();
    for (index, letter) in letters.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|index| letters.get(index));
        let behind = letters.get(index + 1);
        let follows_word = before.is_some_and(|before| !before.is_uppercase() && *before != '_');
        let ends_acronym = before.is_some_and(|before| before.is_uppercase())
            && behind.is_some_and(|behind| behind.is_lowercase());
        if letter.is_uppercase() && (follows_word || ends_acronym) {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::snake_case;

    #[test]
    fn words_begin_with_a_capital() {
        for (name, snake) in [
            ("Message", "message"),
            ("ChatMessage", "chat_message"),
            ("HTTPStatus", "http_status"),
            ("UserID", "user_id"),
            ("V2Message", "v2_message"),
            ("Already_Split", "already_split"),
            ("ÄrmelLänge", "ärmel_länge"),
            ("X", "x"),
        ] {
            assert_eq!(snake_case(name), snake);
        }
    }
}
