//! The same walks in both encodings of packets, and what happens to a peer that speaks the other.
//!
//! Lines show every packet as JSON, with its byte strings behind it, however it travels.

#![cfg(feature = "msgpack")]

mod peer;
mod world;

use std::iter;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use peer::Peer;
use serde::Deserialize;
use serde_json::Value;
use socketio_proto::client::{Auth, Credentials, EmitError};
use socketio_proto::engine::client::Io as NearIo;
use socketio_proto::engine::server::Io as FarIo;
use socketio_proto::engine::{self, Frame};
use socketio_proto::parser::{self, Decoder, Packet, Progress, Revision, msgpack};
use socketio_proto::server::{Accept, Config, Emit};
use socketio_proto::{
    AckId, Args, ConnectError, Encoded, Limits, Machine, Namespace, Offset, Output, Parser,
    PrivateId, SocketId, Utf8Bytes,
};
use world::{Lines, World, namespace};

const PARSERS: [Parser; 2] = [Parser::Json, Parser::MessagePack];

/// The frames of a packet that is given as JSON.
fn frames(parser: Parser, text: &str, attachments: &[&'static [u8]]) -> Vec<Frame> {
    let attachments = || attachments.iter().map(|bytes| Bytes::from_static(bytes));
    let text = Utf8Bytes::from(text.to_owned());
    match parser {
        Parser::MessagePack => {
            let mut decoder = Decoder::new(Limits::default());
            let text = parser::Frame::Text(text.split_at(1).1);
            let frames = iter::once(text).chain(attachments().map(parser::Frame::Binary));
            let progress = frames.map(|frame| decoder.feed(frame).unwrap()).last();
            let Some(Progress::Complete(packet)) = progress else {
                panic!("half a packet");
            };
            match msgpack::encode(Revision::V5, &packet).unwrap() {
                parser::Frame::Binary(bytes) => vec![Frame::Binary(bytes)],
                parser::Frame::Text(_) => panic!("revision 5 has no text"),
            }
        }
        _ => iter::once(Frame::Text(text))
            .chain(attachments().map(Frame::Binary))
            .collect(),
    }
}

/// `None`: it is no packet of ours.
fn read(frame: &Frame) -> Option<Packet> {
    let frame = match frame {
        Frame::Binary(bytes) => parser::Frame::Binary(bytes.clone()),
        Frame::Text(text) => parser::Frame::Text(text.split_at(1).1),
    };
    msgpack::decode(Revision::V5, &frame, &Limits::default()).ok()
}

/// The lines of a frame in MessagePack.
fn shown(sign: char, frame: &Frame) -> Lines {
    let packet = read(frame).expect("nothing but MessagePack");
    let mut text = BytesMut::new();
    packet.encode(&mut text);
    let attachments = packet.attachments().iter();
    iter::once(format!("{sign} 4{}", String::from_utf8_lossy(&text)))
        .chain(attachments.map(|bytes| format!("{sign} {bytes:?}")))
        .collect()
}

/// A server's connection in one of the encodings.
struct Server {
    world: World,
    parser: Parser,
}

impl Server {
    fn new(parser: Parser) -> Self {
        let mut config = Config::default();
        config.parser = parser;
        config.max_namespaces = 2;
        let world = World::with(&engine::Config::default(), &config, true);
        Self { world, parser }
    }

    fn says(&mut self, text: &str, attachments: &[&'static [u8]]) -> Lines {
        for frame in frames(self.parser, text, attachments) {
            self.world.hear(frame);
        }
        self.lines()
    }

    fn lines(&mut self) -> Lines {
        let outputs = self.world.outputs().into_iter();
        let lines = outputs.flat_map(|output| match (self.parser, &output) {
            (Parser::MessagePack, Output::Io(FarIo::Frame { frame, .. })) => shown('<', frame),
            _ => self.world.line(output).into_iter().collect(),
        });
        lines.collect()
    }

    fn join(&mut self) {
        self.says("40", &[]);
        let request = self.world.requests.pop_front().unwrap();
        self.world.connection.accept(request, SocketId::new("s"));
        assert_eq!(self.lines(), [r#"< 40{"sid":"s"}"#]);
    }
}

#[test]
fn a_server_speaks_each_encoding() {
    for parser in PARSERS {
        let mut server = Server::new(parser);
        let root = Namespace::root();
        assert_eq!(
            server.says(r#"40{"t":[1]}"#, &[]),
            [r#"request / {"t":[1]}"#]
        );
        let request = server.world.requests.pop_front().unwrap();
        let error = ConnectError::new("no").with_data(&[1.5]).unwrap();
        server.world.connection.reject(request, &error);
        let refusal = r#"< 44{"message":"no","data":[1.5]}"#;
        assert_eq!(server.lines(), [refusal]);
        server.join();
        assert_eq!(server.says("40/a,", &[]), ["request /a"]);
        let refusal = [r#"< 44/b,{"message":"Too many namespaces"}"#];
        assert_eq!(server.says("40/b,", &[]), refusal);

        let asks = r#"451-7["b",{"_placeholder":true,"num":0}]"#;
        let heard = [r#"ask / ["b",{"_placeholder":true,"num":0}] b"\x01""#];
        assert_eq!(server.says(asks, &[&[1]]), heard);
        let reply = server.world.replies.pop_front().unwrap();
        let args = Args::new(&Bytes::from_static(&[2])).unwrap();
        server.world.connection.reply(reply, args.clone()).unwrap();
        let answer = [r#"< 461-7[{"_placeholder":true,"num":0}]"#, r#"< b"\x02""#];
        assert_eq!(server.lines(), answer);

        let now = server.world.now;
        let connection = &mut server.world.connection;
        let event = parser.forward(&root, "e", &args).unwrap();
        connection.emit(&event, Emit::default()).unwrap();
        let call = parser.call(&root, AckId::new(3), "q", &("é", 1)).unwrap();
        connection.call(now, &call, None).unwrap();
        let args = Args::event("own", &()).unwrap();
        let within = Some(Duration::from_millis(5));
        connection.emit_with_ack(now, &root, args, within).unwrap();
        let said = [
            r#"< 451-["e",{"_placeholder":true,"num":0}]"#,
            r#"< b"\x02""#,
            r#"< 423["q","é",1]"#,
            r#"< 424["own"]"#,
        ];
        assert_eq!(server.lines(), said);
        assert_eq!(server.says("433[1]", &[]), ["acked / 3 [1]"]);
        assert_eq!(server.world.wait(5), ["acked / 4 TimedOut"]);
        server.world.connection.disconnect(&root);
        let end = ["left /: server namespace disconnect", "< 41"];
        assert_eq!(server.lines(), end);
        assert_eq!(server.says("41", &[]), [""; 0]);
    }
}

#[test]
fn what_was_missed_is_said_in_each_encoding() {
    for parser in PARSERS {
        let mut server = Server::new(parser);
        server.says(r#"40{"pid":"p","offset":"o"}"#, &[]);
        let request = server.world.requests.pop_front().unwrap();
        let missed = parser.event(&Namespace::root(), "e", &1).unwrap();
        let accept = Accept {
            sid: SocketId::new("k"),
            pid: Some(PrivateId::new("p")),
            missed: vec![missed.with_offset(&Offset::new("o2"))],
        };
        server.world.connection.accept_with(request, accept);
        let back = [r#"< 42["e",1,"o2"]"#, r#"< 40{"sid":"k","pid":"p"}"#];
        assert_eq!(server.lines(), back);
    }
}

/// Whoever says the wrong thing is closed, and nothing wrong is said.
#[test]
fn the_other_encoding_is_an_error() {
    for [own, other] in [PARSERS, [PARSERS[1], PARSERS[0]]] {
        let mut server = Server::new(own);
        server.join();
        let event = other.event(&Namespace::root(), "e", &()).unwrap();
        let call = other.call(&Namespace::root(), AckId::new(1), "e", &());
        let (now, connection) = (server.world.now, &mut server.world.connection);
        let refused = connection.emit(&event, Emit::default());
        assert_eq!(refused, Err(EmitError::Encoding));
        let refused = connection.call(now, &call.unwrap(), None);
        assert_eq!(refused, Err(EmitError::Encoding));
        assert_eq!(server.lines(), [""; 0]);
        frames(other, r#"42["e"]"#, &[])
            .into_iter()
            .for_each(|frame| server.world.hear(frame));
        let lines = server.lines();
        assert!(lines[0].starts_with("malformed: "), "{lines:?}");
        let end = ["hang up", "left /: forced close", "closed: forced close"];
        assert_eq!(lines[1..], end);
    }
}

#[test]
fn what_was_missed_in_the_other_encoding_cuts_the_client_off() {
    let mut server = Server::new(Parser::MessagePack);
    server.says(r#"40{"pid":"p"}"#, &[]);
    let request = server.world.requests.pop_front().unwrap();
    let accept = Accept {
        sid: SocketId::new("k"),
        pid: Some(PrivateId::new("p")),
        missed: vec![Encoded::event(&Namespace::root(), "e", &()).unwrap()],
    };
    server.world.connection.accept_with(request, accept);
    let end = ["hang up", "left /: forced close", "closed: forced close"];
    assert_eq!(server.lines(), end);
}

/// JSON has no bounds of its own.
#[test]
fn what_cannot_be_said_is_refused() {
    let mut server = Server::new(Parser::MessagePack);
    server.join();
    server.says(r#"420["q"]"#, &[]);
    let (root, now) = (Namespace::root(), server.world.now);
    let (args, event) = (deep(), deep().with_name("q").unwrap());
    let reply = server.world.replies.pop_front().unwrap();
    let connection = &mut server.world.connection;
    let refused = connection.reply(reply, args.clone());
    assert_eq!(refused, Err(EmitError::Encoding));
    let refused = connection.emit_with_ack(now, &root, event, None);
    assert_eq!(refused, Err(EmitError::Encoding));
    assert!(Parser::MessagePack.forward(&root, "e", &args).is_err());
    assert_eq!(server.lines(), [""; 0]);
}

/// Arguments nested more deeply than anybody reads.
fn deep() -> Args {
    let nested = || (0..1100).fold(Value::Null, |inner, _| Value::Array(vec![inner]));
    let args = std::thread::Builder::new()
        .stack_size(64 << 20)
        .spawn(move || Args::new(&nested()).unwrap());
    args.unwrap().join().unwrap()
}

/// A client in one of the encodings.
struct Client {
    peer: Peer,
    parser: Parser,
}

impl Client {
    fn new(parser: Parser) -> Self {
        let mut config = peer::config();
        config.parser = parser;
        let peer = Peer::with(config, 0);
        Self { peer, parser }
    }

    fn connected(parser: Parser) -> Self {
        let mut client = Self::new(parser);
        client.peer.open("/");
        client.lines();
        client.peer.accepts();
        client.says(r#"40{"sid":"s"}"#, &[]);
        client
    }

    fn says(&mut self, text: &str, attachments: &[&'static [u8]]) -> Lines {
        for frame in frames(self.parser, text, attachments) {
            self.peer.hear(frame);
        }
        self.lines()
    }

    fn lines(&mut self) -> Lines {
        let outputs = self.peer.outputs().into_iter();
        let lines = outputs.flat_map(|output| match (self.parser, &output) {
            (Parser::MessagePack, Output::Io(NearIo::Frame { frame, .. })) => shown('>', frame),
            _ => vec![self.peer.line(output)],
        });
        lines.collect()
    }
}

#[test]
fn a_client_speaks_each_encoding() {
    for parser in PARSERS {
        let mut client = Client::new(parser);
        let auth = Auth::new(&std::collections::BTreeMap::from([("t", [1])])).unwrap();
        client.peer.open_with("/a", auth.into());
        client.lines();
        let transport = client.peer.transport.unwrap();
        let opened = engine::client::Input::Opened { transport };
        client.peer.handle(opened);
        client.peer.hear(Frame::Text(peer::HANDSHAKE.into()));
        assert_eq!(client.lines(), ["opened", r#"> 40/a,{"t":[1]}"#]);
        let data = Bytes::from_static(&[1]);
        let event = parser.event(&namespace("/a"), "early", &data).unwrap();
        let now = client.peer.now;
        client
            .peer
            .client
            .emit(now, &event, Emit::default())
            .unwrap();
        let lines = [
            "connected /a s",
            r#"> 451-/a,["early",{"_placeholder":true,"num":0}]"#,
            r#"> b"\x01""#,
        ];
        let welcome = r#"40/a,{"sid":"s","pid":"p"}"#;
        assert_eq!(client.says(welcome, &[]), lines);
        client.peer.ask("/a", None).unwrap();
        assert_eq!(client.lines(), [r#"> 42/a,0["q"]"#]);
        assert_eq!(client.says("43/a,0[1]", &[]), ["acked /a 0 [1]"]);
        let asks = r#"451-/a,9["b",{"_placeholder":true,"num":0}]"#;
        let heard = [r#"ask /a ["b",{"_placeholder":true,"num":0}] b"\x02""#];
        assert_eq!(client.says(asks, &[&[2]]), heard);
        let reply = client.peer.replies.pop_front().unwrap();
        let args = Args::new(&1).unwrap();
        client.peer.client.reply(reply, args).unwrap();
        assert_eq!(client.lines(), ["> 43/a,9[1]"]);
        let refusal = r#"44/b,{"message":"no","data":1}"#;
        client.peer.open("/b");
        assert_eq!(client.lines(), ["> 40/b,"]);
        assert_eq!(client.says(refusal, &[]), ["refused /b: no 1"]);
        client.says(r#"42/a,["e","o"]"#, &[]);
        client.peer.is_hung_up();
        client.lines();
        client.peer.wait(1_000);
        client.peer.handle(engine::client::Input::Opened {
            transport: client.peer.transport.unwrap(),
        });
        client.peer.hear(Frame::Text(peer::HANDSHAKE.into()));
        let again = r#"> 40/a,{"pid":"p","offset":"o","t":[1]}"#;
        assert_eq!(client.lines(), ["opened", again]);
        client.peer.client.close(client.peer.now);
        assert_eq!(client.lines()[..1], ["close t2"]);
    }
}

#[test]
fn a_client_does_not_understand_the_other_encoding() {
    for [own, other] in [PARSERS, [PARSERS[1], PARSERS[0]]] {
        let mut client = Client::connected(own);
        let event = other.event(&Namespace::root(), "e", &()).unwrap();
        let now = client.peer.now;
        let refused = client.peer.client.emit(now, &event, Emit::default());
        assert_eq!(refused, Err(EmitError::Encoding));
        frames(other, r#"42["e"]"#, &[])
            .into_iter()
            .for_each(|frame| client.peer.hear(frame));
        let lines = client.lines();
        assert!(
            lines.contains(&"ended: parse error".to_owned()),
            "{lines:?}"
        );
    }
}

/// They would be refused each time.
#[test]
fn credentials_that_cannot_be_said_are_refused_before_they_are_sent() {
    let mut client = Client::connected(Parser::MessagePack);
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(2000), "]".repeat(2000));
    let auth = Credentials::Fixed(Auth::from_json(deep).unwrap());
    client.peer.open_with("/a", auth);
    let lines = client.lines();
    assert_eq!(lines.len(), 1);
    assert!(lines[0].starts_with("refused /a: "), "{lines:?}");
    assert!(!client.peer.client.is_active(&namespace("/a")));
    assert!(!client.peer.client.is_closed());
}

#[derive(Deserialize)]
struct Vectors {
    vectors: Vec<Vector>,
}

/// Frames that the reference writes or reads.
#[derive(Deserialize)]
struct Vector {
    name: String,
    kind: String,
    #[serde(default)]
    frames: Vec<Value>,
}

impl Vector {
    fn all() -> Vec<Self> {
        let json = include_str!("../../socketio-parser/tests/vectors/socketio-msgpack-v5.json");
        let Vectors { vectors } = serde_json::from_str(json).unwrap();
        vectors
    }

    fn frame(&self) -> Option<Frame> {
        let frame = self.frames.first()?;
        match frame["text"].as_str() {
            Some(text) => Some(Frame::Text(format!("4{text}").into())),
            None => Some(Frame::Binary(bytes(&frame["bin"]).into())),
        }
    }
}

/// Hexadecimal, or a list of such and of repetitions.
fn bytes(notation: &Value) -> Vec<u8> {
    match notation {
        Value::String(hex) => {
            let pairs = hex.as_bytes().chunks(2);
            let digits = pairs.map(|pair| std::str::from_utf8(pair).unwrap());
            digits
                .map(|pair| u8::from_str_radix(pair, 16).unwrap())
                .collect()
        }
        Value::Array(parts) => parts.iter().flat_map(bytes).collect(),
        other => {
            let count = usize::try_from(other["count"].as_u64().unwrap()).unwrap();
            bytes(&other["repeat"]).repeat(count)
        }
    }
}

/// [V msgpack.*] Every frame of the reference does on a connection what its packet says.
#[test]
fn frames_of_the_reference_are_understood_or_end_the_connection() {
    let mut counts = [0; 2];
    for vector in Vector::all() {
        let Some(frame) = vector.frame() else {
            continue;
        };
        let packet = read(&frame);
        assert!(packet.is_none() || vector.kind != "decode_error");
        let mut server = Server::new(Parser::MessagePack);
        if !matches!(packet, Some(Packet::Connect { .. })) {
            let name = packet
                .as_ref()
                .map_or("/", |packet| packet.namespace().as_str());
            server.says(&format!("40{},", name), &[]);
            let request = server.world.requests.pop_front().unwrap();
            server.world.connection.accept(request, SocketId::new("s"));
            server.lines();
        }
        if let Some(Packet::Ack {
            namespace,
            id: Some(id),
            ..
        }) = &packet
        {
            let call = Parser::MessagePack.call(namespace, *id, "q", &()).unwrap();
            let now = server.world.now;
            server.world.connection.call(now, &call, None).unwrap();
            server.lines();
        }
        server.world.hear(frame);
        let lines = server.lines();
        counts[usize::from(packet.is_none())] += 1;
        let line = lines.first().map_or("", |line| line.as_str());
        let begins = match packet {
            None => "malformed: ".to_owned(),
            Some(Packet::Connect { namespace, .. }) => format!("request {namespace}"),
            Some(Packet::ConnectError { .. }) => "hang up".to_owned(),
            Some(Packet::Disconnect { namespace }) => format!("left {namespace}: client"),
            Some(Packet::Event {
                namespace,
                id,
                args,
            }) => {
                let asks = if id.is_some() { "ask" } else { "event" };
                format!("{asks} {namespace} {}", args.json())
            }
            Some(Packet::Ack {
                namespace,
                id,
                args,
            }) => {
                let acked = |id| format!("acked {namespace} {id} {}", args.json());
                id.map_or(String::new(), acked)
            }
        };
        assert!(line.starts_with(&begins), "{}: {line}", vector.name);
    }
    assert!(counts[0] > 80 && counts[1] > 30, "{counts:?}");
}

/// [V msgpack.enc.*] What we say instead of the reference says the same.
#[test]
fn events_of_the_reference_are_passed_on() {
    let mut count = 0;
    for vector in Vector::all() {
        let frame = vector.frame().filter(|_| vector.kind == "encode");
        let packet = frame.and_then(|frame| read(&frame));
        let Some(Packet::Event {
            namespace,
            id,
            args,
        }) = &packet
        else {
            continue;
        };
        let (name, rest) = (args.event_name().unwrap(), args.without_name());
        let parser = Parser::MessagePack;
        let encoded = match id {
            Some(id) => parser.forward_call(namespace, *id, &name, &rest),
            None => parser.forward(namespace, &name, &rest),
        };
        let encoded = encoded.unwrap();
        let ours = encoded.frames().next().unwrap();
        assert_eq!(read(&ours), packet, "{}", vector.name);
        assert_eq!(encoded.args().as_ref(), Some(args), "{}", vector.name);
        count += 1;
    }
    assert!(count > 20, "{count}");
}
