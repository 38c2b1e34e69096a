//! Values that handlers keep with a socket, found by their types.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Values of any type that belong to one socket, at most one per type.
///
/// They stay in this process and are gone with the socket, unless the client picks up where it
/// left off: then the new socket has them. What other servers and tools should see belongs into
/// [`Socket::set_data`](crate::Socket::set_data) instead.
///
/// ```
/// use socketio_tokio::{Namespace, Socket};
///
/// #[derive(Clone)]
/// struct User(String);
///
/// let namespace = Namespace::<()>::new("/")
///     .on_connect(async |socket: Socket| {
///         socket.extensions().insert(User("ada".to_owned()));
///     })
///     .on("name", async |socket: Socket| {
///         socket.extensions().get::<User>().map(|User(name)| name)
///     });
/// # let _ = namespace;
/// ```
#[derive(Clone, Default)]
pub struct Extensions(Arc<Mutex<http::Extensions>>);

impl Extensions {
    /// Keeps a value, and returns the earlier one of this type.
    pub fn insert<T: Clone + Send + Sync + 'static>(&self, value: T) -> Option<T> {
        self.lock().insert(value)
    }

    /// A clone of the value of this type.
    pub fn get<T: Clone + Send + Sync + 'static>(&self) -> Option<T> {
        self.lock().get().cloned()
    }

    /// Takes the value of this type out.
    pub fn remove<T: Clone + Send + Sync + 'static>(&self) -> Option<T> {
        self.lock().remove()
    }

    /// Changes the value of this type in its place; the default is kept first if there is none.
    ///
    /// `change` runs under a lock: it must not touch these extensions itself.
    pub fn update<T, R>(&self, change: impl FnOnce(&mut T) -> R) -> R
    where
        T: Clone + Default + Send + Sync + 'static,
    {
        change(self.lock().get_or_insert_with(T::default))
    }

    fn lock(&self) -> MutexGuard<'_, http::Extensions> {
        // The map is whole between any two calls, also when `change` has panicked.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Extensions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Extensions")
            .field(&self.lock().len())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_of_each_type_is_kept() {
        let extensions = Extensions::default();
        assert_eq!(extensions.insert(1_u8), None);
        assert_eq!(extensions.insert("one"), None);
        assert_eq!(extensions.insert(2_u8), Some(1));
        assert_eq!(extensions.update(|value: &mut u8| *value + 1), 3);
        assert_eq!(extensions.remove::<u8>(), Some(2));
        assert_eq!(extensions.get::<&str>(), Some("one"));
    }
}
