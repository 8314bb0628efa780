//! Numbers as people read them; what is unknown is `-`, never 0 (guarantee G11).

use std::time::Duration;

/// Stands for a value that is not known.
pub const UNKNOWN: &str = "-";

/// Writes a count with three digits or so: `999`, `12.3k`, `4.56M`.
pub fn count(value: f64) -> String {
    scaled(value, 1000.0, &["", "k", "M", "G", "T"])
}

/// Writes a whole number as [`count`] does.
pub fn whole(value: u64) -> String {
    count(real(value))
}

/// Converts for display only.
#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
pub fn real(value: u64) -> f64 {
    value as f64
}

/// Writes an amount of bytes in binary units: `45.6 MiB`.
pub fn bytes(value: f64) -> String {
    scaled(value, 1024.0, &[" B", " KiB", " MiB", " GiB", " TiB"])
}

/// Writes a duration in its two largest units: `<1s`, `34s`, `1m34s`, `2h05m`, `3d04h`.
pub fn duration(value: Duration) -> String {
    let seconds = value.as_secs();
    match (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60) {
        (0, 0, 0, 0) if value.is_zero() => "0s".to_owned(),
        (0, 0, 0, 0) => "<1s".to_owned(),
        (0, 0, 0, s) => format!("{s}s"),
        (0, 0, m, s) => format!("{m}m{s:02}s"),
        (0, h, m, _) => format!("{h}h{m:02}m"),
        (d, h, _, _) => format!("{d}d{h:02}h"),
    }
}

/// Writes seconds as [`duration`] does; `-` for what is no length of time.
pub fn seconds(value: f64) -> String {
    Duration::try_from_secs_f64(value).map_or_else(|_| UNKNOWN.to_owned(), duration)
}

/// Writes a known value with `write`, an unknown one as `-`.
pub fn or_unknown<T>(value: Option<T>, write: impl FnOnce(T) -> String) -> String {
    value.map_or_else(|| UNKNOWN.to_owned(), write)
}

/// Cuts text to `width` characters, marking the cut with `…`.
pub fn fit(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}

/// Breaks text at spaces into lines of at most `room` columns; a longer word stays whole, for a cut value
/// would be another value.
pub fn wrap(text: &str, room: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

fn scaled(value: f64, step: f64, units: &[&str]) -> String {
    if !value.is_finite() || value < 0.0 {
        return UNKNOWN.to_owned();
    }
    let mut value = value;
    let mut units = units.iter().copied();
    let mut unit = units.next().unwrap_or_default();
    let mut divided = false;
    // 999.5 would print as 1000 in its unit, so it belongs to the next.
    while value >= step - 0.5 {
        let Some(next) = units.next() else { break };
        (value, unit, divided) = (value / step, next, true);
    }
    let decimals = match value {
        _ if !divided => 0,
        v if v < 9.995 => 2,
        v if v < 99.95 => 1,
        _ => 0,
    };
    format!("{value:.decimals$}{unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_bytes_keep_three_digits() {
        for (value, text) in [
            (0.0, "0"),
            (999.0, "999"),
            (999.6, "1.00k"),
            (12_345.0, "12.3k"),
            (4_560_000.0, "4.56M"),
            (123_456.0, "123k"),
        ] {
            assert_eq!(count(value), text, "{value}");
        }
        assert_eq!(bytes(45.6 * 1024.0 * 1024.0), "45.6 MiB");
        assert_eq!(bytes(1023.0), "1023 B");
    }

    #[test]
    fn g11_what_is_not_a_number_is_unknown_and_not_zero() {
        assert_eq!(count(f64::NAN), "-");
        assert_eq!(seconds(-1.0), "-");
        assert_eq!(or_unknown(None::<f64>, count), "-");
    }

    #[test]
    fn durations_show_two_units() {
        for (value, text) in [
            (0.0, "0s"),
            (0.4, "<1s"),
            (34.0, "34s"),
            (94.0, "1m34s"),
            (7_500.0, "2h05m"),
            (273_600.0, "3d04h"),
        ] {
            assert_eq!(seconds(value), text);
        }
    }
}
