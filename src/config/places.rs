//! Where in the file a key stands, for findings that come after reading.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::source::{Place, SourceText};

/// Finds the places of keys by their paths.
#[derive(Debug)]
pub struct Places<'a> {
    source: &'a SourceText,
    table: Spanned<DeTable<'a>>,
}

impl<'a> Places<'a> {
    /// Reads a file's text; of one that is not TOML every place is its beginning.
    pub fn new(source: &'a SourceText) -> Self {
        Self { source, table: DeTable::parse_recoverable(source.text()).0 }
    }

    /// Returns the file.
    pub fn source(&self) -> &SourceText {
        self.source
    }

    /// Returns the texts of the list at `path`, as typed; empty where there is none.
    pub fn texts(&self, path: &[&str]) -> Vec<String> {
        let (list, tables) = match path.split_last() {
            Some((list, tables)) => (*list, tables),
            None => return Vec::new(),
        };
        let mut table = self.table.get_ref();
        for name in tables {
            match table.get(*name).and_then(|value| value.get_ref().as_table()) {
                Some(inner) => table = inner,
                None => return Vec::new(),
            }
        }
        let items = table.get(list).and_then(|value| value.get_ref().as_array());
        let texts = items.into_iter().flatten().filter_map(|item| item.get_ref().as_str());
        texts.map(str::to_owned).collect()
    }

    /// Returns the place of the value at `path`, such as `["flows", "us-eu", "topics", "0"]`; where it is
    /// not typed that of the nearest table around it, at worst the file's beginning.
    pub fn of(&self, path: &[&str]) -> Place {
        let mut start = 0;
        let mut table = self.table.get_ref();
        for (depth, name) in path.iter().enumerate() {
            let Some((key, value)) = table.get_key_value(*name) else { break };
            start = if value.get_ref().is_table() { key.span().start } else { value.span().start };
            match value.get_ref() {
                DeValue::Table(inner) => table = inner,
                DeValue::Array(items) => {
                    let index = path.get(depth + 1).and_then(|index| index.parse::<usize>().ok());
                    if let Some(item) = index.and_then(|index| items.get(index)) {
                        start = item.span().start;
                    }
                    break;
                }
                _ => break,
            }
        }
        self.source.place(start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_typed_stands_where_its_table_does() {
        let text =
            "[clusters.us]\n[flows.f]\ntopics = [\"a\", \"b\"]\n[flows.f.limits]\nmemory = \"1 GiB\"\n";
        let source = SourceText::new("f".into(), text.to_owned());
        let places = Places::new(&source);
        let at = |path: &[&str]| {
            let place = places.of(path);
            (place.line, place.column)
        };
        assert_eq!(at(&["flows", "f", "topics", "1"]), (3, 16));
        assert_eq!(at(&["flows", "f", "topics", "7"]), (3, 10));
        assert_eq!(at(&["flows", "f", "limits", "memory"]), (5, 10));
        assert_eq!(at(&["flows", "f", "provision", "enabled"]), (2, 8));
        assert_eq!(at(&["clusters", "eu"]), (1, 2));
        assert_eq!(at(&["nothing"]), (1, 1));
        assert_eq!(places.texts(&["flows", "f", "topics"]), ["a", "b"]);
        assert_eq!(places.texts(&["flows", "f", "exclude"]), [""; 0]);
    }
}
