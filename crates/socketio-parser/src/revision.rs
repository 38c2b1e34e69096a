//! Which of the protocol's revisions a peer speaks.

/// A revision of the protocol. Nothing on the wire announces it; all share one grammar.
///
/// | | 3 | 4 | 5 |
/// |---|---|---|---|
/// | releases of socket.io | 1.0.0 to 1.0.2 | 1.0.3 to 2.x | 3.0 and later |
/// | acknowledgement | `30-7[]` | `37[]` | `37[]` |
/// | the same with bytes | type 3, `31-7[…]` | type 6, `61-7[…]` | type 6, `61-7[…]` |
/// | credentials | none | [query](crate::Query) of the namespace | object in the CONNECT |
/// | refusal | any JSON | any JSON | an object or a string |
/// | end of `0/admin,` | comma left out | comma left out by 1.x | comma |
///
/// A missing comma is understood in all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Revision {
    /// Every acknowledgement counts its attachments, and a count may be 0.
    V3,
    /// Acknowledgements with attachments have a type of their own.
    V4,
    /// Namespaces are joined explicitly, with an object of credentials.
    #[default]
    V5,
}
