//! Java's properties format, as `java.util.Properties` reads it, with the lines the keys stand on.

/// Holds one key and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Property {
    /// The line it begins on, from 1.
    pub line: usize,
    /// The key, unescaped.
    pub key: String,
    /// The value, unescaped, with spaces at its end left out as Kafka's own parsers do.
    pub value: String,
}

/// Reads a file's text; whatever it holds has a meaning, so there are no errors.
pub fn parse(text: &str) -> Vec<Property> {
    let mut found = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        let first = line.trim_start_matches(is_blank);
        if first.is_empty() || first.starts_with(['#', '!']) {
            continue;
        }
        let mut whole = first.to_owned();
        while is_continued(&whole) {
            whole.pop();
            match lines.next() {
                Some((_, next)) => whole.push_str(next.trim_start_matches(is_blank)),
                None => break,
            }
        }
        let (key, value) = split(&whole);
        let value = unescape(value).trim_end().to_owned();
        found.push(Property { line: index + 1, key: unescape(key), value });
    }
    found
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\u{c}')
}

/// An odd number of backslashes at its end continues a line.
fn is_continued(line: &str) -> bool {
    line.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1
}

/// The key ends at the first `=`, `:` or blank that is not escaped; blanks around the separator are no
/// part of either.
fn split(line: &str) -> (&str, &str) {
    let mut is_escaped = false;
    for (at, c) in line.char_indices() {
        if is_escaped {
            is_escaped = false;
        } else if c == '\\' {
            is_escaped = true;
        } else if matches!(c, '=' | ':') || is_blank(c) {
            let rest = line[at..].trim_start_matches(is_blank);
            let value = rest.strip_prefix(['=', ':']).unwrap_or(rest);
            return (&line[..at], value.trim_start_matches(is_blank));
        }
    }
    (line, "")
}

fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            plain.push(c);
            continue;
        }
        match chars.next() {
            Some('t') => plain.push('\t'),
            Some('n') => plain.push('\n'),
            Some('r') => plain.push('\r'),
            Some('f') => plain.push('\u{c}'),
            Some('u') => {
                let digits = chars.as_str().get(..4).unwrap_or_default();
                let number = u32::from_str_radix(digits, 16).ok();
                match number.filter(|_| digits.len() == 4).and_then(char::from_u32) {
                    Some(named) => {
                        plain.push(named);
                        chars.nth(3);
                    }
                    None => plain.push('u'),
                }
            }
            Some(other) => plain.push(other),
            None => {}
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Vec<(usize, String, String)> {
        parse(text).into_iter().map(|found| (found.line, found.key, found.value)).collect()
    }

    fn pair(line: usize, key: &str, value: &str) -> (usize, String, String) {
        (line, key.to_owned(), value.to_owned())
    }

    #[test]
    fn separators_comments_and_continued_lines_are_javas() {
        let text = "# no\n  ! neither\n\na=1\n b : 2 \nc 3\nd\ne = x,\\\n    y\nus->eu.enabled = true\r\n";
        let expected = [
            pair(4, "a", "1"),
            pair(5, "b", "2"),
            pair(6, "c", "3"),
            pair(7, "d", ""),
            pair(8, "e", "x,y"),
            pair(10, "us->eu.enabled", "true"),
        ];
        assert_eq!(pairs(text), expected);
    }

    #[test]
    fn escapes_are_javas() {
        assert_eq!(pairs("a\\=b=c\\:d\\\\"), [pair(1, "a=b", "c:d\\")]);
        assert_eq!(pairs("k=\\u00e9\\t.\\n\\uzz"), [pair(1, "k", "é\t.\nuzz")]);
        assert_eq!(pairs("topics = orders\\\\..*"), [pair(1, "topics", "orders\\..*")]);
        assert_eq!(pairs("topics = orders\\..*"), [pair(1, "topics", "orders..*")]);
        assert_eq!(pairs("last = a\\"), [pair(1, "last", "a")]);
    }
}
