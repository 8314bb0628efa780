//! The text of a configuration file, and where in it something stands.

use std::path::PathBuf;
use std::sync::LazyLock;

use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};
use regex::Regex;

/// Finds the values of keys that hold secrets, and passwords in URLs. It errs on the safe side: it reads no
/// TOML, and covers the rest of a line it does not understand.
static SECRET: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r#"(?m)^[ \t]*"?(?:sasl_password|sasl_\w*secret\w*|sasl_\w*token)"?[ \t]*=[ \t]*["']*([^"'\s][^"'\n]*)|://([^/@\s"']+)@"#,
    )
    .expect("the pattern is a constant that a test compiles")
});

/// Holds a file's text and name.
#[derive(Clone, Debug)]
pub struct SourceText {
    path: PathBuf,
    text: String,
}

/// Names a place as an editor does: both from 1, columns in characters, not bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

impl SourceText {
    /// Pairs a text with the name the user gave its file.
    pub fn new(path: PathBuf, text: String) -> Self {
        Self { path, text }
    }

    /// Returns the file's name, as the user gave it.
    pub fn path(&self) -> &std::path::Path {
        &self.path
    }

    /// Returns the text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the same text with asterisks where secrets stand, every byte in its place.
    pub fn masked(&self) -> Self {
        let mut text = String::with_capacity(self.text.len());
        let mut rest = self.text.as_str();
        while let Some(found) = SECRET.captures(rest) {
            let secret = found.get(1).or(found.get(2)).map_or(0..0, |secret| secret.range());
            let is_place = ["env:", "file:"].iter().any(|place| rest[secret.clone()].starts_with(place));
            text.push_str(&rest[..secret.start]);
            let covered = &rest[secret.clone()];
            text.push_str(&if is_place { covered.to_owned() } else { "*".repeat(covered.len()) });
            rest = &rest[secret.end..];
        }
        text.push_str(rest);
        Self { path: self.path.clone(), text }
    }

    /// Finds the line and column of a byte offset; an offset inside a character is that character's.
    pub fn place(&self, offset: usize) -> Place {
        let before = &self.text[..self.text.floor_char_boundary(offset)];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        Place { line, column: before[line_start..].chars().count() + 1 }
    }
}

impl SourceCode for SourceText {
    /// Names the file and counts columns in characters, where miette counts bytes.
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        context_lines_before: usize,
        context_lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let contents = self.text.read_span(span, context_lines_before, context_lines_after)?;
        let column = match contents.column() {
            0 => 0,
            _ => self.place(contents.span().offset()).column - 1,
        };
        Ok(Box::new(MietteSpanContents::new_named(
            self.path.display().to_string(),
            contents.data(),
            *contents.span(),
            contents.line(),
            column,
            contents.line_count(),
        )))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn columns_count_characters_not_bytes() {
        let source = SourceText::new("f".into(), "ab\r\ngrüße = \"日本\"\n".into());
        let at = |needle: &str| source.place(source.text().find(needle).unwrap());
        assert_eq!(at("ab"), Place { line: 1, column: 1 });
        assert_eq!(at("ße"), Place { line: 2, column: 4 });
        assert_eq!(at("本"), Place { line: 2, column: 11 });
        assert_eq!(source.place(usize::MAX), Place { line: 3, column: 1 });
    }

    #[test]
    fn secrets_are_covered_and_nothing_moves() {
        let text = "sasl_username = \"me\"\nsasl_password = \"hunter2\" # old\n sasl_aws_secret_access_key='a/b'\n\
                    sasl_password = \"env:WORD\"\nsasl_oauthbearer_token = tok en\nurl = \"https://a:b@c/\"\n\
                    sasl_oauthbearer_token_endpoint_url = \"https://c/\"\n";
        let masked = SourceText::new("f".into(), text.into()).masked();
        assert_eq!(
            masked.text(),
            "sasl_username = \"me\"\nsasl_password = \"*******\" # old\n sasl_aws_secret_access_key='***'\n\
             sasl_password = \"env:WORD\"\nsasl_oauthbearer_token = ******\nurl = \"https://***@c/\"\n\
             sasl_oauthbearer_token_endpoint_url = \"https://c/\"\n"
        );
    }
}
