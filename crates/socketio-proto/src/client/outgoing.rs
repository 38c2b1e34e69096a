//! An emit on its way: sent, made to wait, dropped or refused.

use crate::Encoded;
use crate::engine::SendError;
use crate::engine::client::Session;

use super::buffer::{Entry, Place};
use super::namespace::Membership;
use super::{AckError, Client, Emit, EmitError, Offline};

impl Client {
    /// Sends an event or makes it wait.
    pub(super) fn take(&mut self, entry: Entry, emit: Emit) -> Result<(), EmitError> {
        if self.link.is_over() {
            return Err(EmitError::Closed);
        }
        let packet = &entry.packet;
        let membership = self.memberships.get_mut(packet.namespace());
        let membership = membership
            .filter(|membership| membership.is_wanted())
            .ok_or(EmitError::NotConnected)?;
        if packet.parser() != self.config.parser {
            return Err(EmitError::Encoding);
        }
        let is_one_by_one = self.config.delivery.is_one_by_one();
        let is_online = membership.visit().is_some() && self.link.is_open();
        let goes_first = is_online && membership.buffer.is_empty();
        if emit.volatile {
            // Where one event waits for the answer to the other, it is none of them.
            let may_leave = goes_first || is_online && is_one_by_one;
            let engine = self.link.live().map(|live| &live.engine);
            if !may_leave || !engine.is_some_and(Session::is_writable) {
                return Ok(());
            }
            return self.send(packet);
        }
        if goes_first && !is_one_by_one {
            return self.send(packet);
        }
        if is_one_by_one && packet.args().is_none() {
            return Err(EmitError::Encoding);
        }
        let limit = self.config.buffer_limit;
        match self.config.while_offline {
            Offline::Latest if !is_online => {
                let name = membership.name.clone();
                if let Some(entry) = membership.hold_instead(entry, limit)? {
                    self.report_outcome(name, entry, Err(AckError::Superseded));
                }
            }
            Offline::Reject if !is_online => return Err(EmitError::NotConnected),
            Offline::Buffer | Offline::Latest | Offline::Reject => {
                membership.hold(entry, limit)?;
            }
        }
        Ok(())
    }

    /// Where one event waits for the answer to the other, the first one does not wait to be polled.
    pub(super) fn try_at_once(&mut self) {
        if self.config.delivery.is_one_by_one() {
            self.flush();
        }
    }

    /// Hands a packet to the session.
    pub(super) fn send(&mut self, packet: &Encoded) -> Result<(), EmitError> {
        self.link.send(packet).map_err(|error| match error {
            SendError::Closed(_) => EmitError::NotConnected,
            SendError::Full(_) => EmitError::Full,
        })
    }
}

impl Membership {
    /// Adds an event to those that wait, if there is room.
    fn hold(&mut self, entry: Entry, limit: usize) -> Result<Place, EmitError> {
        if self.buffer.bytes() >= limit {
            return Err(EmitError::Full);
        }
        Ok(self.buffer.push(entry))
    }

    /// The same in the place of the one before of this outage, which is returned.
    fn hold_instead(&mut self, entry: Entry, limit: usize) -> Result<Option<Entry>, EmitError> {
        let superseded = self.latest.take().and_then(|place| self.buffer.take(place));
        // What it takes the place of was within the limit.
        self.latest = Some(self.hold(entry, limit)?);
        Ok(superseded)
    }
}
