//! Did you mean …?

/// Finds the known word nearest to a mistyped one, if it is near enough to be meant.
///
/// Case is ignored: `sasl_ssl` means `SASL_SSL`. A third of the letters may be wrong, at least one.
pub fn nearest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // A word this long is nobody's typing error, and the distance costs its square.
    if typed.len() > 64 {
        return None;
    }
    let typed = typed.to_lowercase();
    known
        .into_iter()
        .map(|word| (strsim::damerau_levenshtein(&typed, &word.to_lowercase()), word))
        .filter(|(distance, word)| *distance <= (word.chars().count() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// Words the help for a mistyped word: the nearest known one, or all of them.
pub fn did_you_mean<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    match nearest(typed, known.iter().copied()) {
        Some(word) => format!("did you mean `{word}`?"),
        None => format!("known here: {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggests_what_is_near_and_nothing_else() {
        let known = ["SASL_SSL", "SASL_PLAINTEXT", "SSL"];
        assert_eq!(nearest("sasl_ssl", known), Some("SASL_SSL"));
        assert_eq!(nearest("SALS_SSL", known), Some("SASL_SSL"));
        assert_eq!(nearest("kerberos", known), None);
        assert_eq!(nearest("us", ["eu"]), None);
    }
}
