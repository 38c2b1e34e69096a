//! Doubts the talk: breaks client, server and log on purpose, one rule at a time, and sees a law fail.
//!
//! Each mutant is a few words replaced in a copy of the sources, so the sources know nothing of
//! it. `--only WORD` picks some, `--seeds N` says how many schedules a mutant may survive. One that
//! survives them all meets the other tests: it breaks a habit of ours, not a law.

#[path = "../../engineio-proto/tests/mutation/mod.rs"]
mod mutation;

use std::process::ExitCode;

use mutation::{Mutant, Subject, edit};

const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "client: ids of acknowledgements begin anew with a session",
        edits: &[
            edit(
                "ack.rs",
                "    /// Stops waiting for an answer without a word.\n",
                "    pub(crate) fn start_over(&mut self) {\n        self.next = 0;\n    }\n\n    /// Stops waiting for an answer without a word.\n",
            ),
            edit(
                "client/session.rs",
                "self.control.clear();",
                "self.control.clear();\n        self.acks.start_over();",
            ),
        ],
    },
    Mutant {
        name: "client: the end of a session empties the buffers",
        edits: &[edit(
            "client/namespace.rs",
            "        self.early = Early::default();\n        let was_joined",
            "        self.early = Early::default();\n        self.buffer = Buffer::default();\n        let was_joined",
        )],
    },
    Mutant {
        name: "client: buffers are sent before the answer",
        edits: &[edit(
            "client/session.rs",
            "            if membership.visit().is_some() {\n",
            "            if membership.is_wanted() {\n",
        )],
    },
    Mutant {
        name: "client: events before the answer are dropped",
        edits: &[edit(
            "client/incoming.rs",
            "in membership.early.take() {",
            "in membership.early.take().into_iter().skip(1) {",
        )],
    },
    Mutant {
        name: "client: what came early survives its session",
        edits: &[edit(
            "client/namespace.rs",
            "        self.early = Early::default();\n        let was_joined",
            "        let was_joined",
        )],
    },
    Mutant {
        name: "client: a DISCONNECT is not reported",
        edits: &[edit(
            "client/incoming.rs",
            "self.report_left(namespace, DisconnectReason::ServerDisconnect);",
            "let _ = (namespace, DisconnectReason::ServerDisconnect);",
        )],
    },
    Mutant {
        name: "client: the end of a session is not reported to namespaces",
        edits: &[edit(
            "client/session.rs",
            "self.report_left(name, DisconnectReason::Session(end));",
            "let _ = DisconnectReason::Session(end);",
        )],
    },
    Mutant {
        name: "client: leaves a namespace without a word",
        edits: &[edit(
            "client/mod.rs",
            "                self.tell_disconnect(from);\n",
            "",
        )],
    },
    Mutant {
        name: "client: leaves before it is let in, and asks again at once",
        edits: &[edit(
            "client/mod.rs",
            "Standing::Asked | Standing::Reopened => membership.standing = Standing::Withdrawn,",
            "Standing::Asked | Standing::Reopened => membership.standing = Standing::Left,",
        )],
    },
    Mutant {
        name: "client: answers an event of an earlier connection",
        edits: &[edit(
            "client/mod.rs",
            "if membership.and_then(|membership| membership.visit()) != Some(visit) {",
            "let _ = visit;\n        if membership.and_then(|membership| membership.visit()).is_none() {",
        )],
    },
    Mutant {
        name: "client: takes an answer to what has not left",
        edits: &[edit(
            "client/incoming.rs",
            "membership.visit().is_some() && !membership.buffer.holds(id)",
            "membership.visit().is_some()",
        )],
    },
    Mutant {
        name: "client: the end of a session abandons what is still in a buffer",
        edits: &[edit(
            "client/session.rs",
            "membership.is_some_and(|membership| membership.buffer.holds(id))",
            "membership.is_some_and(|membership| membership.buffer.holds(id) && membership.buffer.is_empty())",
        )],
    },
    Mutant {
        name: "client: a session does not reset the waits",
        edits: &[edit(
            "client/session.rs",
            "        self.backoff.reset();\n        self.report(Event::Opened(handshake));",
            "        self.report(Event::Opened(handshake));",
        )],
    },
    Mutant {
        name: "client: offsets are not remembered",
        edits: &[edit(
            "client/recovery.rs",
            "self.offset = Some(offset.to_string());",
            "let _ = offset;",
        )],
    },
    Mutant {
        name: "client: takes any private id for its own",
        edits: &[edit(
            "client/recovery.rs",
            "if pid.is_some() && pid == self.pid {",
            "if pid.is_some() && self.pid.is_some() {",
        )],
    },
    Mutant {
        name: "client: keeps the offset of a connection that is not recovered",
        edits: &[edit(
            "client/recovery.rs",
            "*self = Self { pid, offset: None };",
            "self.pid = pid;",
        )],
    },
    Mutant {
        name: "client: an event is not tried again",
        edits: &[edit(
            "client/delivery.rs",
            "            Delivery::AtLeastOnce { .. } => membership.tries.out = None,\n",
            "            Delivery::AtLeastOnce { .. } => drop(membership.end_tries()),\n",
        )],
    },
    Mutant {
        name: "client: an event is tried once too often",
        edits: &[edit(
            "client/delivery.rs",
            "membership.tries.made > retries =>",
            "membership.tries.made > retries + 1 =>",
        )],
    },
    Mutant {
        name: "client: the end of a session is no failed try",
        edits: &[edit(
            "client/delivery.rs",
            "            Delivery::AtLeastOnce { .. } => membership.tries.out = None,\n",
            "            Delivery::AtLeastOnce { .. } if error == AckError::Disconnected => {}\n            Delivery::AtLeastOnce { .. } => membership.tries.out = None,\n",
        )],
    },
    Mutant {
        name: "client: what is given up is not always said",
        edits: &[edit(
            "client/delivery.rs",
            "            (Kind::Event, Err(error)) => self.report(",
            "            (Kind::Event, Err(_)) if entry.packet.len() % 2 == 0 => {}\n            (Kind::Event, Err(error)) => self.report(",
        )],
    },
    Mutant {
        name: "client: an answer is reported that nobody waits for",
        edits: &[edit(
            "client/buffer.rs",
            "            entry.kind = Kind::Forgotten;\n",
            "            let _ = (entry, Kind::Forgotten);\n",
        )],
    },
    Mutant {
        name: "client: the newest takes the place of the oldest that was not replaced",
        edits: &[edit(
            "client/incoming.rs",
            "        membership.latest = None;\n",
            "",
        )],
    },
    Mutant {
        name: "client: what is replaced is not reported",
        edits: &[edit(
            "client/outgoing.rs",
            "self.report_outcome(name, entry, Err(AckError::Superseded));",
            "let _ = (name, entry, AckError::Superseded);",
        )],
    },
    Mutant {
        name: "client: asks an old server for the root",
        edits: &[edit(
            "client/session.rs",
            "                root: Root::Awaited,\n",
            "                root: Root::Left,\n",
        )],
    },
    Mutant {
        name: "client: stays in the root of an old server that it has left",
        edits: &[edit(
            "client/legacy.rs",
            "            self.set_root(Root::Left);\n        }\n    }\n\n    /// What",
            "            let _ = Root::Left;\n        }\n    }\n\n    /// What",
        )],
    },
    Mutant {
        name: "both: an answer is expected after it has come",
        edits: &[edit(
            "ack.rs",
            "        self.remove(&key)\n",
            "        self.waiting.contains_key(&key)\n",
        )],
    },
    Mutant {
        name: "both: the counter takes ids that were given",
        edits: &[edit(
            "ack.rs",
            "        self.pass_over(id);\n",
            "        if id == self.next_id() {\n            self.pass_over(id);\n        }\n",
        )],
    },
    Mutant {
        name: "both: a second question takes the place of the first",
        edits: &[edit(
            "ack.rs",
            "id <= AckId::MAX && !self.waiting.contains_key(&(id, namespace.clone()))",
            "id <= AckId::MAX || self.waiting.contains_key(&(id, namespace.clone()))",
        )],
    },
    Mutant {
        name: "server: a call that is full is expected all the same",
        edits: &[
            edit(
                "server/mod.rs",
                "        self.push(packet)?;\n        let answer_by",
                "        let pushed = self.push(packet);\n        let answer_by",
            ),
            edit(
                "server/mod.rs",
                "        self.acks.expect(namespace.clone(), id, answer_by);\n        Ok(())",
                "        self.acks.expect(namespace.clone(), id, answer_by);\n        pushed",
            ),
        ],
    },
    Mutant {
        name: "server: shutting down throws away what was emitted",
        edits: &[edit(
            "server/mod.rs",
            "        self.disconnect_all(DisconnectReason::ServerShuttingDown);\n        self.close_engine();",
            "        self.disconnect_all(DisconnectReason::ServerShuttingDown);\n        self.abort_engine();",
        )],
    },
    Mutant {
        name: "server: the end abandons no acknowledgements",
        edits: &[edit(
            "server/mod.rs",
            "        self.abandon_acks(&namespace);\n        self.report(Event::Disconnected",
            "        self.report(Event::Disconnected",
        )],
    },
    Mutant {
        name: "server: a DISCONNECT is not reported",
        edits: &[edit(
            "server/incoming.rs",
            "self.report_left(namespace, DisconnectReason::ClientNamespaceDisconnect);",
            "let _ = (namespace, DisconnectReason::ClientNamespaceDisconnect);",
        )],
    },
    Mutant {
        name: "server: answers an event of an earlier stay",
        edits: &[edit(
            "server/mod.rs",
            "if self.namespaces.visit(&to.namespace) != Some(to.visit) {",
            "let _ = to.visit;\n        if self.namespaces.visit(&to.namespace).is_none() {",
        )],
    },
    Mutant {
        name: "server: what crossed a DISCONNECT ends the connection",
        edits: &[edit(
            "server/incoming.rs",
            "if !self.namespaces.has_left(namespace) {",
            "if !self.namespaces.has_left(namespace) || self.state == State::Open {",
        )],
    },
    Mutant {
        name: "server: what was missed follows the answer",
        edits: &[
            edit(
                "server/mod.rs",
                "        for packet in &accept.missed {\n            self.send_or_abort(Ok(packet.clone()));\n        }\n",
                "",
            ),
            edit(
                "server/mod.rs",
                "        self.send(&Packet::Connect { namespace, data });\n",
                "        self.send(&Packet::Connect { namespace, data });\n        for packet in &accept.missed {\n            self.send_or_abort(Ok(packet.clone()));\n        }\n",
            ),
        ],
    },
    Mutant {
        name: "server: what was missed is sent from the queue, too",
        edits: &[edit(
            "server/mod.rs",
            "        for packet in &accept.missed {",
            "        for packet in accept.missed.iter().chain(accept.missed.iter().take(1)) {",
        )],
    },
    Mutant {
        name: "server: does not say the private id",
        edits: &[edit(
            "server/legacy.rs",
            "accept.sid.to_answer(accept.pid.as_ref())",
            "accept.sid.to_answer(accept.pid.as_ref().filter(|_| accept.missed.is_empty()))",
        )],
    },
    Mutant {
        name: "server: who was put out may come back",
        edits: &[edit(
            "server/mod.rs",
            "        if !reason.is_recoverable() {\n            self.pids.remove(&namespace);\n        }\n",
            "",
        )],
    },
    Mutant {
        name: "recovery: what was heard last is missed",
        edits: &[edit(
            "recovery.rs",
            ".skip(usize::try_from(skipped).ok()?)",
            ".skip(usize::try_from(skipped).ok()?.saturating_sub(1))",
        )],
    },
    Mutant {
        name: "recovery: a gap in the log is passed over",
        edits: &[edit(
            "recovery.rs",
            "heard.checked_sub(self.last - known)?",
            "heard.saturating_sub(self.last - known)",
        )],
    },
    Mutant {
        name: "recovery: exceptions are forgotten",
        edits: &[edit(
            "recovery.rs",
            "            && !except.iter().any(is_in)\n",
            "            && (!except.iter().any(is_in) || true)\n",
        )],
    },
    Mutant {
        name: "recovery: rooms are forgotten",
        edits: &[edit(
            "recovery.rs",
            ".chain([&own])",
            ".take(0).chain([&own])",
        )],
    },
    Mutant {
        name: "recovery: who has heard nothing has missed nothing",
        edits: &[edit(
            "recovery.rs",
            "map_or(Some(since), ",
            "map_or(Some(self.last), ",
        )],
    },
    Mutant {
        name: "recovery: offsets are not said again",
        edits: &[edit(
            "recovery.rs",
            "event.packet.with_offset(&self.offset(number))",
            "{ let _ = number; event.packet.clone() }",
        )],
    },
    Mutant {
        name: "recovery: sessions do not expire",
        edits: &[edit(
            "recovery.rs",
            "kept.is_none_or(|kept| kept.until < now)",
            "kept.is_none_or(|kept| kept.until < now && false)",
        )],
    },
];

fn main() -> ExitCode {
    let subject = Subject {
        package: "socketio-proto",
        below: &["engineio-parser", "engineio-proto", "socketio-parser"],
        seeds: 100_000,
    };
    mutation::run(&subject, MUTANTS)
}
