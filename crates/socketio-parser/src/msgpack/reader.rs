//! MessagePack, one item after the other.
//!
//! Invariant: an announced length is compared with what is there before anything is done with it,
//! and nothing is allocated.

use rmp::Marker;

use crate::error::{DecodeError, DecodeErrorKind};
use crate::number::Number;
use crate::steps;

/// A position in MessagePack.
#[derive(Clone, Debug)]
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    pub(super) at: usize,
}

/// A scalar, or the beginning of a container.
///
/// Extensions are read as notepack.io 2.2, which the reference uses, writes them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Item<'a> {
    /// So many items follow.
    Array(u32),
    Binary(&'a [u8]),
    Bool(bool),
    /// Milliseconds since 1970.
    Date(i64),
    /// An extension that nobody knows.
    Extension(i8, &'a [u8]),
    Float(f64),
    /// So many pairs of items follow.
    Map(u32),
    Nil,
    Signed(i64),
    /// Should be UTF-8.
    String(&'a [u8]),
    Undefined,
    Unsigned(u64),
}

impl Item<'_> {
    /// The number, if it is an integer from 0 on: also if it is written as a floating one, for
    /// JavaScript has one kind of number.
    pub(super) fn as_unsigned(self) -> Option<u64> {
        match self {
            Self::Unsigned(number) => Some(number),
            Self::Signed(number) => number.try_into().ok(),
            Self::Float(number) => Number::from_f64(number)?.as_u64(),
            Self::Array(_)
            | Self::Binary(_)
            | Self::Bool(_)
            | Self::Date(_)
            | Self::Extension(..)
            | Self::Map(_)
            | Self::Nil
            | Self::String(_)
            | Self::Undefined => None,
        }
    }
}

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at }
    }

    /// Reads one item.
    ///
    /// # Errors
    ///
    /// [`NotMessagePack`](DecodeErrorKind::NotMessagePack) if it is none, or not all there.
    pub(super) fn next(&mut self) -> Result<Item<'a>, DecodeError> {
        let start = self.at;
        let [first] = self.array()?;
        Ok(match Marker::from_u8(first) {
            Marker::Null => Item::Nil,
            Marker::True => Item::Bool(true),
            Marker::False => Item::Bool(false),
            Marker::FixPos(number) => Item::Unsigned(number.into()),
            Marker::FixNeg(number) => Item::Signed(number.into()),
            Marker::U8 => Item::Unsigned(u8::from_be_bytes(self.array()?).into()),
            Marker::U16 => Item::Unsigned(u16::from_be_bytes(self.array()?).into()),
            Marker::U32 => Item::Unsigned(u32::from_be_bytes(self.array()?).into()),
            Marker::U64 => Item::Unsigned(u64::from_be_bytes(self.array()?)),
            Marker::I8 => Item::Signed(i8::from_be_bytes(self.array()?).into()),
            Marker::I16 => Item::Signed(i16::from_be_bytes(self.array()?).into()),
            Marker::I32 => Item::Signed(i32::from_be_bytes(self.array()?).into()),
            Marker::I64 => Item::Signed(i64::from_be_bytes(self.array()?)),
            Marker::F32 => Item::Float(f32::from_be_bytes(self.array()?).into()),
            Marker::F64 => Item::Float(f64::from_be_bytes(self.array()?)),
            Marker::FixStr(len) => Item::String(self.take(len.into())?),
            Marker::Str8 => Item::String(self.counted::<1>()?),
            Marker::Str16 => Item::String(self.counted::<2>()?),
            Marker::Str32 => Item::String(self.counted::<4>()?),
            Marker::Bin8 => Item::Binary(self.counted::<1>()?),
            Marker::Bin16 => Item::Binary(self.counted::<2>()?),
            Marker::Bin32 => Item::Binary(self.counted::<4>()?),
            Marker::FixArray(len) => Item::Array(len.into()),
            Marker::Array16 => Item::Array(self.len::<2>()?),
            Marker::Array32 => Item::Array(self.len::<4>()?),
            Marker::FixMap(len) => Item::Map(len.into()),
            Marker::Map16 => Item::Map(self.len::<2>()?),
            Marker::Map32 => Item::Map(self.len::<4>()?),
            Marker::FixExt1 => match self.extension(1)? {
                (UNDEFINED, _) => Item::Undefined,
                (kind, bytes) => Item::Extension(kind, bytes),
            },
            Marker::FixExt2 => self.unknown(2)?,
            Marker::FixExt4 => self.unknown(4)?,
            Marker::FixExt8 => match self.extension(8)? {
                (DATE, bytes) => Item::Date(
                    bytes
                        .iter()
                        .fold(0, |all, &byte| all << 8 | i64::from(byte)),
                ),
                (kind, bytes) => Item::Extension(kind, bytes),
            },
            Marker::FixExt16 => self.unknown(16)?,
            Marker::Ext8 => self.counted_extension::<1>()?,
            Marker::Ext16 => self.counted_extension::<2>()?,
            Marker::Ext32 => self.counted_extension::<4>()?,
            Marker::Reserved => return Err(DecodeErrorKind::NotMessagePack.at(start)),
        })
    }

    /// Reads over one value, whatever is inside. Neither recurses nor remembers what is open.
    pub(super) fn skip_value(&mut self) -> Result<(), DecodeError> {
        let mut missing: u64 = 1;
        while missing > 0 {
            let item = self.next()?;
            missing -= 1;
            if let Item::Array(len) = item {
                missing = missing.saturating_add(len.into());
            } else if let Item::Map(len) = item {
                missing = missing.saturating_add(2 * u64::from(len));
            }
        }
        Ok(())
    }

    fn extension(&mut self, len: u32) -> Result<(i8, &'a [u8]), DecodeError> {
        let [kind] = self.array()?;
        Ok((kind.cast_signed(), self.take(len)?))
    }

    fn unknown(&mut self, len: u32) -> Result<Item<'a>, DecodeError> {
        let (kind, bytes) = self.extension(len)?;
        Ok(Item::Extension(kind, bytes))
    }

    fn counted_extension<const N: usize>(&mut self) -> Result<Item<'a>, DecodeError> {
        let len = self.len::<N>()?;
        Ok(match self.extension(len)? {
            (ARRAY_BUFFER, bytes) => Item::Binary(bytes),
            (kind, bytes) => Item::Extension(kind, bytes),
        })
    }

    fn counted<const N: usize>(&mut self) -> Result<&'a [u8], DecodeError> {
        let len = self.len::<N>()?;
        self.take(len)
    }

    /// A length of `N` bytes, at most 4.
    fn len<const N: usize>(&mut self) -> Result<u32, DecodeError> {
        let bytes = self.array::<N>()?;
        Ok(bytes
            .iter()
            .fold(0, |len, &byte| len << 8 | u32::from(byte)))
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let array = rest.first_chunk().ok_or_else(|| self.truncated())?;
        self.at += N;
        steps::visit(N);
        Ok(*array)
    }

    fn take(&mut self, len: u32) -> Result<&'a [u8], DecodeError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        let taken = rest.get(..len).ok_or_else(|| self.truncated())?;
        self.at += len;
        Ok(taken)
    }

    fn truncated(&self) -> DecodeError {
        DecodeErrorKind::NotMessagePack.at(self.bytes.len())
    }
}

