//! What an application writes down for a case to read later.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

/// Entries in the order in which they were made. Clones are the same log.
#[derive(Clone, Debug, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<Value>>>);

impl Log {
    pub(crate) fn add(&self, entry: impl Into<Value>) {
        self.lock().push(entry.into());
    }

    /// All entries so far.
    pub(crate) fn read(&self) -> Vec<Value> {
        self.lock().clone()
    }

    /// The same as JSON, for a case to fetch.
    pub(crate) fn to_json(&self) -> String {
        Value::from(self.read()).to_string()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Value>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
