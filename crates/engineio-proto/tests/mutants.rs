//! Doubts the world: breaks the machines on purpose, one rule at a time, and sees a law fail.
//!
//! Each mutant is a few words replaced in a copy of the sources, so the sources know nothing of
//! it. `--only WORD` picks some, `--seeds N` says how many schedules a mutant may survive. One that
//! survives them all meets the other tests: it breaks a habit of ours, not a law.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

/// One rule, broken.
struct Mutant {
    name: &'static str,
    edits: &'static [Edit],
}

/// In a file of `src`, words that occur once, and what stands there instead.
struct Edit {
    file: &'static str,
    from: &'static str,
    to: &'static str,
}

const fn edit(file: &'static str, from: &'static str, to: &'static str) -> Edit {
    Edit { file, from, to }
}

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
        name: "server: the next ping is not armed",
        edits: &[edit(
            "heartbeat.rs",
            "*self = Self::start(now, config);",
            "let _ = config; *self = Self::PingAt(now + Duration::from_secs(1 << 40));",
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
        name: "server: a pong is not awaited",
        edits: &[edit(
            "heartbeat.rs",
            "*self = Self::PongBy(since + config.ping_timeout);",
            "*self = Self::PingAt(since + config.ping_timeout + config.ping_interval);",
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
            "self.respond(request, parting.response());",
            "let _ = (request, parting.response());",
        )],
    },
    Mutant {
        name: "server: the switch leaves a poll waiting",
        edits: &[
            edit(
                "server/web_socket.rs",
                "            // Not a close packet: a client must not take it for the end of the session.\n            self.respond(request, Parting::Noop.response());",
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
            "(Link::Polling { .. }, Some(_), BodyKind::Text) => self.post = Some(request),\n            (Link::Polling { .. }, Some(_), _) => {",
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
            "State::Closing { .. } | State::Closed => Err(SendError::Closed(frame)),",
            "State::Closed => Err(SendError::Closed(frame)),\n            State::Closing { .. } => { self.outbox.push(frame); Ok(()) }",
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
            "client/mod.rs",
            "            ping_by: self.now + patience,",
            "            ping_by: self.now + patience * 1_000_000,",
        )],
    },
    Mutant {
        name: "client: a ping does not move the deadline",
        edits: &[edit(
            "client/mod.rs",
            "*ping_by = self.now + *patience;",
            "let _ = (ping_by, patience);",
        )],
    },
    Mutant {
        name: "client: does not answer pings",
        edits: &[edit(
            "client/mod.rs",
            "self.outbox.push(Frame::Text(Utf8Bytes::from_static(\"3\")));",
            "",
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
            "self.outbox.push(Frame::Text(Utf8Bytes::from_static(\"1\")));",
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
            "outbox.take_payload(*max_payload)?",
            "outbox.take_payload(*max_payload * 1_000)?",
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
    let only = argument("--only").unwrap_or_default();
    let seeds = argument("--seeds").unwrap_or_else(|| "300000".to_owned());
    let copy = Copy::make();
    let mut survivors = 0;
    for mutant in MUTANTS.iter().filter(|mutant| mutant.name.contains(&only)) {
        copy.apply(mutant);
        let (caught, seconds) = copy.simulate(&seeds);
        let verdict = caught.or_else(|| copy.test());
        survivors += usize::from(verdict.is_none());
        let verdict = verdict.unwrap_or_else(|| "SURVIVES".to_owned());
        println!("{:<58} {seconds:>6.2} s  {verdict}", mutant.name);
        copy.restore(mutant);
    }
    match survivors {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

/// The two crates, outside their workspace, so that breaking them breaks nothing.
struct Copy {
    root: PathBuf,
    sources: PathBuf,
}

impl Copy {
    fn make() -> Self {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let workspace = here.join("../..");
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mutants");
        for name in ["engineio-parser", "engineio-proto"] {
            let from = workspace.join("crates").join(name);
            copy_folder(&from, &root.join("crates").join(name));
        }
        let manifest = fs::read_to_string(workspace.join("Cargo.toml")).expect("the workspace");
        let manifest = manifest.replace("\"benches\", ", "");
        write(&root.join("Cargo.toml"), &manifest);
        let lock = fs::read_to_string(workspace.join("Cargo.lock")).expect("the lock file");
        write(&root.join("Cargo.lock"), &lock);
        Self {
            root,
            sources: here.join("src"),
        }
    }

    fn apply(&self, mutant: &Mutant) {
        for edit in mutant.edits {
            let file = self.file(edit);
            let source = fs::read_to_string(&file).expect("a file of the copy");
            let count = source.matches(edit.from).count();
            assert_eq!(
                count, 1,
                "{}: {:?} in {}",
                mutant.name, edit.from, edit.file
            );
            write(&file, &source.replace(edit.from, edit.to));
        }
    }

    fn restore(&self, mutant: &Mutant) {
        for edit in mutant.edits {
            let source = fs::read_to_string(self.sources.join(edit.file)).expect("a source");
            write(&self.file(edit), &source);
        }
    }

    fn file(&self, edit: &Edit) -> PathBuf {
        self.root.join("crates/engineio-proto/src").join(edit.file)
    }

    /// The seed and the law that caught the mutant, and how long that took.
    fn simulate(&self, seeds: &str) -> (Option<String>, f64) {
        let built = self.cargo(&["--test", "simulate", "--no-run"]);
        let errors = String::from_utf8_lossy(&built.stderr);
        assert!(built.status.success(), "{errors}");
        #[allow(clippy::disallowed_methods, reason = "how long a mutant lives is real")]
        let start = Instant::now();
        let run = self.cargo(&["--test", "simulate", "--", "--seeds", seeds]);
        let seconds = start.elapsed().as_secs_f64();
        if run.status.success() {
            return (None, seconds);
        }
        let report = String::from_utf8_lossy(&run.stdout);
        let seed = report.lines().find(|line| line.starts_with("seed "));
        let law = report
            .lines()
            .rev()
            .skip_while(|line| !line.starts_with("broken after"))
            .skip(1)
            .find(|line| !line.trim().is_empty() && !line.starts_with(' '));
        let caught = format!("{}: {}", seed.unwrap_or("?"), law.unwrap_or("?"));
        (Some(caught), seconds)
    }

    /// The first of the other tests that catches the mutant.
    fn test(&self) -> Option<String> {
        let run = self.cargo(&["--tests", "--no-fail-fast"]);
        let report = String::from_utf8_lossy(&run.stdout);
        let failed = report.lines().find_map(|line| line.strip_prefix("---- "));
        let name = failed?.trim_end_matches(" stdout ----");
        Some(format!("test {name}"))
    }

    fn cargo(&self, arguments: &[&str]) -> std::process::Output {
        Command::new(env!("CARGO"))
            .args([
                "test",
                "--release",
                "--quiet",
                "--offline",
                "-p",
                "engineio-proto",
            ])
            .args(arguments)
            .env(
                "CARGO_TARGET_DIR",
                Path::new(env!("CARGO_TARGET_TMPDIR")).join(".."),
            )
            .current_dir(&self.root)
            .output()
            .expect("cargo runs")
    }
}

fn copy_folder(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        match entry.file_type().expect("a kind").is_dir() {
            true => copy_folder(&entry.path(), &target),
            false => {
                let content = fs::read(entry.path()).expect("a file");
                write(&target, &content);
            }
        }
    }
}

/// Writes only what differs, so that little is built again.
fn write(path: &Path, content: impl AsRef<[u8]>) {
    if fs::read(path).is_ok_and(|old| old == content.as_ref()) {
        return;
    }
    fs::create_dir_all(path.parent().expect("a file has a folder")).expect("a folder");
    fs::write(path, content).expect("a file");
}

fn argument(name: &str) -> Option<String> {
    let mut arguments = std::env::args();
    arguments.find(|argument| argument == name)?;
    arguments.next()
}