/// Extension types of notepack.io, all the same number: their sizes tell them apart.
const UNDEFINED: i8 = 0;
const DATE: i8 = 0;
const ARRAY_BUFFER: i8 = 0;

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    fn items(bytes: &[u8]) -> Result<Vec<Item<'_>>, DecodeError> {
        let mut reader = Reader::new(bytes, 0);
        let mut items = Vec::new();
        while reader.at < bytes.len() {
            items.push(reader.next()?);
        }
        Ok(items)
    }

    #[test]
    fn every_first_byte_is_an_item_or_an_error() {
        for first in 0..=255 {
            let mut bytes = [0; 64];
            bytes[0] = first;
            let read = Reader::new(&bytes, 0).next();
            assert_eq!(read.is_err(), first == 0xc1, "{first:#x}");
            // The shortest form of each is complete after at most 35 bytes.
            assert_eq!(
                items(&bytes[..1]).is_ok(),
                matches!(first, 0..=0xa0 | 0xc0 | 0xc2 | 0xc3 | 0xe0..)
            );
        }
    }

    #[test]
    fn extensions_are_told_apart_by_size() {
        let date = [0xd7, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe];
        assert_eq!(items(&date), Ok([Item::Date(-2)].into()));
        assert_eq!(items(&[0xd4, 0, 0]), Ok([Item::Undefined].into()));
        assert_eq!(
            items(&[0xd4, 0xff, 7]),
            Ok([Item::Extension(-1, &[7])].into())
        );
        assert_eq!(
            items(&[0xc7, 2, 0, 1, 2]),
            Ok([Item::Binary(&[1, 2])].into())
        );
        assert_eq!(
            items(&[0xd5, 0, 1, 2]),
            Ok([Item::Extension(0, &[1, 2])].into())
        );
    }

    #[test]
    fn integers_may_be_written_as_floats() {
        let two = [0xcb, 0x40, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(items(&two).unwrap()[0].as_unsigned(), Some(2));
        assert_eq!(Item::Float(2.5).as_unsigned(), None);
        assert_eq!(Item::Float(f64::NAN).as_unsigned(), None);
        assert_eq!(Item::Signed(-1).as_unsigned(), None);
        assert_eq!(Item::Signed(1).as_unsigned(), Some(1));
    }

    #[test]
    fn lengths_are_not_believed() {
        let announced: [&[u8]; 4] = [
            &[0xdd, 0xff, 0xff, 0xff, 0xff],
            &[0xdf, 0xff, 0xff, 0xff, 0xff, 0xc0],
            &[0xc6, 0xff, 0xff, 0xff, 0xff, 0],
            &[0xc9, 0xff, 0xff, 0xff, 0xff, 0],
        ];
        for bytes in announced {
            let error = Reader::new(bytes, 0).skip_value().unwrap_err();
            assert_eq!(error, DecodeErrorKind::NotMessagePack.at(bytes.len()));
        }
    }
}
