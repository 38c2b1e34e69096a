//! Numbers as JavaScript has them, without losing large integers.

use core::fmt;

use serde::de::Visitor;
use serde::ser::{Serialize, Serializer};

use crate::error::ArgsError;

/// A number: an integer of up to 64 bits, or a floating one. Never NaN, which JSON does not have.
///
/// As in JavaScript 1 and 1.0 are the same number, and so are 0 and -0.
///
/// ```
/// use socketio_parser::Number;
///
/// assert_eq!(Number::from(1), Number::from_f64(1.0).unwrap());
/// assert_eq!(Number::from(u64::MAX).as_i64(), None);
/// assert_eq!(Number::from_f64(0.5).unwrap().as_u64(), None);
/// ```
#[derive(Clone, Copy, PartialEq)]
pub struct Number(Repr);

/// One form for each number, so that equal numbers are equal values.
#[derive(Clone, Copy, PartialEq)]
enum Repr {
    Unsigned(u64),
    /// Below 0.
    Negative(i64),
    /// No integer, or one that an integer type does not hold exactly.
    Float(f64),
}

impl Number {
    /// Takes a floating point number. `None`: it is NaN.
    #[must_use]
    pub fn from_f64(number: f64) -> Option<Self> {
        // In these ranges a cast only cuts off what follows the point.
        let repr = match number {
            number if number.is_nan() => return None,
            0.0..ABOVE_U64 if (number as u64) as f64 == number => Repr::Unsigned(number as u64),
            MIN_I64..0.0 if (number as i64) as f64 == number => Repr::Negative(number as i64),
            number => Repr::Float(number),
        };
        Some(Self(repr))
    }

    /// The number, if it is an integer that this type holds.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        match self.0 {
            Repr::Unsigned(number) => Some(number),
            Repr::Negative(_) | Repr::Float(_) => None,
        }
    }

    /// The number, if it is an integer that this type holds.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        match self.0 {
            Repr::Unsigned(number) => number.try_into().ok(),
            Repr::Negative(number) => Some(number),
            Repr::Float(_) => None,
        }
    }

    /// The number, rounded if it is an integer above 2^53.
    #[must_use]
    pub fn as_f64(&self) -> f64 {
        match self.0 {
            Repr::Unsigned(number) => number as f64,
            Repr::Negative(number) => number as f64,
            Repr::Float(number) => number,
        }
    }
}

// Without NaN, each number equals itself.
impl Eq for Number {}

impl From<u64> for Number {
    fn from(number: u64) -> Self {
        Self(Repr::Unsigned(number))
    }
}

impl From<i64> for Number {
    fn from(number: i64) -> Self {
        Self(match u64::try_from(number) {
            Ok(number) => Repr::Unsigned(number),
            Err(_) => Repr::Negative(number),
        })
    }
}

impl From<i32> for Number {
    fn from(number: i32) -> Self {
        i64::from(number).into()
    }
}

impl From<u32> for Number {
    fn from(number: u32) -> Self {
        u64::from(number).into()
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Repr::Unsigned(number) => serializer.serialize_u64(number),
            Repr::Negative(number) => serializer.serialize_i64(number),
            Repr::Float(number) => serializer.serialize_f64(number),
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Repr::Unsigned(number) => number.fmt(f),
            Repr::Negative(number) => number.fmt(f),
            Repr::Float(number) => number.fmt(f),
        }
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Hands over a JSON number as the narrowest of unsigned, signed and floating that holds it.
///
/// Beyond the range of a double it is infinite, as in JavaScript. The outer error: no number at
/// all.
pub(crate) fn visit_number<'de, V: Visitor<'de>>(
    number: &str,
    visitor: V,
) -> Result<Result<V::Value, ArgsError>, core::num::ParseFloatError> {
    if let Ok(unsigned) = number.parse() {
        return Ok(visitor.visit_u64(unsigned));
    }
    // Minus zero is a number of its own, which integers do not have.
    if number != "-0"
        && let Ok(signed) = number.parse()
    {
        return Ok(visitor.visit_i64(signed));
    }
    number.parse().map(|float| visitor.visit_f64(float))
}

/// 2^64.
const ABOVE_U64: f64 = 18_446_744_073_709_551_616.0;
/// -2^63.
const MIN_I64: f64 = -9_223_372_036_854_775_808.0;

#[cfg(test)]
mod tests {
    use super::*;

    fn float(number: f64) -> Number {
        Number::from_f64(number).unwrap()
    }

    #[test]
    fn equal_numbers_are_equal_values() {
        assert_eq!(float(1.0), Number::from(1));
        assert_eq!(float(-3.0), Number::from(-3));
        assert_eq!(float(-0.0), Number::from(0));
        assert_eq!(Number::from(5_i64), Number::from(5_u64));
        assert_ne!(float(0.5), Number::from(0));
        assert_eq!(float(1e19).as_u64(), Some(10_000_000_000_000_000_000));
        assert_eq!(float(MIN_I64), Number::from(i64::MIN));
        assert_eq!(float(ABOVE_U64).as_u64(), None);
        assert_eq!(Number::from_f64(f64::NAN), None);
    }

    #[test]
    fn integers_stay_exact() {
        for number in [u64::MAX, 1 << 53, 0] {
            assert_eq!(Number::from(number).as_u64(), Some(number));
        }
        assert_eq!(Number::from(i64::MIN).as_i64(), Some(i64::MIN));
        assert_eq!(Number::from(-1).as_u64(), None);
        assert_eq!(float(1e300).as_i64(), None);
        assert_eq!(float(f64::INFINITY).as_f64(), f64::INFINITY);
        assert_eq!(Number::from(-2).as_f64().to_bits(), (-2.0_f64).to_bits());
    }
}
