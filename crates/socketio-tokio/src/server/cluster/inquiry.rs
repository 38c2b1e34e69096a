//! A question to the other servers, as the one who has asked it waits for the answers.

use std::sync::Arc;

use socketio_proto::cluster::{Missing, RequestId};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::{Node, Part};

/// What comes in answer to a question.
#[derive(Debug)]
pub(crate) enum Reply {
    /// Nothing more, and who has not answered.
    End(Missing),
    /// A part of somebody's answer.
    Part(Part),
}

/// The answers to a question, as they come. Dropped, they are not waited for any more.
#[derive(Debug)]
pub(crate) struct Inquiry(Option<Open>);

#[derive(Debug)]
struct Open {
    node: Arc<Node>,
    id: RequestId,
    /// Bounded by the number of servers and their clients: each is told of once.
    replies: mpsc::UnboundedReceiver<Reply>,
    answer_by: Instant,
}

impl Inquiry {
    pub(super) fn new(
        node: &Arc<Node>,
        id: RequestId,
        replies: mpsc::UnboundedReceiver<Reply>,
        answer_by: Instant,
    ) -> Self {
        Self(Some(Open {
            node: Arc::clone(node),
            id,
            replies,
            answer_by,
        }))
    }

    /// A question to nobody.
    pub(crate) fn none() -> Self {
        Self(None)
    }

    /// The next answer. `None` behind the [end](Reply::End), and at once if nobody was asked.
    ///
    /// Dropping the future loses nothing.
    pub(crate) async fn next(&mut self) -> Option<Reply> {
        let open = self.0.as_mut()?;
        loop {
            tokio::select! {
                biased;
                reply = open.replies.recv() => return reply,
                // Puts the end of this question, at least, among the replies.
                () = sleep_until(open.answer_by) => open.node.expire(),
            }
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.node.forget(self.id);
    }
}
