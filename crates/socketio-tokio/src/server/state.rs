//! Namespaces with a state, as namespaces without.

use std::sync::Arc;

use crate::handler::Erased;

/// A context without a state, which can be lent as one with a state: so a namespace with a state
/// becomes one without.
pub(crate) trait Stateless {
    /// The same context with a state.
    type With<S>;

    /// Lends the context to `run`.
    fn lend<S, R>(&self, state: S, run: impl FnOnce(&Self::With<S>) -> R) -> R;
}

/// A handler of a context with a state, as one of a context without.
pub(crate) fn lend<C, S, T>(handler: Erased<C::With<S>, T>, state: &S) -> Erased<C, T>
where
    C: Stateless + 'static,
    S: Clone + Send + Sync + 'static,
    T: 'static,
{
    let state = state.clone();
    Arc::new(move |context, wanted| context.lend(state.clone(), |lent| handler(lent, wanted)))
}
