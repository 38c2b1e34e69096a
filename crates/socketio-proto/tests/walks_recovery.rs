//! Our client and our server lose each other and find each other again, as transcripts.
//!
//! `C` is what the client's application learns, `S` what the server's does; `>` is what the client
//! says on the wire, `<` what the server does. The cable takes no time, if it is not pulled.

use std::time::Duration;

use engineio_proto::client as near;
use engineio_proto::server as far;
use engineio_proto::{Config, Frame, Sid, TransportId, TransportKind};
use socketio_proto::client::{self, Client, Credentials, Reconnection};
use socketio_proto::server::{Accept, ConnectRequest, Connection, Emit, Event};
use socketio_proto::{
    Args, Machine, Namespace, Output, Parser, Persisted, PrivateId, RecoveryLimits, RecoveryLog,
    Room, Selector, SocketId, Timestamp, server,
};

/// Both applications, their machines, and the cable between them.
struct Pair {
    parser: Parser,
    client: Client,
    servers: Vec<(TransportId, Connection)>,
    log: RecoveryLog<u32>,
    /// What the server's application knows of the socket that is alive.
    socket: Option<Persisted<u32>>,
    drawn: u32,
    now: Timestamp,
    is_cut: bool,
    lines: Vec<String>,
}

impl Pair {
    fn new(limits: RecoveryLimits) -> Self {
        Self::speaking(Parser::Json, limits)
    }

    fn speaking(parser: Parser, limits: RecoveryLimits) -> Self {
        let mut config = client::Config::default();
        config.parser = parser;
        config.engine.transports = vec![TransportKind::WebSocket];
        let mut terms = Reconnection::default();
        terms.jitter = 0.0;
        config.reconnection = Some(terms);
        let now = Timestamp::from_millis(0);
        let mut client = Client::connect(config, 0, now);
        client.open(now, Namespace::root(), Credentials::None);
        let mut pair = Self {
            parser,
            client,
            servers: Vec::new(),
            log: RecoveryLog::new(limits, "o"),
            socket: None,
            drawn: 0,
            now,
            is_cut: false,
            lines: Vec::new(),
        };
        pair.settle();
        pair
    }

    /// A pair that has met, and the first event if there is one to be.
    fn met(event: Option<u32>) -> Self {
        let mut pair = Self::new(RecoveryLimits::default());
        if let Some(number) = event {
            pair.broadcast(number);
        }
        pair.lines.clear();
        pair
    }

    fn broadcast(&mut self, number: u32) {
        self.broadcast_to(&Selector::default(), number);
    }

    fn broadcast_to(&mut self, selector: &Selector, number: u32) {
        let packet = self.parser.event(&Namespace::root(), "news", &number);
        let packet = packet.unwrap();
        let offset = self.log.record(self.now, selector, &packet);
        let packet = packet.with_offset(&offset);
        for (_, server) in &mut self.servers {
            let _ = server.emit(&packet, Emit::default());
        }
        self.settle();
    }

    /// The connection breaks, and both sides notice.
    fn breaks(&mut self) {
        let (transport, server) = self.servers.last_mut().unwrap();
        let transport = *transport;
        server.handle(self.now, far::Input::Failed { transport });
        let gone = near::Input::Closed { transport };
        self.client.handle(self.now, gone);
        self.settle();
    }

    fn wait(&mut self, millis: u64) {
        let end = self.now + Duration::from_millis(millis);
        loop {
            let servers = self.servers.iter().filter_map(|(_, s)| s.next_timeout());
            let next = servers.chain(self.client.next_timeout()).min();
            let Some(at) = next.filter(|at| *at <= end) else {
                break;
            };
            self.now = self.now.max(at);
            for (_, server) in &mut self.servers {
                server.handle_timeout(self.now);
            }
            self.client.handle_timeout(self.now);
            self.settle();
        }
        self.now = end;
    }

    fn settle(&mut self) {
        loop {
            let mut is_quiet = true;
            for index in 0..self.servers.len() {
                while let Some(output) = self.servers[index].1.poll_output() {
                    self.on_server(index, output);
                    is_quiet = false;
                }
            }
            while let Some(output) = self.client.poll_output() {
                self.on_client(output);
                is_quiet = false;
            }
            if is_quiet {
                return;
            }
        }
    }

