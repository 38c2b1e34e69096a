//! What each packet of the client does, and what becomes of a client that breaks the rules.

use socketio_parser::Packet;

use super::namespace::Refusal;
use super::{Connection, Event, ReplyTo, State};
use crate::engine::Message;
use crate::{AckId, Args, ConnectError, DecodeError, DisconnectReason, Namespace, Utf8Bytes};

impl Connection {
    pub(super) fn on_message(&mut self, message: Message) {
        if self.state != State::Open {
            return;
        }
        match self.reader.read(message) {
            Ok(Some(packet)) => self.on_packet(packet),
            Ok(None) => {}
            Err(error) => self.on_malformed(error),
        }
    }

    fn on_packet(&mut self, packet: Packet) {
        match packet {
            Packet::Connect { namespace, data } => self.on_connect(namespace, data),
            Packet::Disconnect { namespace } => self.on_disconnect(namespace),
            Packet::Event {
                namespace,
                id,
                args,
            } => self.on_event(namespace, id, args),
            Packet::Ack {
                namespace,
                id,
                args,
            } => self.on_ack(namespace, id, args),
            // Only a server refuses.
            Packet::ConnectError { .. } => self.on_violation(),
        }
    }

    fn on_connect(&mut self, asked: Namespace, data: Option<Utf8Bytes>) {
        let request = self.read_request(asked, data);
        match self.namespaces.ask(&request.namespace) {
            Ok(()) => self.report(Event::ConnectRequest(request)),
            // [js socket.io 4.8.4] closes if the namespace is joined. While it is only asked for,
            // the reference would make a second socket of which the first never learns.
            Err(Refusal::Repeated) => self.on_violation(),
            Err(Refusal::TooMany) => {
                let error = ConnectError::new("Too many namespaces");
                self.refuse(&request.namespace, &error);
            }
        }
    }

    /// Nobody waits for an answer. [sio5 § Disconnection from a namespace]
    fn on_disconnect(&mut self, namespace: Namespace) {
        if self.namespaces.leave(&namespace) {
            self.report_left(namespace, DisconnectReason::ClientNamespaceDisconnect);
        } else {
            self.on_stray(&namespace);
        }
    }

    /// [sio5 § Connection to a namespace] Who has not been let in has nothing to say.
    fn on_event(&mut self, namespace: Namespace, id: Option<AckId>, args: Args) {
        let Some(visit) = self.namespaces.visit(&namespace) else {
            return self.on_violation();
        };
        let reply = id.map(|id| ReplyTo {
            namespace: namespace.clone(),
            id,
            visit,
        });
        self.report(Event::Event {
            namespace,
            args,
            reply,
        });
    }

    fn on_ack(&mut self, namespace: Namespace, id: Option<AckId>, args: Args) {
        if self.namespaces.visit(&namespace).is_none() {
            return self.on_stray(&namespace);
        }
        if let Some(id) = id.filter(|id| self.acks.settle(&namespace, *id)) {
            self.report(Event::Acked {
                namespace,
                id,
                outcome: Ok(args),
            });
        }
    }

    /// A DISCONNECT or ACK for a namespace that the client is not in. It may have crossed ours on
    /// the wire and then means nothing. The reference closes here, at the cost of all other
    /// namespaces.
    fn on_stray(&mut self, namespace: &Namespace) {
        if !self.namespaces.has_left(namespace) {
            self.on_violation();
        }
    }

    /// The client broke the rules of namespaces, or joined none in time. [js socket.io 4.8.4] has
    /// two spellings for this end: which one depends on whether the transport closes at once.
    pub(super) fn on_violation(&mut self) {
        self.close_engine();
        self.drain_engine();
        if self.state != State::Closed {
            self.disconnect_all(DisconnectReason::ForcedServerClose);
        }
    }

    /// What is no packet, or an event without its array, ends the connection. The namespaces end
    /// when the session does, which over polling may take until the next request.
    /// [sio5 § Sending and receiving data; sio5 § Acknowledgement]
    fn on_malformed(&mut self, error: DecodeError) {
        self.report(Event::Malformed(error));
        self.close_engine();
    }
}
