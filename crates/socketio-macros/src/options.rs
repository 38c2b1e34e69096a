//! What may stand in `#[event(..)]`.

use syn::meta::ParseNestedMeta;
use syn::parse::Parse;
use syn::{Attribute, Error, Fields, LitStr, Path, Result, Type};

/// What a struct says about itself as an event.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) name: Option<LitStr>,
    pub(crate) ack: Option<Type>,
    /// Where the trait is.
    pub(crate) home: Option<Path>,
}

impl Options {
    pub(crate) fn parse(attributes: &[Attribute]) -> Result<Self> {
        let mut options = Self::default();
        for attribute in attributes.iter().filter(|attribute| is_ours(attribute)) {
            attribute.parse_nested_meta(|meta| options.take(&meta))?;
        }
        Ok(options)
    }

    fn take(&mut self, meta: &ParseNestedMeta<'_>) -> Result<()> {
        if meta.path.is_ident("name") {
            let name = value(meta, "the name is a string: `name = \"chat message\"`")?;
            check_name(&name)?;
            put(&mut self.name, name, meta)
        } else if meta.path.is_ident("ack") {
            let ack = value(meta, "the acknowledgement is a type: `ack = Receipt`")?;
            put(&mut self.ack, ack, meta)
        } else if meta.path.is_ident("crate") {
            let home = value(meta, "a path is expected: `crate = my_crate::socketio`")?;
            put(&mut self.home, home, meta)
        } else {
            Err(meta.error("`event` has no such key: it knows `name`, `ack` and `crate`"))
        }
    }
}

/// What stands behind `=`. Where something else does, `expected` is the error.
fn value<T: Parse>(meta: &ParseNestedMeta<'_>, expected: &str) -> Result<T> {
    let value = meta.value().and_then(|value| value.parse());
    value.map_err(|error| Error::new(error.span(), expected))
}

/// Refuses the attribute where it would say nothing.
pub(crate) fn refuse_on(fields: &Fields) -> Result<()> {
    let mut attributes = fields.iter().flat_map(|field| &field.attrs);
    match attributes.find(|attribute| is_ours(attribute)) {
        Some(attribute) => Err(Error::new_spanned(
            attribute,
            "`#[event(..)]` belongs to the struct, not to a field",
        )),
        None => Ok(()),
    }
}

fn is_ours(attribute: &Attribute) -> bool {
    attribute.path().is_ident("event")
}

/// Refuses a name that no event can have.
pub(crate) fn check_name(name: &LitStr) -> Result<()> {
    let text = name.value();
    if RESERVED.contains(&text.as_str()) {
        let message = format!("Socket.IO keeps the name {text:?} for itself");
        return Err(Error::new_spanned(name, message));
    }
    Ok(())
}

/// Fills a place that must be empty.
fn put<T>(place: &mut Option<T>, value: T, meta: &ParseNestedMeta<'_>) -> Result<()> {
    match place.replace(value) {
        Some(_) => Err(meta.error("this is said twice")),
        None => Ok(()),
    }
}

/// Names that cannot be emitted. [js socket.io 4.8.4]
const RESERVED: [&str; 6] = [
    "connect",
    "connect_error",
    "disconnect",
    "disconnecting",
    "newListener",
    "removeListener",
];

#[cfg(test)]
mod tests {
    use super::RESERVED;

    #[test]
    fn the_reserved_names_are_those_of_the_parser() {
        assert_eq!(RESERVED, socketio_parser::RESERVED_EVENTS);
    }
}
