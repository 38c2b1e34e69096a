//! Clients of Socket.IO 1 and 2 from opening to end, as transcripts.

use bytes::Bytes;
use engineio_proto::server::Peer;
use socketio_proto::engine::server::{Input, Io, Opening, Session};
use socketio_proto::engine::{self, Frame, Ids, Sid, TransportId, parser};
use socketio_proto::server::{Config, ConnectRequest, Connection, Emit, Event};
use socketio_proto::{ConnectError, Encoded, Machine, Namespace, Output, SocketId, Timestamp};

/// A client with a WebSocket, and everything that it was sent.
struct World {
    connection: Connection,
    transport: TransportId,
    sent: Vec<String>,
    events: Vec<Event>,
}

impl World {
    fn open(revision: parser::Revision) -> Self {
        let transport = Ids::new().transport();
        let mut config = engine::Config::default();
        config.legacy_clients = true;
        let session = Session::open_for(
            &config,
            Sid::new("session"),
            Peer::from(revision),
            Opening::WebSocket(transport),
            at(0),
        );
        let mut world = Self {
            connection: Connection::new(session, &Config::default(), at(0)),
            transport,
            sent: Vec::new(),
            events: Vec::new(),
        };
        world.drain();
        assert!(world.sent.remove(0).starts_with("0{"));
        world
    }

    fn receive(&mut self, frame: impl Into<Frame>) {
        let (transport, frame) = (self.transport, frame.into());
        self.connection
            .handle(at(1), Input::Frame { transport, frame });
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.connection.poll_output() {
            match output {
                Output::Io(Io::Frame { frame, .. }) => self.sent.push(match frame {
                    Frame::Text(text) => text.to_string(),
                    Frame::Binary(bytes) => format!("{bytes:?}"),
                }),
                Output::Io(Io::Close { .. }) => self.sent.push("close".into()),
                Output::Io(other) => panic!("{other:?}"),
                Output::Event(event) => self.events.push(event),
            }
        }
    }

    fn request(&mut self) -> ConnectRequest {
        match self.events.remove(0) {
            Event::ConnectRequest(request) => request,
            other => panic!("{other:?}"),
        }
    }

    fn let_in(&mut self) -> SocketId {
        let request = self.request();
        let sid = request.sid.clone().expect("the client knows its id");
        self.connection.accept(request, sid.clone());
        self.drain();
        sid
    }

    fn take_sent(&mut self) -> Vec<String> {
        std::mem::take(&mut self.sent)
    }
}

fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn text(text: &'static str) -> Frame {
    Frame::Text(text.into())
}

const OLD: [parser::Revision; 2] = [parser::Revision::V2, parser::Revision::V3];

#[test]
fn everybody_is_asked_into_the_root_and_takes_the_id_of_its_session() {
    for revision in OLD {
        let mut world = World::open(revision);
        assert_eq!(world.let_in().as_str(), "session");
        assert_eq!(world.take_sent(), ["40"]);
        world.receive(text(r#"420["hello",1]"#));
        assert!(matches!(
            world.events.remove(0),
            Event::Event { reply: Some(_), .. }
        ));
    }
}

#[test]
fn a_client_of_revision_5_is_not_asked() {
    let world = World::open(parser::Revision::V4);
    assert!(world.events.is_empty());
}

#[test]
fn a_second_request_for_the_root_ends_the_connection() {
    let mut world = World::open(parser::Revision::V3);
    world.let_in();
    world.receive(text("40"));
    assert!(world.connection.is_closed());
}

#[test]
fn the_query_of_a_namespace_is_what_its_client_has_to_say() {
    let mut world = World::open(parser::Revision::V3);
    world.let_in();
    world.take_sent();
    world.receive(text("40/admin?token=a%20b&x=1&x=2,"));
    let auth = match &world.events[0] {
        Event::ConnectRequest(request) => request.auth.clone().unwrap(),
        other => panic!("{other:?}"),
    };
    assert_eq!(auth, r#"{"token":"a b","x":"2"}"#);
    assert_eq!(world.let_in().as_str(), "/admin#session");
    assert_eq!(world.take_sent(), ["40/admin,"]);
    // Releases of 1.x leave the comma out.
    world.receive(text("40/other"));
    assert_eq!(world.let_in().as_str(), "/other#session");
    world.receive(text("41/other"));
    assert!(matches!(world.events.remove(0), Event::Disconnected { .. }));
}

#[test]
fn a_refusal_is_its_data_or_else_its_message() {
    let mut world = World::open(parser::Revision::V3);
    let request = world.request();
    world.connection.reject(request, &ConnectError::new("nope"));
    world.drain();
    world.receive(text("40/a,"));
    let request = world.request();
    let error = ConnectError::new("nope").with_data(&[1]).unwrap();
    world.connection.reject(request, &error);
    world.drain();
    assert_eq!(world.take_sent(), [r#"44"nope""#, "44/a,[1]"]);
}

#[test]
fn one_packet_serves_clients_of_every_revision() {
    let bytes = Bytes::from_static(&[1, 2]);
    let packet = Encoded::event(&Namespace::root(), "news", &(1, bytes)).unwrap();
    let header = r#"451-["news",1,{"_placeholder":true,"num":0}]"#;
    for (revision, binary) in [
        (parser::Revision::V3, r#"b"\x04\x01\x02""#),
        (parser::Revision::V4, r#"b"\x01\x02""#),
    ] {
        let mut world = World::open(revision);
        if revision == parser::Revision::V4 {
            world.receive(text("40"));
            let request = world.request();
            world.connection.accept(request, SocketId::new("public"));
        } else {
            world.let_in();
        }
        world.drain();
        world.take_sent();
        world.connection.emit(&packet, Emit::default()).unwrap();
        world.drain();
        assert_eq!(world.take_sent(), [header, binary]);
    }
}
