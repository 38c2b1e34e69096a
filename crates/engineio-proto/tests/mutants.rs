//! Doubts the world: breaks the machines on purpose, one rule at a time, and sees a law fail.
//!
//! Each mutant is a few words replaced in a copy of the sources, so the sources know nothing of
//! it. `--only WORD` picks some, `--seeds N` says how many schedules a mutant may survive. One that
//! survives them all meets the other tests: it breaks a habit of ours, not a law.

mod mutation;

use std::process::ExitCode;

use mutation::{Mutant, Subject, edit};

const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "server: no noop sends a poll back",
        edits: &[edit(
            "server/probe.rs",
            "self.phase = Phase::AwaitUpgrade { noop_at: now };",
            "let _ = Phase::AwaitUpgrade { noop_at: now };",
        )],
    },
    Mutant {
        name: "server: a single noop",
        edits: &[edit(
            "server/probe.rs",
            "*noop_at = now + NOOP_INTERVAL;",
            "*noop_at = now + NOOP_INTERVAL * 1_000_000;",
        )],
    },
    Mutant {
        name: "server: takes the probe for the switch",
        edits: &[edit(
            "server/web_socket.rs",
            "Step::Confirm => self.confirm(from),",
            "Step::Confirm => { self.confirm(from); self.switch(from); }",
        )],
    },
    Mutant {
        name: "both: the next ping is not armed",
        edits: &[edit(
            "heartbeat.rs",
            "*self = Self::start(now, rhythm);",
            "let _ = rhythm; *self = Self::PingAt(now + Duration::from_secs(1 << 40));",
        )],
    },
    Mutant {
        name: "server: the upgrade drops the deadline of a pong",
        edits: &[edit(
            "server/web_socket.rs",
            "self.tell(Event::Upgraded);",
            "if let super::State::Open { beat } = &mut self.state
                && !matches!(beat, crate::heartbeat::Heartbeat::PingAt(_))
            {
                let never = self.now + core::time::Duration::from_secs(1 << 40);
                *beat = crate::heartbeat::Heartbeat::PingAt(never);
            }
            self.tell(Event::Upgraded);",
        )],
    },
    Mutant {
        name: "both: a pong is not awaited",
        edits: &[edit(
            "heartbeat.rs",
            "*self = Self::PongBy(since + rhythm.timeout);",
            "*self = Self::PingAt(since + rhythm.timeout + rhythm.interval);",
        )],
    },
    Mutant {
        name: "server: an expired candidate ends the session",
        edits: &[edit(
            "server/web_socket.rs",
            "Some(Due::Expired) => self.fail_probe(),",
            "Some(Due::Expired) => self.end(CloseReason::TransportError, Parting::Close),",
        )],
    },
    Mutant {
        name: "server: closing forgets the queue",
        edits: &[edit(
            "server/mod.rs",
            "        if let State::Open { .. } = self.state {\n            self.state = State::Closing {",
            "        if let State::Open { .. } = self.state {\n            self.outbox.clear();\n            self.state = State::Closing {",
        )],
    },
    Mutant {
        name: "server: the end leaves a poll waiting",
        edits: &[edit(
            "server/mod.rs",
            "self.respond(request, parting.response(&self.speech));",
            "let _ = (request, parting.response(&self.speech));",
        )],
    },
    Mutant {
        name: "server: the switch leaves a poll waiting",
        edits: &[
            edit(
                "server/web_socket.rs",
                "            // Not a close packet: a client must not take it for the end of the session.\n            self.respond(request, Parting::Noop.response(&self.speech));",
                "            let _ = request;",
            ),
            // With our client, which never switches while a poll waits, nobody would know.
            edit(
                "client/web_socket.rs",
                "            get: None,\n            post: None,",
                "            get: _,\n            post: None,",
            ),
        ],
    },
    Mutant {
        name: "server: a second candidate takes the place of the first",
        edits: &[edit(
            "server/web_socket.rs",
            "                probe: probe @ None,\n",
            "                probe,\n",
        )],
    },
    Mutant {
        name: "server: an answer that went nowhere is forgotten",
        edits: &[edit(
            "server/polling.rs",
            "Link::Polling { answered, .. } if *answered == Some(request) => {}",
            "Link::Polling { answered, .. } if *answered == Some(request) => return,",
        )],
    },
    Mutant {
        name: "server: a poll that broke goes on waiting",
        edits: &[edit(
            "server/polling.rs",
            "Link::Polling { poll, .. } if *poll == Some(request) => *poll = None,",
            "Link::Polling { poll, .. } if *poll == Some(request) => return,",
        )],
    },
    Mutant {
        name: "server: two polls at once are taken",
        edits: &[edit(
            "server/polling.rs",
            "Link::Polling { poll: Some(_), .. } => {",
            "Link::Polling { poll: Some(_), .. } if drained => {",
        )],
    },
    Mutant {
        name: "server: two posts at once are taken",
        edits: &[edit(
            "server/polling.rs",
            "(Link::Polling { .. }, Some(_), _) => {",
            "(Link::Polling { .. }, Some(_), BodyKind::Text) => self.post = Some(Post { request, kind }),\n            (Link::Polling { .. }, Some(_), _) => {",
        )],
    },
    Mutant {
        name: "server: goes on after the end",
        edits: &[edit(
            "server/mod.rs",
            "return self.on_input_after_the_end(&input);",
            "let _ = Self::on_input_after_the_end;",
        )],
    },
    Mutant {
        name: "server: a report about any WebSocket restores credit",
        edits: &[edit(
            "server/link.rs",
            "            && *transport == flushed\n",
            "            && (*transport == flushed || true)\n",
        )],
    },
    Mutant {
        name: "server: never gives up closing",
        edits: &[edit(
            "server/mod.rs",
            "self.now + self.config.close_timeout,",
            "self.now + self.config.close_timeout * 1_000_000,",
        )],
    },
    Mutant {
        name: "server: messages may be sent while closing",
        edits: &[edit(
            "server/mod.rs",
            "State::Closing { .. } | State::Closed { .. } => Err(SendError::Closed(frame)),",
            "State::Closed { .. } => Err(SendError::Closed(frame)),\n            State::Closing { .. } => { self.outbox.push(frame); Ok(()) }",
        )],
    },
    Mutant {
        name: "server: the ping of an old client does not count",
        edits: &[edit(
            "server/packet.rs",
            "beat.on_ping(self.now, self.config.rhythm())?;",
            "let _ = beat;",
        )],
    },
    Mutant {
        name: "server: an old client may pong",
        edits: &[edit(
            "server/packet.rs",
            "Packet::Pong(_) => beat.on_pong(self.now, self.config.rhythm())?,",
            "Packet::Pong(_) => drop(beat.on_pong(self.now, self.config.rhythm())),",
        )],
    },
    Mutant {
        name: "server: pongs for an old client pile up",
        edits: &[edit(
            "outbox.rs",
            "if self.frames.back() != Some(&frame) {",
            "if self.frames.back() != Some(&frame) || self.bytes > 0 {",
        )],
    },
    Mutant {
        name: "server: the poll of an old client is sent back in today's form",
        edits: &[edit(
            "server/parting.rs",
            "Self::Noop => speech.say(&[noop]),",
            "Self::Noop => Response::Payload(bytes::Bytes::from_static(NOOP.as_bytes())),",
        )],
    },
    Mutant {
        name: "server: an old WebSocket gets today's frames",
        edits: &[edit(
            "server/speech.rs",
            "false => outbox.pop_as(fits, &self.codec, channel),",
            "false => outbox.pop_as(fits, &Codec::of(Revision::V4), channel),",
        )],
    },
    Mutant {
        name: "server: a request may change the revision of its session",
        edits: &[edit(
            "server/route.rs",
            "Some(spoken) if spoken != opened =>",
            "Some(spoken) if spoken < opened =>",
        )],
    },
    Mutant {
        name: "both: credit is ignored",
        edits: &[edit(
            "window.rs",
            "self.unflushed == 0 ||",
            "self.unflushed < usize::MAX ||",
        )],
    },
    Mutant {
        name: "both: credit never comes back",
        edits: &[edit(
            "window.rs",
            "self.unflushed = 0;",
            "self.unflushed += 0;",
        )],
    },
    Mutant {
        name: "client: switches while a poll is out",
        edits: &[edit(
            "client/web_socket.rs",
            "            get: None,\n",
            "            get: _,\n",
        )],
    },
    Mutant {
        name: "client: switches while a post is out",
        edits: &[edit(
            "client/web_socket.rs",
            "            post: None,\n",
            "            post: _,\n",
        )],
    },
    Mutant {
        name: "client: does not pause for the switch",
        edits: &[edit(
            "client/link.rs",
            "            } if probe.phase == ProbePhase::Pausing => None,",
            "            } if probe.phase == ProbePhase::Pausing && !listens => None,",
        )],
    },
    Mutant {
        name: "client: a failed candidate ends the session",
        edits: &[edit(
            "client/web_socket.rs",
            "State::Open { .. } => self.tell(Event::UpgradeFailed),",
            "State::Open { .. } => self.end(CloseReason::TransportError, Parting::Close),",
        )],
    },
    Mutant {
        name: "client: waits for a candidate for ever",
        edits: &[edit(
            "client/web_socket.rs",
            "by: self.now + self.config.upgrade_timeout,",
            "by: self.now + self.config.upgrade_timeout * 1_000_000,",
        )],
    },
    Mutant {
        name: "client: does not expect pings",
        edits: &[edit(
            "client/packet.rs",
            "Revision::V4 => Heartbeat::await_ping(self.now, rhythm),",
            "Revision::V4 => Heartbeat::await_ping(self.now + core::time::Duration::from_secs(1 << 40), rhythm),",
        )],
    },
    Mutant {
        name: "client: a ping does not move the deadline",
        edits: &[edit(
            "client/packet.rs",
            "beat.on_ping(self.now, *rhythm).is_continue()",
            "beat.clone().on_ping(self.now, *rhythm).is_continue()",
        )],
    },
    Mutant {
        name: "client: does not answer pings",
        edits: &[edit(
            "client/packet.rs",
            "self.outbox.push_once(Frame::Text(PONG));",
            "let _ = PONG;",
        )],
    },
    Mutant {
        name: "client: does not ping an old server",
        edits: &[edit(
            "client/packet.rs",
            "Some(Beat::Ping) => self.outbox.push_first(Frame::Text(PING)),",
            "Some(Beat::Ping) => drop(PING),",
        )],
    },
    Mutant {
        name: "client: the ping for an old server waits like anything else",
        edits: &[edit(
            "client/packet.rs",
            "Some(Beat::Ping) => self.outbox.push_first(Frame::Text(PING)),",
            "Some(Beat::Ping) => self.outbox.push(Frame::Text(PING)),",
        )],
    },
    Mutant {
        name: "client: the pong of an old server does not count",
        edits: &[edit(
            "client/packet.rs",
            "beat.on_pong(self.now, *rhythm).is_continue()",
            "beat.clone().on_pong(self.now, *rhythm).is_continue()",
        )],
    },
    Mutant {
        name: "client: of an old server, nothing but a pong counts",
        edits: &[edit(
            "client/packet.rs",
            "beat.on_any_packet(self.now, *rhythm);",
            "let _ = (beat, rhythm);",
        )],
    },
    Mutant {
        name: "client: answers the ping of an old server",
        edits: &[edit(
            "client/packet.rs",
            "if !self.speech.is_usual() {",
            "if !self.speech.is_usual() && false {",
        )],
    },
    Mutant {
        name: "client: reads the answer of an old server as today's",
        edits: &[edit(
            "client/polling.rs",
            "match self.speech.is_usual() {",
            "match self.speech.is_usual() || body.len() > 1_000_000 || body.starts_with(b\"1:6\") {",
        )],
    },
    Mutant {
        name: "client: takes the bytes of an old server for text",
        edits: &[edit(
            "client/speech.rs",
            "Some(0 | 1) => BodyKind::Binary,",
            "Some(0) => BodyKind::Binary,",
        )],
    },
    Mutant {
        name: "client: takes a payload without packets for a handshake",
        edits: &[edit(
            "client/polling.rs",
            "Link::Dialing(_) => ControlFlow::Break(Violation::BadHandshake.into()),",
            "Link::Dialing(_) => ControlFlow::Continue(()),",
        )],
    },
    Mutant {
        name: "client: calls a post of bytes text",
        edits: &[edit(
            "client/speech.rs",
            "Form::Binary => BodyKind::Binary,",
            "Form::Binary => BodyKind::Text,",
        )],
    },
    Mutant {
        name: "client: posts more than an old server allows",
        edits: &[edit(
            "client/speech.rs",
            "outbox.take_as(limit, form)?",
            "outbox.take_as(limit.max(1_000_000), form)?",
        )],
    },
    Mutant {
        name: "client: an old server gets today's frames",
        edits: &[edit(
            "client/speech.rs",
            "false => outbox.pop_as(fits, &self.codec, self.channel),",
            "false => outbox.pop_as(fits, &Codec::of(Revision::V4), self.channel),",
        )],
    },
    Mutant {
        name: "client: hides that it takes no bytes",
        edits: &[edit(
            "client/query.rs",
            "if self.channel == Channel::Text {",
            "if self.channel == Channel::Text && f.alternate() {",
        )],
    },
    Mutant {
        name: "both: what is rewritten is measured before",
        edits: &[edit(
            "outbox.rs",
            "self.pop_if(|_| fits(bytes))?;",
            "self.pop_if(fits)?;",
        )],
    },
    Mutant {
        name: "client: closing forgets the queue",
        edits: &[edit(
            "client/mod.rs",
            "        self.state = State::Closing {\n",
            "        self.outbox.clear();\n        self.state = State::Closing {\n",
        )],
    },
    Mutant {
        name: "client: says no goodbye",
        edits: &[edit(
            "client/mod.rs",
            "self.outbox.push_apart(goodbye);",
            "",
        )],
    },
    Mutant {
        name: "client: abandons a switch that it has begun, to close",
        edits: &[edit(
            "client/mod.rs",
            "                        phase: ProbePhase::Pausing,\n                        ..\n                    }),\n                ..\n            }\n            | Link::Dialing(_) => {}",
            "                        phase: ProbePhase::Pausing,\n                        ..\n                    }),\n                ..\n            } if self.now.as_millis() == u64::MAX => {}\n            Link::Dialing(_) => {}",
        )],
    },
    Mutant {
        name: "client: a request that broke is forgotten",
        edits: &[edit(
            "client/polling.rs",
            "if self.return_of(request).is_some() {",
            "if self.return_of(request).is_some() && false {",
        )],
    },
    Mutant {
        name: "client: old request ids are accepted",
        edits: &[edit(
            "client/polling.rs",
            "if *get == Some(request) =>",
            "if get.is_some() =>",
        )],
    },
    Mutant {
        name: "client: goes on after the end",
        edits: &[edit(
            "client/mod.rs",
            "        if self.is_closed() {\n            return;\n        }\n",
            "",
        )],
    },
    Mutant {
        name: "client: a report about any WebSocket restores credit",
        edits: &[edit(
            "client/link.rs",
            "            && *transport == flushed\n",
            "            && (*transport == flushed || true)\n",
        )],
    },
    Mutant {
        name: "client: posts more than the server allows",
        edits: &[edit(
            "client/link.rs",
            "speech.post(outbox, *max_payload)?",
            "speech.post(outbox, max_payload.saturating_mul(1_000))?",
        )],
    },
    Mutant {
        name: "client: counts a batch without its separators",
        edits: &[edit(
            "outbox.rs",
            "size + usize::from(count > 0) + frame.payload_len()",
            "size + frame.payload_len()",
        )],
    },
    Mutant {
        name: "client: leaves its candidate open at the end",
        edits: &[edit(
            "client/mod.rs",
            "        if let Some(candidate) = self.take_probe() {\n            self.close_transport(candidate);\n        }",
            "",
        )],
    },
];

fn main() -> ExitCode {
    let subject = Subject {
        package: "engineio-proto",
        below: &["engineio-parser"],
        seeds: 300_000,
    };
    mutation::run(&subject, MUTANTS)
}
