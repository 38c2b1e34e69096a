//! The grammar in front of a payload: type, number of attachments, namespace, id.

use nom::branch::alt;
use nom::bytes::complete::take_till;
use nom::character::complete::{anychar, char, digit1};
use nom::combinator::{opt, recognize, success, value, verify};
use nom::sequence::{preceded, terminated};
use nom::{IResult, Parser};

use crate::error::{DecodeError, DecodeErrorKind};
use crate::namespace::ROOT;
use crate::packet::AckId;
use crate::revision::Revision;

/// What stands before the payload of a packet.
#[derive(Debug)]
pub(crate) struct Header<'a> {
    pub(crate) kind: Kind,
    /// How many binary frames follow.
    pub(crate) attachments: usize,
    pub(crate) namespace: &'a str,
    pub(crate) id: Option<AckId>,
    /// Where the payload begins.
    pub(crate) len: usize,
}

/// What a packet is for. Types 5 and 6 are 2 and 3 with attachments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Connect,
    Disconnect,
    Event,
    Ack,
    ConnectError,
}

/// Reads a header.
///
/// Digits, and nothing else, make a number: what JavaScript's coercion lets through besides is
/// refused. Where no digits stand for an id, the payload has to begin.
///
/// Specification: [sio5 § Packet encoding].
pub(crate) fn read(
    text: &str,
    revision: Revision,
    max_attachments: usize,
) -> Result<Header<'_>, DecodeError> {
    let offset = |rest: &str| text.len() - rest.len();
    let (rest, (kind, counts)) = packet_type(text, revision)
        .map_err(|_| DecodeErrorKind::UnknownType(first_digit(text)).at(0))?;

    let (rest, attachments) = if counts {
        let error = DecodeErrorKind::IllegalCount.at(offset(rest));
        let (rest, digits) = count(rest).map_err(|_| error)?;
        // Digits that do not fit are more than any limit.
        match digits.parse().unwrap_or(usize::MAX) {
            0 if revision > Revision::V3 => return Err(error),
            count if count > max_attachments => {
                return Err(DecodeErrorKind::TooManyAttachments.at(1));
            }
            count => (rest, count),
        }
    } else {
        (rest, 0)
    };

    let invalid = DecodeErrorKind::InvalidPayload.at(offset(rest));
    let (rest, namespace) = namespace(rest).map_err(|_| invalid)?;
    let (behind, digits) = match kind {
        Kind::Event | Kind::Ack => opt(digit1::<_, ()>).parse(rest).map_err(|_| invalid)?,
        // Only these two have one: digits are left over, and make an invalid payload.
        Kind::Connect | Kind::Disconnect | Kind::ConnectError => (rest, None),
    };
    let id = match digits.map(str::parse) {
        None => None,
        Some(Ok(id)) if id <= AckId::MAX.get() => Some(AckId::new(id)),
        Some(_) => return Err(DecodeErrorKind::LargeId.at(offset(rest))),
    };
    Ok(Header {
        kind,
        attachments,
        namespace,
        id,
        len: offset(behind),
    })
}

/// The table of the specification; the second value says whether a count follows.
fn packet_type(input: &str, revision: Revision) -> Read<'_, (Kind, bool)> {
    let is_v3 = revision == Revision::V3;
    alt((
        value((Kind::Connect, false), char('0')),
        value((Kind::Disconnect, false), char('1')),
        value((Kind::Event, false), char('2')),
        value((Kind::Ack, is_v3), char('3')),
        value((Kind::ConnectError, false), char('4')),
        value((Kind::Event, true), char('5')),
        value((Kind::Ack, true), verify(char('6'), |_| !is_v3)),
    ))
    .parse(input)
}

fn count(input: &str) -> Read<'_, &str> {
    terminated(digit1, char('-')).parse(input)
}

/// The comma may be missing at the end of a packet, as releases before 2.0 wrote it.
fn namespace(input: &str) -> Read<'_, &str> {
    let name = recognize(preceded(char('/'), take_till(|character| character == ',')));
    alt((terminated(name, opt(char(','))), success(ROOT))).parse(input)
}

fn first_digit(text: &str) -> Option<u8> {
    let (_, first) = anychar::<_, ()>(text).ok()?;
    first
        .to_digit(10)
        .and_then(|digit| u8::try_from(digit).ok())
}

type Read<'a, T> = IResult<&'a str, T, ()>;

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> (usize, &str, Option<u64>, usize) {
        let header = read(text, Revision::V5, 10).unwrap();
        (
            header.attachments,
            header.namespace,
            header.id.map(AckId::get),
            header.len,
        )
    }

    #[test]
    fn each_part_may_be_missing() {
        assert_eq!(parts("2[]"), (0, "/", None, 1));
        assert_eq!(parts("213[]"), (0, "/", Some(13), 3));
        assert_eq!(parts("2/a,[]"), (0, "/a", None, 4));
        assert_eq!(parts("52-/a,7[]"), (2, "/a", Some(7), 7));
        assert_eq!(parts("0/admin"), (0, "/admin", None, 7));
        assert_eq!(parts("2/1-2,3[]"), (0, "/1-2", Some(3), 7));
    }

    #[test]
    fn numbers_are_digits() {
        let error = |text| read(text, Revision::V5, 10).unwrap_err();
        for text in ["5", "5-[]", "5+1-[]", "5 1-[]", "51[]", "50-[]", "51e0-[]"] {
            assert_eq!(error(text), DecodeErrorKind::IllegalCount.at(1), "{text}");
        }
        assert_eq!(error("511-[]"), DecodeErrorKind::TooManyAttachments.at(1));
        assert_eq!(
            error("599999999999999999999999-[]"),
            DecodeErrorKind::TooManyAttachments.at(1)
        );
        assert_eq!(
            error("2/a,9007199254740992[]"),
            DecodeErrorKind::LargeId.at(4)
        );
        assert_eq!(parts("2/a,9007199254740991[]").2, Some(AckId::MAX.get()));
    }

    #[test]
    fn an_unknown_type_is_named() {
        let unknown = |digit| DecodeErrorKind::UnknownType(digit).at(0);
        for (text, digit) in [("7", Some(7)), ("", None), ("é", None)] {
            assert_eq!(read(text, Revision::V5, 0).unwrap_err(), unknown(digit));
        }
        let error = read("61-[]", Revision::V3, 10).unwrap_err();
        assert_eq!(error, unknown(Some(6)));
    }

    /// [sio3 § Packet encoding], as the reference wrote it.
    #[test]
    fn revision_3_counts_the_attachments_of_every_acknowledgement() {
        let counted = |text| read(text, Revision::V3, 10).map(|header| header.attachments);
        assert_eq!(counted("30-12[]"), Ok(0));
        assert_eq!(counted("32-/a,12[]"), Ok(2));
        assert_eq!(counted("50-[\"a\"]"), Ok(0));
        assert_eq!(counted("312[]"), Err(DecodeErrorKind::IllegalCount.at(1)));
    }
}