    fn on_server(&mut self, index: usize, output: Output<far::Io, Event>) {
        match output {
            Output::Io(far::Io::Frame { transport, frame }) => {
                self.note_frame('<', &frame);
                let server = &mut self.servers[index].1;
                server.handle(self.now, far::Input::Flushed { transport });
                if !self.is_cut {
                    let input = near::Input::Frame { transport, frame };
                    self.client.handle(self.now, input);
                }
            }
            Output::Io(_) => {}
            Output::Event(Event::ConnectRequest(request)) => self.admit(index, request),
            Output::Event(Event::Disconnected { namespace, reason }) => {
                let pid = self.servers[index].1.resumable(&namespace).cloned();
                let kept = if pid.is_some() { "kept" } else { "void" };
                self.note(format!("S left: {reason}, {kept}"));
                if let Some(pid) = pid {
                    let socket = self.socket.take().expect("it was alive");
                    self.log.persist(self.now, pid, socket);
                }
            }
            Output::Event(Event::Event { args, reply, .. }) => {
                self.note(format!("S heard {}", args.json()));
                if let Some(reply) = reply {
                    let server = &mut self.servers[index].1;
                    server.reply(reply, Args::new(&()).unwrap()).unwrap();
                }
            }
            Output::Event(Event::Closed(_)) => {}
            Output::Event(other) => panic!("{other:?}"),
        }
    }

    fn admit(&mut self, index: usize, request: ConnectRequest) {
        let resume = request.resume.clone();
        if let (Some(resume), Some(alive)) = (&resume, self.socket.take()) {
            self.note("S takes over".into());
            self.log.persist(self.now, resume.pid.clone(), alive);
            for (_, old) in &mut self.servers[..index] {
                old.disconnect(&request.namespace);
            }
        }
        let restored = resume
            .as_ref()
            .and_then(|resume| self.log.restore(self.now, resume));
        let (pid, socket, missed) = match (resume, restored) {
            (Some(resume), Some(restored)) => (resume.pid, restored.session, restored.missed),
            _ => {
                let drawn = self.drawn;
                self.drawn += 1;
                let socket = Persisted {
                    sid: SocketId::new(format!("k{drawn}")),
                    rooms: vec![Room::from("r")],
                    since: self.log.latest(),
                    data: drawn,
                };
                (PrivateId::new(format!("p{drawn}")), socket, Vec::new())
            }
        };
        let sid = socket.sid.clone();
        self.note(format!("S lets in {sid}, data {}", socket.data));
        self.socket = Some(socket);
        let pid = Some(pid);
        let server = &mut self.servers[index].1;
        server.accept_with(request, Accept { sid, pid, missed });
    }

    fn on_client(&mut self, output: Output<near::Io, client::Event>) {
        match output {
            Output::Io(near::Io::Connect { transport, .. }) => {
                if self.is_cut {
                    self.client
                        .handle(self.now, near::Input::Closed { transport });
                    return;
                }
                let opening = far::Opening::WebSocket(transport);
                let sid = Sid::new("secret");
                let session = far::Session::open(&Config::default(), sid, opening, self.now);
                let mut config = server::Config::default();
                config.parser = self.parser;
                let server = Connection::new(session, &config, self.now);
                self.servers.push((transport, server));
                self.client
                    .handle(self.now, near::Input::Opened { transport });
            }
            Output::Io(near::Io::Frame { transport, frame }) => {
                self.note_frame('>', &frame);
                self.client
                    .handle(self.now, near::Input::Flushed { transport });
                let server = self.servers.iter_mut().find(|(own, _)| *own == transport);
                if let Some((_, server)) = server.filter(|_| !self.is_cut) {
                    server.handle(self.now, far::Input::Frame { transport, frame });
                }
            }
            Output::Io(_) => {}
            Output::Event(event) => self.on_client_event(event),
        }
    }

    fn on_client_event(&mut self, event: client::Event) {
        let line = match event {
            client::Event::Connected { sid, recovered, .. } => {
                format!("connected {sid}, recovered: {recovered}")
            }
            client::Event::Event { args, .. } => format!("heard {}", args.json()),
            client::Event::Acked { id, outcome, .. } => {
                format!("acked {} {}", id.get(), outcome.is_ok())
            }
            client::Event::Disconnected { reason, .. } => format!("left: {reason}"),
            client::Event::Reconnecting { attempt, at } => format!("attempt {attempt} at {at}"),
            _ => return,
        };
        self.note(format!("C {line}"));
    }

