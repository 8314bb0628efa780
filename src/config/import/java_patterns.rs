//! Java's regular expressions as patterns of `strait.toml`, a glob where one says exactly the same.

use crate::config::patterns::Pattern;

/// Returns the pattern, or why there is none.
pub fn convert(expression: &str) -> Result<String, String> {
    // Java's possessive quantifiers mean something else to other engines, which still read them.
    if ["*+", "++", "?+", "}+"].iter().any(|quantifier| expression.contains(quantifier)) {
        return Err(format!("`{expression}` has a possessive quantifier of Java's; say it in other words"));
    }
    let pattern = glob(expression).unwrap_or_else(|| format!("re:{expression}"));
    match Pattern::parse(&pattern) {
        Ok(_) => Ok(pattern),
        Err(fault) => Err(format!(
            "`{expression}` is a regular expression of Java that has no counterpart here ({fault}); say it in other words"
        )),
    }
}

/// Reads the few forms that most expressions have: names, `\.` for a dot, and `.*` for anything.
fn glob(expression: &str) -> Option<String> {
    let mut glob = String::new();
    let mut rest = expression;
    while let Some(c) = rest.chars().next() {
        if let Some(behind) = rest.strip_prefix(".*") {
            glob.push('*');
            rest = behind;
        } else if let Some(behind) = rest.strip_prefix("\\.") {
            glob.push('.');
            rest = behind;
        } else if c.is_ascii_alphanumeric() || c == '_' || c == '-' {
            glob.push(c);
            rest = &rest[1..];
        } else {
            return None;
        }
        // A quantifier other than that of `.*` is about the character in front of it.
        if rest.starts_with(['*', '+', '?', '{']) {
            return None;
        }
    }
    (!glob.is_empty()).then_some(glob)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glob_where_it_says_exactly_the_same() {
        for (expression, pattern) in [
            (".*", "*"),
            ("orders", "orders"),
            ("orders.*", "orders*"),
            ("orders\\..*", "orders.*"),
            (".*\\.replica", "*.replica"),
            ("a.b", "re:a.b"),
            ("ab+", "re:ab+"),
            ("a|b", "re:a|b"),
            (".*[\\-\\.]internal", "re:.*[\\-\\.]internal"),
            ("ab*", "re:ab*"),
            (".*?", "re:.*?"),
        ] {
            assert_eq!(convert(expression).as_deref(), Ok(pattern), "{expression}");
        }
    }

    #[test]
    fn what_only_java_has_is_said() {
        for expression in ["(?!test).*", "a*+", "(", "^(?<!x)y$"] {
            assert!(convert(expression).is_err_and(|why| why.contains(expression)), "{expression}");
        }
    }
}
