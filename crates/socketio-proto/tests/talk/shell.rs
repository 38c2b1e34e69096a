//! One session of a client as a machine of its own.
//!
//! A world knows one session: once that has ended, the driver drops what is still in flight. The
//! client lives on and goes to the next world, in which time begins again at zero: the shell keeps
//! its clock going.

use std::time::Duration;

use engineio_proto::client::{Input, Io};
use socketio_proto::client::{Client, Event};
use socketio_proto::{Machine, Output, Timestamp};

pub(crate) struct Shell {
    pub(crate) client: Client,
    /// What the client's clock showed when this world began.
    since: Timestamp,
    /// The client's time, which stands still between two worlds.
    time: Timestamp,
    has_ended: bool,
}

impl Shell {
    pub(crate) fn new(client: Client, since: Timestamp) -> Self {
        Self {
            client,
            since,
            time: since,
            has_ended: false,
        }
    }

    /// The client's time at this moment of the world.
    pub(crate) fn tick(&mut self, now: Timestamp) -> Timestamp {
        if !self.has_ended {
            self.time = now + Duration::from_millis(self.since.as_millis());
        }
        self.time
    }

    /// Whether nothing will happen any more unless the application wants it.
    pub(crate) fn is_at_rest(&self) -> bool {
        let is_active = |room| self.client.is_active(&super::name(room));
        let is_idle =
            self.client.engine().is_none() && !(0..super::NAMESPACES.len()).any(is_active);
        self.is_closed() || is_idle
    }

    /// The client, with its time, for the next world.
    pub(crate) fn into_client(self) -> (Client, Timestamp) {
        (self.client, self.time)
    }
}

impl Machine for Shell {
    type Input = Input;
    type Io = Io;
    type Event = Event;

    fn handle(&mut self, now: Timestamp, input: Input) {
        if !self.has_ended {
            let now = self.tick(now);
            self.client.handle(now, input);
        }
    }

    fn handle_timeout(&mut self, now: Timestamp) {
        if !self.has_ended {
            let now = self.tick(now);
            self.client.handle_timeout(now);
        }
    }

    fn poll_output(&mut self) -> Option<Output<Io, Event>> {
        if self.has_ended {
            return None;
        }
        let output = self.client.poll_output();
        self.has_ended = matches!(output, Some(Output::Event(Event::Ended(_))));
        output
    }

    fn next_timeout(&self) -> Option<Timestamp> {
        let at = self.client.next_timeout().filter(|_| !self.has_ended)?;
        let millis = at.as_millis().saturating_sub(self.since.as_millis());
        Some(Timestamp::from_millis(millis))
    }

    fn is_closed(&self) -> bool {
        self.has_ended || self.client.is_closed()
    }
}
