//! All namespaces of a server: those that exist, and those that come into being when asked for.
//!
//! The lock is taken when a client joins and when somebody looks a namespace up by its name, never
//! per packet.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use socketio_proto::Namespace as Name;

use crate::error::NamespaceTaken;
use crate::server::dynamic::Matcher;
use crate::server::hub::{Hub, Origin, Terms};
use crate::server::namespace::{Namespace, Place};
use crate::server::routes::Routes;

/// All namespaces of a server.
pub(crate) struct Namespaces {
    state: Mutex<State>,
    cleanup: Cleanup,
    terms: Terms,
}

/// What becomes of a dynamic namespace that the last client has left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Cleanup {
    Forget,
    #[default]
    Keep,
}

#[derive(Default)]
struct State {
    places: HashMap<Name, Site>,
    dynamic: Vec<Arc<Dynamic>>,
}

struct Site {
    hub: Arc<Hub>,
    /// Clients that are in the namespace, or at its door.
    guests: usize,
}

/// A namespace that exists wherever it is asked for.
pub(crate) struct Dynamic {
    pub(crate) matcher: Matcher,
    routes: Arc<Routes>,
}

impl Namespaces {
    pub(crate) fn new(cleanup: Cleanup, terms: Terms) -> Self {
        Self {
            state: Mutex::default(),
            cleanup,
            terms,
        }
    }

    /// Adds a namespace, or the rule for many.
    pub(crate) fn add(&self, namespace: Namespace) -> Result<Option<Arc<Hub>>, NamespaceTaken> {
        let (place, routes) = namespace.into_parts();
        let routes = Arc::new(routes);
        let mut state = self.lock();
        match place {
            Place::At(path) => {
                let name = Place::name(path);
                if state.places.contains_key(&name) {
                    return Err(NamespaceTaken(name));
                }
                let hub = self.hub(&name, routes, Origin::Named);
                Ok(Some(state.insert(name, hub)))
            }
            Place::Where(matcher) => {
                let dynamic = Dynamic { matcher, routes };
                state.dynamic.push(Arc::new(dynamic));
                Ok(None)
            }
        }
    }

    /// The namespace of this name, if it exists.
    pub(crate) fn get(&self, name: &Name) -> Option<Arc<Hub>> {
        let state = self.lock();
        state.places.get(name).map(|site| Arc::clone(&site.hub))
    }

    /// All that exist now.
    pub(crate) fn all(&self) -> Vec<Arc<Hub>> {
        let state = self.lock();
        let hubs = state.places.values().map(|site| Arc::clone(&site.hub));
        hubs.collect()
    }

    /// Number `index` of the rules for dynamic namespaces.
    pub(crate) fn dynamic(&self, index: usize) -> Option<Arc<Dynamic>> {
        self.lock().dynamic.get(index).cloned()
    }

    /// Lets a client come to the door of a namespace that exists.
    pub(crate) fn enter(self: &Arc<Self>, name: &Name) -> Option<Visit> {
        let mut state = self.lock();
        let site = state.places.get_mut(name)?;
        Some(self.visit(site))
    }

    /// The same, and if the namespace does not exist yet, it does from now on. True if it is new.
    pub(crate) fn create(self: &Arc<Self>, name: &Name, dynamic: &Dynamic) -> (Visit, bool) {
        let mut state = self.lock();
        let is_new = !state.places.contains_key(name);
        let site = state.places.entry(name.clone()).or_insert_with(|| {
            let pattern = match &dynamic.matcher {
                Matcher::Pattern(pattern) => Some(pattern.clone()),
                Matcher::Ask(_) | Matcher::Path(_) => None,
            };
            let routes = Arc::clone(&dynamic.routes);
            let hub = self.hub(name, routes, Origin::Dynamic(pattern));
            Site { hub, guests: 0 }
        });
        (self.visit(site), is_new)
    }

    fn hub(&self, name: &Name, routes: Arc<Routes>, origin: Origin) -> Arc<Hub> {
        if let Some(node) = &self.terms.node {
            node.opened(name);
        }
        Arc::new(Hub::new(name.clone(), routes, origin, &self.terms))
    }

    fn visit(self: &Arc<Self>, site: &mut Site) -> Visit {
        site.guests += 1;
        Visit {
            hub: Arc::clone(&site.hub),
            namespaces: Arc::downgrade(self),
        }
    }

    fn leave(&self, hub: &Hub) {
        let mut state = self.lock();
        let Some(site) = state.places.get_mut(hub.name()) else {
            return;
        };
        site.guests = site.guests.saturating_sub(1);
        if site.guests == 0 && hub.is_dynamic() && self.cleanup == Cleanup::Forget {
            state.places.remove(hub.name());
            if let Some(node) = &self.terms.node {
                node.closed(hub.name());
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn insert(&mut self, name: Name, hub: Arc<Hub>) -> Arc<Hub> {
        let site = Site {
            hub: Arc::clone(&hub),
            guests: 0,
        };
        self.places.insert(name, site);
        hub
    }
}

impl fmt::Debug for Namespaces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.all().iter().map(|hub| hub.name()))
            .finish()
    }
}

/// A client in a namespace, or at its door. While there is one, the namespace stays.
pub(crate) struct Visit {
    hub: Arc<Hub>,
    namespaces: Weak<Namespaces>,
}

impl Visit {
    pub(crate) fn hub(&self) -> &Arc<Hub> {
        &self.hub
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        if let Some(namespaces) = self.namespaces.upgrade() {
            namespaces.leave(&self.hub);
        }
    }
}

impl fmt::Debug for Visit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Visit").field(self.hub.name()).finish()
    }
}
