//! Where lines come from, and where what happens is printed.

use std::io::{self, BufRead, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::Validator;
use rustyline::{Config, Context, Editor, ExternalPrinter, Helper};
use tokio::sync::mpsc;

use super::command;
use crate::failure::Failure;

/// One line that was typed.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) text: String,
    /// To be dropped or used when the line has had its effect.
    pub(super) done: Done,
}

/// Lets the next line come. Dropped without, there will be no next line.
#[derive(Debug)]
pub(super) struct Done(SyncSender<()>);

impl Done {
    pub(super) fn next(self) {
        // Whoever does not wait any longer needs no answer.
        let _ = self.0.try_send(());
    }
}

/// Standard input and output of a session.
pub(super) struct Terminal {
    /// Ends with the input.
    pub(super) lines: mpsc::Receiver<Line>,
    pub(super) printer: Printer,
    pub(super) prompt: Prompt,
    pub(super) is_interactive: bool,
}

impl Terminal {
    /// An editor if people are at both ends, else plain lines.
    pub(super) fn open() -> Result<Self, Failure> {
        let prompt = Prompt::default();
        let (sender, lines) = mpsc::channel(1);
        let is_interactive = io::stdin().is_terminal() && io::stdout().is_terminal();
        let printer = match is_interactive {
            true => {
                let mut editor = editor().map_err(no_terminal)?;
                let printer = editor.create_external_printer().map_err(no_terminal)?;
                let prompt = prompt.clone();
                thread::spawn(move || edit(editor, &prompt, &sender));
                Printer::Editor(Box::new(printer))
            }
            false => {
                thread::spawn(move || read(&sender));
                Printer::Plain
            }
        };
        Ok(Self {
            lines,
            printer,
            prompt,
            is_interactive,
        })
    }
}

fn no_terminal(error: ReadlineError) -> Failure {
    Failure::failed(format_args!("cannot use this terminal: {error}"))
}

/// Prints above the line that is being typed.
pub(super) enum Printer {
    Editor(Box<dyn ExternalPrinter + Send>),
    Plain,
}

impl Printer {
    /// Prints lines.
    pub(super) fn print(&mut self, text: &str) -> Result<(), Failure> {
        match self {
            Self::Editor(printer) => {
                let printed = printer.print(format!("{text}\n"));
                printed.map_err(|error| Failure::failed(format_args!("cannot print: {error}")))
            }
            Self::Plain => {
                let mut out = io::stdout().lock();
                writeln!(out, "{text}")?;
                Ok(out.flush()?)
            }
        }
    }
}

/// What stands before the line that is typed.
#[derive(Clone, Debug, Default)]
pub(super) struct Prompt(Arc<Mutex<String>>);

impl Prompt {
    pub(super) fn set(&self, text: String) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = text;
    }

    fn get(&self) -> String {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

type LineEditor = Editor<Names, FileHistory>;

fn editor() -> rustyline::Result<LineEditor> {
    let config = Config::builder()
        .history_ignore_space(true)
        .auto_add_history(true)
        .build();
    let mut editor = Editor::with_config(config)?;
    editor.set_helper(Some(Names));
    if let Some(path) = history() {
        // The first time there is none.
        let _ = editor.load_history(&path);
    }
    Ok(editor)
}

/// Reads lines from the editor until there are no more.
fn edit(mut editor: LineEditor, prompt: &Prompt, lines: &mpsc::Sender<Line>) {
    while let Ok(text) = editor.readline(&prompt.get()) {
        if let Some(path) = history() {
            // A history that cannot be kept is no reason to stop.
            let _ = path.parent().map(std::fs::create_dir_all);
            let _ = editor.append_history(&path);
        }
        let (done, is_done) = sync_channel(1);
        let line = Line {
            text,
            done: Done(done),
        };
        if lines.blocking_send(line).is_err() || !may_go_on(&is_done) {
            return;
        }
    }
}

/// Waits a moment, so that the effect stands above the next prompt. Not for ever: what is printed
/// meanwhile may wait in turn for the editor to be back.
fn may_go_on(is_done: &Receiver<()>) -> bool {
    !matches!(
        is_done.recv_timeout(MOMENT),
        Err(RecvTimeoutError::Disconnected)
    )
}

/// Reads plain lines, each when the one before has had its effect.
fn read(lines: &mpsc::Sender<Line>) {
    for text in io::stdin().lock().lines().map_while(Result::ok) {
        let (done, is_done) = sync_channel(1);
        let line = Line {
            text,
            done: Done(done),
        };
        if lines.blocking_send(line).is_err() || is_done.recv().is_err() {
            return;
        }
    }
}

/// Where lines are remembered: `SIO_HISTORY` (empty: nowhere), else in the folder for such things.
fn history() -> Option<PathBuf> {
    match std::env::var_os("SIO_HISTORY") {
        Some(path) => (!path.is_empty()).then(|| path.into()),
        None => {
            let state = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from);
            let state = state.filter(|path| path.is_absolute());
            let state = state.or_else(|| Some(std::env::home_dir()?.join(".local/state")));
            state.map(|state| state.join("sio/history"))
        }
    }
}

/// Completes the names of commands.
struct Names;

impl Completer for Names {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        position: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        let typed = line.get(..position).unwrap_or_default();
        let names = command::NAMES.iter().filter(|name| name.starts_with(typed));
        Ok((0, names.map(|name| format!("{name} ")).collect()))
    }
}

impl Hinter for Names {
    type Hint = String;
}
impl Highlighter for Names {}
impl Validator for Names {}
impl Helper for Names {}

/// How long the editor stays away for the effect of a line.
const MOMENT: Duration = Duration::from_millis(200);
