//! Points in time, as JavaScript writes them in JSON.

use alloc::format;
use alloc::string::String;

/// The text of a number of milliseconds since 1970: `2020-01-01T00:00:00.000Z`. `None`: beyond what
/// JavaScript counts as a date.
pub(super) fn iso(milliseconds: i64) -> Option<String> {
    if milliseconds.unsigned_abs() > MAX {
        return None;
    }
    let (days, rest) = (milliseconds.div_euclid(DAY), milliseconds.rem_euclid(DAY));
    let (year, month, day) = civil(days);
    let year = match year {
        0..=9999 => format!("{year:04}"),
        _ => format!("{year:+07}"),
    };
    let (seconds, milliseconds) = (rest / 1000, rest % 1000);
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    Some(format!(
        "{year}-{month:02}-{day:02}T{hours:02}:{minutes:02}:{seconds:02}.{milliseconds:03}Z"
    ))
}

/// Year, month and day of a number of days since 1970.
///
/// Years are counted from March, so that the day that is not always there comes last; 400 of them
/// have always the same number of days.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468; // from 0000-03-01 to 1970-01-01
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    (era * 400 + year + next, month, day)
}

/// In milliseconds.
const DAY: i64 = 86_400_000;
/// In milliseconds. [js Date]
const MAX: u64 = 8_640_000_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    /// [js Date.prototype.toISOString]
    #[test]
    fn dates_look_as_in_javascript() {
        let dates = [
            (0, "1970-01-01T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (1_577_836_800_000, "2020-01-01T00:00:00.000Z"),
            (1_582_934_400_123, "2020-02-29T00:00:00.123Z"),
            (951_868_799_999, "2000-02-29T23:59:59.999Z"),
            (-62_167_219_200_000, "0000-01-01T00:00:00.000Z"),
            (-62_167_219_200_001, "-000001-12-31T23:59:59.999Z"),
            (253_402_300_800_000, "+010000-01-01T00:00:00.000Z"),
            (8_640_000_000_000_000, "+275760-09-13T00:00:00.000Z"),
            (-8_640_000_000_000_000, "-271821-04-20T00:00:00.000Z"),
        ];
        for (milliseconds, text) in dates {
            assert_eq!(iso(milliseconds).as_deref(), Some(text));
        }
        assert_eq!(iso(8_640_000_000_000_001), None);
        assert_eq!(iso(i64::MIN), None);
    }
}
