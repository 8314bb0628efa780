//! Sizes, rates, durations and points in time, as people write them.

use std::time::Duration;

/// Says why a size could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SizeFault {
    /// There is no number in front.
    #[error("a size begins with a number")]
    NoNumber,
    /// There is a number and nothing else.
    #[error("the unit is missing")]
    NoUnit,
    /// The unit is none of the known.
    #[error("the unit is not known")]
    UnknownUnit,
    /// It does not fit 64 bits.
    #[error("it is too large")]
    TooLarge,
    /// It is no whole number of bytes.
    #[error("it is not a whole number of bytes")]
    Fraction,
    /// A rate does not end in `/s`.
    #[error("a rate ends in \"/s\"")]
    NotPerSecond,
}

const UNITS: [(&str, u128); 10] = [
    ("B", 1),
    ("kB", 1000),
    ("KB", 1000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
];

/// Reads a size like `256 MiB` or `1.5GB`, in bytes. Units are case-sensitive: `Mb` would be megabits.
pub fn parse_size(text: &str) -> Result<u64, SizeFault> {
    let text = text.trim();
    let number_len = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = (&text[..number_len], text[number_len..].trim_start());
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() || fraction.contains('.') || number.ends_with('.') {
        return Err(SizeFault::NoNumber);
    }
    if unit.is_empty() {
        return Err(SizeFault::NoUnit);
    }
    let factor = UNITS.iter().find(|(name, _)| *name == unit).ok_or(SizeFault::UnknownUnit)?.1;
    let digits: u128 = format!("{whole}{fraction}").parse().map_err(|_| SizeFault::TooLarge)?;
    let scale = u32::try_from(fraction.len()).ok().and_then(|len| 10u128.checked_pow(len));
    let scaled = digits.checked_mul(factor).ok_or(SizeFault::TooLarge)?;
    let scale = scale.ok_or(SizeFault::Fraction)?;
    if scaled % scale != 0 {
        return Err(SizeFault::Fraction);
    }
    u64::try_from(scaled / scale).map_err(|_| SizeFault::TooLarge)
}

/// Reads a rate like `50 MiB/s`, in bytes a second.
pub fn parse_rate(text: &str) -> Result<u64, SizeFault> {
    let text = text.trim_end();
    parse_size(text.strip_suffix("/s").ok_or(SizeFault::NotPerSecond)?)
}

/// Reads a duration like `30s`, `2m` or `1h 30m`.
pub fn parse_duration(text: &str) -> Result<Duration, humantime::DurationError> {
    humantime::parse_duration(text.trim())
}

/// Reads an RFC 3339 timestamp, in milliseconds since 1970.
pub fn parse_timestamp_ms(text: &str) -> Result<i64, jiff::Error> {
    text.trim().parse::<jiff::Timestamp>().map(jiff::Timestamp::as_millisecond)
}

/// Writes a size in the largest binary unit that divides it.
pub fn show_size(bytes: u64) -> String {
    match UNITS[6..].iter().rev().find(|(_, factor)| bytes > 0 && u128::from(bytes) % factor == 0) {
        Some((unit, factor)) => format!("{} {unit}", u128::from(bytes) / factor),
        None => format!("{bytes} B"),
    }
}

/// Writes a size in the unit that leaves a number below 1024, with one decimal.
pub fn about_size(bytes: u64) -> String {
    let unit = UNITS[6..].iter().rev().find(|(_, factor)| u128::from(bytes) >= *factor);
    match unit {
        Some((unit, factor)) => {
            let tenths = u128::from(bytes) * 10 / factor;
            format!("{}.{} {unit}", tenths / 10, tenths % 10)
        }
        None => format!("{bytes} B"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_exact() {
        assert_eq!(parse_size("256 MiB"), Ok(256 << 20));
        assert_eq!(parse_size("1.5GB"), Ok(1_500_000_000));
        assert_eq!(parse_size("0.5 KiB"), Ok(512));
        assert_eq!(parse_rate("50 MiB/s"), Ok(50 << 20));
        assert_eq!(show_size(256 << 20), "256 MiB");
        assert_eq!(show_size(1500), "1500 B");
        assert_eq!(show_size(0), "0 B");
        assert_eq!([0, 1023, 1024, 5 << 19].map(about_size), ["0 B", "1023 B", "1.0 KiB", "2.5 MiB"]);
    }

    #[test]
    fn what_is_no_size_says_why() {
        assert_eq!(parse_size("MiB"), Err(SizeFault::NoNumber));
        assert_eq!(parse_size("1.2.3 MB"), Err(SizeFault::NoNumber));
        assert_eq!(parse_size("-1 MB"), Err(SizeFault::NoNumber));
        assert_eq!(parse_size("256"), Err(SizeFault::NoUnit));
        assert_eq!(parse_size("50 Mb"), Err(SizeFault::UnknownUnit));
        assert_eq!(parse_size("0.3 B"), Err(SizeFault::Fraction));
        assert_eq!(parse_size("99999999 TiB"), Err(SizeFault::TooLarge));
        assert_eq!(parse_size(&format!("1.{} B", "0".repeat(39))), Err(SizeFault::TooLarge));
        assert_eq!(parse_rate("50 MiB"), Err(SizeFault::NotPerSecond));
    }
}
