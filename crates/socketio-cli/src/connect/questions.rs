//! Events of the server that wait for an answer.

use std::collections::VecDeque;

use socketio::client::Event;

/// The latest of them, each with a number. The oldest are forgotten: a server that asks and asks
/// does not fill the memory.
#[derive(Debug)]
pub(super) struct Questions<E = Event> {
    open: VecDeque<(u64, E)>,
    last: u64,
}

impl<E> Questions<E> {
    pub(super) fn new() -> Self {
        Self {
            open: VecDeque::new(),
            last: 0,
        }
    }

    /// The number of the question that is kept next.
    pub(super) fn upcoming(&self) -> u64 {
        self.last + 1
    }

    /// Keeps a question, and gives its number.
    pub(super) fn keep(&mut self, event: E) -> u64 {
        self.last += 1;
        if self.open.len() == KEPT {
            self.open.pop_front();
        }
        self.open.push_back((self.last, event));
        self.last
    }

    /// Takes the question with this number. `None`: there is none, or not any more.
    pub(super) fn take(&mut self, number: u64) -> Option<E> {
        let index = self.open.iter().position(|(open, _)| *open == number)?;
        self.open.remove(index).map(|(_, event)| event)
    }
}

/// How many are kept.
const KEPT: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_question_is_answered_once() {
        let mut questions = Questions::new();
        let [first, second] = ["a", "b"].map(|event| questions.keep(event));
        assert_eq!((first, second), (1, 2));
        assert_eq!(questions.upcoming(), 3);
        assert_eq!(questions.take(2), Some("b"));
        assert_eq!(questions.take(2), None);
        assert_eq!(questions.take(1), Some("a"));
    }

    #[test]
    fn the_oldest_is_forgotten() {
        let mut questions = Questions::new();
        for number in 0..=KEPT {
            questions.keep(number);
        }
        assert_eq!(questions.take(1), None);
        assert_eq!(questions.take(2), Some(1));
        assert_eq!(questions.open.len(), KEPT - 1);
    }
}
