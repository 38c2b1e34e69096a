//! Namespaces that come into being when a client asks for them: which names belong to whom.

use std::fmt;

use crate::context::FromContext;
use crate::error::Rejection;
use crate::handler::Erased;
use crate::server::context::{Context, NamespaceContext};

/// Which names a dynamic namespace is for.
pub(crate) enum Matcher {
    /// Decided by an async function.
    Ask(Erased<NamespaceContext, bool>),
    /// Decided by the path.
    Path(Box<dyn Fn(&str) -> bool + Send + Sync>),
    /// Decided by a form of paths.
    Pattern(Pattern),
}

impl fmt::Debug for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ask(_) | Self::Path(_) => f.write_str("dynamic"),
            Self::Pattern(pattern) => pattern.fmt(f),
        }
    }
}

/// A form of paths: literal texts with one parameter between any two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern {
    /// Never empty. Those between two parameters are never empty either.
    literals: Vec<String>,
}

impl Pattern {
    /// Reads `/a-{}/b`. A missing slash in front is added.
    ///
    /// # Panics
    ///
    /// If two parameters touch each other.
    pub(crate) fn new(pattern: &str) -> Self {
        let slash = if pattern.starts_with('/') { "" } else { "/" };
        let literals: Vec<_> = format!("{slash}{pattern}")
            .split("{}")
            .map(str::to_owned)
            .collect();
        let inner = literals.get(1..literals.len() - 1).unwrap_or_default();
        assert!(
            inner.iter().all(|literal| !literal.is_empty()),
            "the namespace pattern {pattern:?} has two `{{}}` without anything between them"
        );
        Self { literals }
    }

    /// The parameters in `path`, if it has this form. Each is as short as it can be.
    pub(crate) fn params<'a>(&self, path: &'a str) -> Option<Vec<&'a str>> {
        let (first, others) = self.literals.split_first()?;
        let mut rest = path.strip_prefix(first.as_str())?;
        let mut params = Vec::with_capacity(others.len());
        for (index, literal) in others.iter().enumerate() {
            let is_last = index + 1 == others.len();
            let end = if is_last {
                rest.len().checked_sub(literal.len())?
            } else {
                // A parameter has at least one character, whatever follows it.
                let first = rest.chars().next()?.len_utf8();
                first + rest.get(first..)?.find(literal.as_str())?
            };
            let (param, behind) = rest.split_at_checked(end)?;
            if param.is_empty() || param.contains('/') {
                return None;
            }
            rest = behind.strip_prefix(literal.as_str())?;
            params.push(param);
        }
        rest.is_empty().then_some(params)
    }
}

/// The parameters in the name of a namespace made by
/// [`Namespace::pattern`](crate::Namespace::pattern), in order. Empty in any other namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathParams(pub Vec<String>);

impl<C: Context> FromContext<C> for PathParams {
    fn from_context(context: &C) -> Result<Self, Rejection> {
        Ok(Self(context.socket().path_params()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(pattern: &str, path: &str) -> Option<Vec<String>> {
        let pattern = Pattern::new(pattern);
        let params = pattern.params(path)?;
        Some(params.into_iter().map(str::to_owned).collect())
    }

    #[test]
    fn a_pattern_without_parameters_is_one_path() {
        assert_eq!(params("/a", "/a"), Some(vec![]));
        assert_eq!(params("a", "/a"), Some(vec![]));
        assert_eq!(params("/a", "/ab"), None);
        assert_eq!(params("/a", "/"), None);
    }

    #[test]
    fn parameters_are_not_empty_and_contain_no_slash() {
        assert_eq!(params("/t-{}", "/t-1"), Some(vec!["1".into()]));
        assert_eq!(params("/t-{}", "/t-"), None);
        assert_eq!(params("/t-{}", "/t-1/2"), None);
        assert_eq!(params("/{}", "/é"), Some(vec!["é".into()]));
        assert_eq!(params("/t-{}/x", "/t-/x"), None);
    }

    #[test]
    fn several_parameters_are_told_apart_by_what_is_between() {
        let both = Some(vec!["a".into(), "b-c".into()]);
        assert_eq!(params("/{}-{}", "/a-b-c"), both);
        assert_eq!(params("/{}-{}!", "/a-b-c!"), both);
        assert_eq!(params("/{}-{}!", "/a-b-c"), None);
        assert_eq!(params("/{}/{}", "/a/b/c"), None);
    }

    #[test]
    #[should_panic(expected = "without anything between")]
    fn parameters_that_touch_are_refused() {
        let _ = Pattern::new("/{}{}");
    }
}
