//! Floating point numbers in JSON, as JavaScript writes them.

use core::fmt::{Display, LowerExp, Write};

use crate::text::Text;

/// Writes the shortest digits that read back as the same number.
///
/// `exact` is the number as a double: a single has fewer digits than the double that it equals.
/// JavaScript turns to exponents at 1e21 and below 1e-6; what is no number, or infinite, is `null`,
/// and minus zero loses its sign.
pub(crate) fn write(out: &mut Text, value: impl Display + LowerExp, exact: f64) {
    let magnitude = exact.abs();
    // Writing to a text cannot fail.
    if !magnitude.is_finite() {
        out.push_str("null");
    } else if magnitude == 0.0 {
        out.push_str("0");
    } else if (1e-6..1e21).contains(&magnitude) {
        let _ = write!(out, "{value}");
    } else {
        let _ = write!(out, "{value:e}");
        if magnitude >= 1.0
            && let Some(at) = out.as_bytes().iter().rposition(|&byte| byte == b'e')
        {
            out.replace(at + 1, 0, "+");
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::{String, ToString};

    use super::*;

    fn written(value: impl Display + LowerExp + Into<f64> + Copy) -> String {
        let mut out = Text::new();
        write(&mut out, value, value.into());
        out.share().to_string()
    }

    /// [js JSON.stringify]
    #[test]
    fn floats_look_as_in_javascript() {
        let floats = [
            (0.0, "0"),
            (-0.0, "0"),
            (1.0, "1"),
            (-1.5, "-1.5"),
            (0.1, "0.1"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (-1e21, "-1e+21"),
            (1e-6, "0.000001"),
            (1e-7, "1e-7"),
            (5e-324, "5e-324"),
            (f64::MAX, "1.7976931348623157e+308"),
            (f64::NAN, "null"),
            (f64::INFINITY, "null"),
        ];
        for (float, expected) in floats {
            assert_eq!(written(float), expected);
        }
        assert_eq!(written(0.1_f32), "0.1");
        assert_eq!(written(f32::MAX), "3.4028235e+38");
    }
}
