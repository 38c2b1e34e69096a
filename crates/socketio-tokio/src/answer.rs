//! A handler's return value on its way to becoming an acknowledgement.
//!
//! Everything that serialises may be returned. `Result` is recognised by the name under which
//! serde serialises it, because a trait of ours could not be implemented both for every
//! `Serialize` and, differently, for `Result`.

use std::fmt;

use serde::ser::{self, Impossible};
use serde::{Serialize, Serializer};
use socketio_proto::{Args, EncodeError};

/// What a handler returned.
#[derive(Debug)]
pub enum Answer {
    /// A value, or the inside of an `Ok`. `None`: nobody asked, so it was not serialised.
    Value(Option<Args>),
    /// The inside of an `Err`.
    Failure(Args),
    /// A value that cannot be a Socket.IO argument.
    Unencodable(EncodeError),
}

impl Answer {
    /// Reads a return value; serialises it only if it is `wanted` or an `Err`.
    pub(crate) fn of<T: Serialize>(value: &T, wanted: bool) -> Self {
        match value.serialize(Outermost { wanted }) {
            Ok(answer) => answer,
            Err(Plain) => Self::verbatim(value, wanted),
        }
    }

    /// The value itself, whatever it is; serialises it only if it is `wanted`.
    pub(crate) fn verbatim<T: Serialize>(value: &T, wanted: bool) -> Self {
        if wanted {
            Args::new(value).map_or_else(Self::Unencodable, Self::value)
        } else {
            Self::Value(None)
        }
    }

    /// What a peer is told about an error.
    pub(crate) fn failure<E: Serialize>(error: &E) -> Self {
        Args::new(error).map_or_else(Self::Unencodable, Self::Failure)
    }

    fn value(args: Args) -> Self {
        Self::Value(Some(args))
    }
}

/// Looks at the outermost layer of a value: is it a `Result`?
struct Outermost {
    wanted: bool,
}

/// The value is not a `Result`. Not an error, but the way out of a serialiser.
#[derive(Debug)]
struct Plain;

impl fmt::Display for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a result")
    }
}

impl std::error::Error for Plain {}

impl ser::Error for Plain {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

macro_rules! plain {
    ($($method:ident($($argument:ty),*)),* $(,)?) => {$(
        fn $method(self, $(_: $argument),*) -> Result<Answer, Plain> {
            Err(Plain)
        }
    )*};
}

macro_rules! plain_compound {
    ($($method:ident($($argument:ty),*) -> $compound:ident),* $(,)?) => {$(
        fn $method(self, $(_: $argument),*) -> Result<Self::$compound, Plain> {
            Err(Plain)
        }
    )*};
}

impl Serializer for Outermost {
    type Ok = Answer;
    type Error = Plain;
    type SerializeMap = Impossible<Answer, Plain>;
    type SerializeSeq = Impossible<Answer, Plain>;
    type SerializeStruct = Impossible<Answer, Plain>;
    type SerializeStructVariant = Impossible<Answer, Plain>;
    type SerializeTuple = Impossible<Answer, Plain>;
    type SerializeTupleStruct = Impossible<Answer, Plain>;
    type SerializeTupleVariant = Impossible<Answer, Plain>;

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Answer, Plain> {
        match (name, variant) {
            ("Result", "Ok") if !self.wanted => Ok(Answer::Value(None)),
            ("Result", "Ok") => {
                Ok(Args::new(value).map_or_else(Answer::Unencodable, Answer::value))
            }
            ("Result", "Err") => {
                Ok(Args::new(value).map_or_else(Answer::Unencodable, Answer::Failure))
            }
            _ => Err(Plain),
        }
    }

    fn serialize_some<T: Serialize + ?Sized>(self, _: &T) -> Result<Answer, Plain> {
        Err(Plain)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: &T,
    ) -> Result<Answer, Plain> {
        Err(Plain)
    }

    plain! {
        serialize_bool(bool), serialize_i8(i8), serialize_i16(i16), serialize_i32(i32),
        serialize_i64(i64), serialize_u8(u8), serialize_u16(u16), serialize_u32(u32),
        serialize_u64(u64), serialize_f32(f32), serialize_f64(f64), serialize_char(char),
        serialize_str(&str), serialize_bytes(&[u8]), serialize_none(), serialize_unit(),
        serialize_unit_struct(&'static str), serialize_unit_variant(&'static str, u32, &'static str),
    }

    plain_compound! {
        serialize_seq(Option<usize>) -> SerializeSeq,
        serialize_tuple(usize) -> SerializeTuple,
        serialize_tuple_struct(&'static str, usize) -> SerializeTupleStruct,
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> SerializeTupleVariant,
        serialize_map(Option<usize>) -> SerializeMap,
        serialize_struct(&'static str, usize) -> SerializeStruct,
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> SerializeStructVariant,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(answer: Answer) -> String {
        match answer {
            Answer::Value(Some(args)) => args.json().to_string(),
            Answer::Value(None) => "unasked".into(),
            Answer::Failure(args) => format!("failed with {}", args.json()),
            Answer::Unencodable(error) => format!("unencodable: {error}"),
        }
    }

    #[test]
    fn unit_answers_with_no_argument() {
        assert_eq!(json(Answer::of(&(), true)), "[]");
    }

    #[test]
    fn a_tuple_answers_with_several_arguments_and_a_vec_with_one() {
        assert_eq!(json(Answer::of(&(1, "a"), true)), r#"[1,"a"]"#);
        assert_eq!(json(Answer::of(&vec![1, 2], true)), "[[1,2]]");
    }

    #[test]
    fn a_result_answers_with_what_is_inside() {
        assert_eq!(json(Answer::of(&Ok::<_, String>((1, 2)), true)), "[1,2]");
        let failed = Answer::of(&Err::<(), _>("no"), true);
        assert_eq!(json(failed), r#"failed with ["no"]"#);
    }

    #[test]
    fn a_failure_is_seen_though_nobody_asked() {
        assert_eq!(
            json(Answer::of(&Err::<(), _>("no"), false)),
            r#"failed with ["no"]"#
        );
        assert_eq!(json(Answer::of(&Ok::<_, String>(1), false)), "unasked");
        assert_eq!(json(Answer::of(&1, false)), "unasked");
    }
}
