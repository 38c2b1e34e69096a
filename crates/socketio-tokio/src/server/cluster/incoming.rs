//! What other servers want, done here.

use std::sync::Arc;

use socketio_proto::engine::server::Compress;
use socketio_proto::server::Emit;
use socketio_proto::{Args, Encoded};

use super::server_side::{Heard, ServerReply};
use super::{Action, Ask, Flags, Message, Node, Part, Question, Respond, SocketSnapshot};
use crate::server::call::{Asker, RemoteAsker};
use crate::server::hub::Hub;
use crate::server::remote;
use crate::server::socket::Socket;

impl Node {
    /// Does what another server says.
    pub(super) fn receive(&self, message: Message) {
        let Some(hub) = self.hub(&message.namespace) else {
            return;
        };
        match message.action {
            Action::Close { selector } => hub.select(&selector).iter().for_each(Socket::close),
            Action::Disconnect { selector } => {
                hub.select(&selector).iter().for_each(Socket::disconnect);
            }
            Action::Emit {
                selector,
                flags,
                event,
            } => match event.encoded(hub.parser(), hub.name()) {
                Ok(packet) => hub.broadcast(&selector, &packet, emit(flags)),
                Err(error) => tracing::debug!("an event of another server was ignored: {error}"),
            },
            Action::Join { selector, rooms } => hub.join_all(&hub.select(&selector), &rooms),
            Action::Leave { selector, rooms } => hub.leave_all(&hub.select(&selector), &rooms),
            Action::ServerSide { args } => self.hear(hub, args, None),
        }
    }

    /// Answers what another server asks.
    pub(super) fn asked(&self, question: Question, respond: &Respond) {
        let hub = self.hub(&question.namespace);
        match question.ask {
            Ask::Call {
                selector,
                event,
                within,
                ..
            } => {
                let args = event.args();
                let call = hub.zip(args).and_then(|(hub, args)| {
                    let packet = encode_call(&hub, &args)?;
                    Some((hub.select(&selector), packet))
                });
                let (sockets, packet) = match call {
                    Some((sockets, packet)) => (sockets, packet),
                    None => return respond.send(Part::Asked(0)),
                };
                respond.send(Part::Asked(sockets.len()));
                for socket in sockets {
                    let asker = Asker::Elsewhere(RemoteAsker::new(respond.clone()));
                    // An asker that is refused says so when it is dropped.
                    let _refused = socket.ask(packet.clone(), Some(within), asker);
                }
            }
            Ask::Fetch { selector } => {
                let sockets = hub.map_or_else(Vec::new, |hub| hub.select(&selector));
                let snapshots = sockets.iter().map(snapshot);
                respond.send(Part::Sockets(snapshots.collect()));
            }
            Ask::ServerSide { args } => match hub {
                Some(hub) => self.hear(hub, args, Some(ServerReply::new(respond.clone()))),
                None => respond.send(Part::Server(None)),
            },
        }
    }

    fn hear(&self, hub: Arc<Hub>, args: Args, reply: Option<ServerReply>) {
        self.ear().hear(Heard { hub, args, reply });
    }
}

/// Encodes a call of another server under an id of this one.
fn encode_call(hub: &Hub, args: &Args) -> Option<Encoded> {
    let name = args.event_name()?;
    match hub.forward_call(&name, &args.without_name()) {
        Ok(packet) => Some(packet),
        Err(error) => {
            tracing::debug!("a call of another server was ignored: {error}");
            None
        }
    }
}

fn emit(flags: Flags) -> Emit {
    Emit {
        volatile: flags.volatile,
        compress: match flags.compress {
            true => Compress::Yes,
            false => Compress::No,
        },
    }
}

fn snapshot(socket: &Socket) -> SocketSnapshot {
    SocketSnapshot {
        id: socket.id().clone(),
        handshake: remote::handshake(socket.handshake()),
        rooms: socket.rooms(),
        data: socket.raw_data(),
    }
}