    fn note_frame(&mut self, way: char, frame: &Frame) {
        if let Frame::Text(text) = frame
            && text.starts_with('4')
        {
            self.note(format!("{way} {text}"));
        }
    }

    fn note(&mut self, line: String) {
        self.lines.push(format!("{} {line}", self.now));
    }

    fn lines(&mut self) -> Vec<String> {
        std::mem::take(&mut self.lines)
    }

    /// Without the times.
    fn words(&mut self) -> Vec<String> {
        let word = |line: String| line.split_once(' ').unwrap().1.to_owned();
        self.lines().into_iter().map(word).collect()
    }

    fn emit(&mut self, name: &str, asks: bool) {
        let root = Namespace::root();
        if asks {
            let args = Args::event(name, &()).unwrap();
            let asked = self.client.emit_with_ack(self.now, &root, args, None);
            asked.unwrap();
        } else {
            let packet = self.parser.event(&root, name, &()).unwrap();
            self.client
                .emit(self.now, &packet, Emit::default())
                .unwrap();
        }
        self.settle();
    }
}

#[test]
fn a_pulled_cable_loses_nothing() {
    let mut pair = Pair::met(Some(1));
    pair.wait(30_000);
    pair.is_cut = true;
    pair.broadcast(2);
    pair.wait(45_000);
    pair.broadcast(3);
    pair.emit("hello", false);
    pair.emit("hello", true);
    pair.is_cut = false;
    pair.wait(10_000);
    assert_eq!(
        pair.lines(),
        [
            r#"30.000s < 42["news",2,"o.2"]"#,
            "70.000s S left: ping timeout, kept",
            "70.000s C left: ping timeout",
            "70.000s C attempt 1 at 71.000s",
            "71.000s C attempt 2 at 73.000s",
            "73.000s C attempt 3 at 77.000s",
            r#"77.000s > 40{"pid":"p0","offset":"o.1"}"#,
            "77.000s S lets in k0, data 0",
            r#"77.000s < 42["news",2,"o.2"]"#,
            r#"77.000s < 42["news",3,"o.3"]"#,
            r#"77.000s < 40{"sid":"k0","pid":"p0"}"#,
            r#"77.000s C heard ["news",2,"o.2"]"#,
            r#"77.000s C heard ["news",3,"o.3"]"#,
            "77.000s C connected k0, recovered: true",
            r#"77.000s > 42["hello"]"#,
            r#"77.000s > 420["hello"]"#,
            r#"77.000s S heard ["hello"]"#,
            r#"77.000s S heard ["hello"]"#,
            "77.000s < 430[]",
            "77.000s C acked 0 true",
        ]
    );
}

/// The reference needs an offset, and knows none that it has not sent.
#[test]
fn who_has_heard_nothing_yet_comes_back_too() {
    let mut pair = Pair::met(None);
    pair.breaks();
    pair.broadcast(1);
    pair.lines();
    pair.wait(1_000);
    assert_eq!(
        pair.words(),
        [
            r#"> 40{"pid":"p0"}"#,
            "S lets in k0, data 0",
            r#"< 42["news",1,"o.1"]"#,
            r#"< 40{"sid":"k0","pid":"p0"}"#,
            r#"C heard ["news",1,"o.1"]"#,
            "C connected k0, recovered: true",
        ]
    );
}

