//! Floating point numbers in JSON, as JavaScript writes them.

use core::fmt::{Display, LowerExp, Write};

use crate::text::Text;

/// Writes a double. Most have a few decimals at most, and are written as integers then.
pub(crate) fn write_double(out: &mut Text, value: f64) {
    let magnitude = value.abs();
    let found = [1, 10, 100, 1000].into_iter().find_map(|scale| {
        let digits = digits(magnitude, scale)?;
        Some((digits, scale))
    });
    let Some((digits, scale)) = found else {
        return write_shortest(out, value, value);
    };
    if value < 0.0 {
        out.push_str("-");
    }
    out.push_str(itoa::Buffer::new().format(digits / scale));
    if scale > 1 {
        out.push_str(".");
        // With a one in front, so that zeros stay.
        let mut decimals = itoa::Buffer::new();
        let decimals = decimals.format(digits % scale + scale);
        out.push_str(decimals.get(1..).unwrap_or_default());
    }
}

/// The number multiplied by `scale`, if that is an integer. It has at most 15 digits, and no two
/// numbers of so few digits are the same double: there are no shorter ones that read back.
fn digits(magnitude: f64, scale: u64) -> Option<u64> {
    let exact = scale as f64;
    let digits = (magnitude * exact + 0.5) as u64;
    (digits < 1_000_000_000_000_000 && digits as f64 / exact == magnitude).then_some(digits)
}

/// Writes a single. It has fewer digits than the double that it equals.
pub(crate) fn write_single(out: &mut Text, value: f32) {
    write_shortest(out, value, value.into());
}

/// Writes the shortest digits that read back as the same number, which equals `exact`.
///
/// JavaScript turns to exponents at 1e21 and below 1e-6; what is no number, or infinite, is `null`,
/// and minus zero loses its sign.
fn write_shortest(out: &mut Text, value: impl Display + LowerExp, exact: f64) {
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
        write_shortest(&mut out, value, value.into());
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
        for (float, expected) in floats {
            let mut out = Text::new();
            write_double(&mut out, float);
            assert_eq!(out.share(), expected);
        }
        assert_eq!(written(0.1_f32), "0.1");
        assert_eq!(written(f32::MAX), "3.4028235e+38");
    }

    #[test]
    fn few_decimals_are_written_as_any_others() {
        let digits = (0..20_000).chain([1 << 53, 999_999_999_999_999, 1_000_000_000_000_001]);
        for digits in digits.flat_map(|digits: u64| [digits, digits.wrapping_mul(7919) >> 11]) {
            for scale in [1.0, 10.0, 100.0, 1000.0, 1e4, 1e7, -4.0, 3.0] {
                let float = digits as f64 / scale;
                let next = f64::from_bits(float.to_bits() + 1);
                for float in [float, next] {
                    let mut out = Text::new();
                    write_double(&mut out, float);
                    assert_eq!(out.share(), written(float));
                }
            }
        }
    }
}
