//! Sizes, rates and times as people write them.

use std::time::Duration;

/// Reads a size such as `256 MiB`, `1.5 GB` or `4096`, in bytes.
pub fn bytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let factor: u64 = match unit.trim() {
        "" | "B" => 1,
        "kB" | "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    let value = number.parse::<f64>().ok()? * factor as f64;
    (value.is_finite() && value >= 0.0 && value < 9e18).then_some(value as u64)
}

/// Reads a rate such as `50 MiB/s`, in bytes per second.
pub fn bytes_per_second(text: &str) -> Option<u64> {
    bytes(text.trim().strip_suffix("/s")?).filter(|rate| *rate > 0)
}

/// Reads a duration such as `30s` or `2m`.
pub fn duration(text: &str) -> Option<Duration> {
    humantime::parse_duration(text).ok().filter(|duration| !duration.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_rates_are_read_in_both_kinds_of_units() {
        assert_eq!(bytes("256 MiB"), Some(256 << 20));
        assert_eq!(bytes("1.5GB"), Some(1_500_000_000));
        assert_eq!(bytes("4096"), Some(4096));
        assert_eq!(bytes("4 apples"), None);
        assert_eq!(bytes("-1"), None);
        assert_eq!(bytes_per_second("50 MiB/s"), Some(50 << 20));
        assert_eq!(bytes_per_second("50 MiB"), None);
        assert_eq!(duration("2m"), Some(Duration::from_secs(120)));
        assert_eq!(duration("0s"), None);
    }
}