#[test]
fn coming_back_works_again_and_again() {
    let mut pair = Pair::met(None);
    for number in 1..4 {
        pair.breaks();
        pair.broadcast(number);
        pair.lines();
        pair.wait(1_000);
        let heard = format!(r#"C heard ["news",{number},"o.{number}"]"#);
        let back = ["C connected k0, recovered: true"];
        let words = pair.words();
        assert!(words.ends_with(&[heard, back.concat()]), "{words:?}");
    }
    // Nobody said anything in between.
    pair.breaks();
    pair.lines();
    pair.wait(1_000);
    let words = pair.words();
    assert_eq!(words.len(), 4, "{words:?}");
    assert_eq!(words[3], "C connected k0, recovered: true");
}

/// The client is back before the server has noticed that it was gone.
#[test]
fn a_session_is_taken_over_from_a_connection_that_seems_alive() {
    let mut pair = Pair::met(Some(1));
    let transport = pair.servers[0].0;
    pair.is_cut = true;
    pair.broadcast(2);
    pair.is_cut = false;
    let gone = near::Input::Closed { transport };
    pair.client.handle(pair.now, gone);
    pair.settle();
    pair.lines();
    pair.wait(1_000);
    assert_eq!(
        pair.words(),
        [
            r#"> 40{"pid":"p0","offset":"o.1"}"#,
            "S takes over",
            "S lets in k0, data 0",
            r#"< 42["news",2,"o.2"]"#,
            r#"< 40{"sid":"k0","pid":"p0"}"#,
            r#"C heard ["news",2,"o.2"]"#,
            "C connected k0, recovered: true",
            "S left: server namespace disconnect, void",
            "< 41",
        ]
    );
    // The old connection is the business of nobody any more.
    pair.breaks();
    pair.broadcast(3);
    pair.wait(1_000);
    let words = pair.words();
    let heard = r#"C heard ["news",3,"o.3"]"#;
    let back = "C connected k0, recovered: true";
    assert_eq!(words[words.len() - 2..], [heard, back], "{words:?}");
}

/// Bytes, offsets and private ids come through in MessagePack as they do in JSON.
#[cfg(feature = "msgpack")]
#[test]
fn coming_back_does_not_depend_on_the_encoding() {
    let [json, other] = [Parser::Json, Parser::MessagePack].map(|parser| {
        let mut pair = Pair::speaking(parser, RecoveryLimits::default());
        pair.broadcast(1);
        for asks in [false, true] {
            pair.breaks();
            pair.broadcast(2);
            pair.emit("hello", asks);
            pair.wait(1_000);
        }
        let is_frame = |word: &String| word.starts_with(['<', '>']);
        let mut words = pair.words();
        words.retain(|word| !is_frame(word));
        words
    });
    assert_eq!(json, other);
    let back = "C connected k0, recovered: true";
    assert_eq!(other.iter().filter(|word| *word == back).count(), 2);
}

#[test]
fn what_was_meant_for_others_is_not_missed() {
    let mut pair = Pair::met(Some(1));
    pair.breaks();
    let to = |room: &str| Selector {
        rooms: vec![Room::from(room)],
        ..Selector::default()
    };
    pair.broadcast_to(&to("other"), 2);
    pair.broadcast_to(&to("r"), 3);
    pair.broadcast_to(&to("k0"), 4);
    pair.lines();
    pair.wait(1_000);
    let words = pair.words();
    let heard = words.iter().filter(|word| word.starts_with("C heard"));
    assert_eq!(
        heard.collect::<Vec<_>>(),
        [r#"C heard ["news",3,"o.3"]"#, r#"C heard ["news",4,"o.4"]"#]
    );
}

#[test]
fn who_was_put_out_begins_anew() {
    let mut pair = Pair::met(Some(1));
    pair.servers[0].1.disconnect(&Namespace::root());
    pair.settle();
    assert!(
        pair.words()
            .contains(&"S left: server namespace disconnect, void".to_owned())
    );
    pair.client
        .open(pair.now, Namespace::root(), Credentials::None);
    pair.settle();
    let words = pair.words();
    assert_eq!(words.last().unwrap(), "C connected k1, recovered: false");
}

#[test]
fn who_has_missed_too_much_begins_anew_and_can_come_back_from_there() {
    let mut limits = RecoveryLimits::default();
    limits.max_events = 2;
    let mut pair = Pair::new(limits);
    pair.broadcast(1);
    pair.breaks();
    (2..5).for_each(|number| pair.broadcast(number));
    pair.lines();
    pair.wait(1_000);
    assert_eq!(
        pair.words(),
        [
            r#"> 40{"pid":"p0","offset":"o.1"}"#,
            "S lets in k1, data 1",
            r#"< 40{"sid":"k1","pid":"p1"}"#,
            "C connected k1, recovered: false",
        ]
    );
    pair.breaks();
    pair.broadcast(5);
    pair.lines();
    pair.wait(1_000);
    let words = pair.words();
    assert_eq!(words[0], r#"> 40{"pid":"p1"}"#);
    assert_eq!(words.last().unwrap(), "C connected k1, recovered: true");
}
