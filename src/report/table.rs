//! The one table type: plain columns that `awk` can split.

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, ContentArrangement};

/// Names a column and says how it stands.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// The header; holds no space.
    pub name: &'static str,
    /// Numbers stand right, words left.
    pub is_number: bool,
}

impl Column {
    /// Makes a column of words.
    pub const fn words(name: &'static str) -> Self {
        Self { name, is_number: false }
    }

    /// Makes a column of numbers.
    pub const fn number(name: &'static str) -> Self {
        Self { name, is_number: true }
    }
}

/// Gathers rows and lays them out.
///
/// Every cell is one word, so that a column has the same number in every row: spaces become `_`
/// and an empty cell `-`. A table too wide for its page keeps its words whole and runs over: a cut
/// offset would be a wrong offset.
#[derive(Clone, Debug)]
pub struct Table {
    columns: &'static [Column],
    rows: Vec<Vec<String>>,
}

impl Table {
    /// Starts an empty table.
    pub fn new(columns: &'static [Column]) -> Self {
        Self { columns, rows: Vec::new() }
    }

    /// Adds a row; missing cells are unknown.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let mut row: Vec<String> = cells.into_iter().map(|cell| one_word(&cell)).collect();
        row.resize(self.columns.len(), super::human::UNKNOWN.to_owned());
        self.rows.push(row);
    }

    /// Lays the table out, without spaces at the ends of lines.
    pub fn render(&self) -> String {
        let mut table = comfy_table::Table::new();
        table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(self.columns.iter().map(|column| column.name));
        table.add_rows(&self.rows);
        for (index, column) in self.columns.iter().enumerate() {
            if let Some(made) = table.column_mut(index) {
                made.set_padding((0, 2));
                if column.is_number {
                    made.set_cell_alignment(CellAlignment::Right);
                }
            }
        }
        table.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
    }
}

fn one_word(cell: &str) -> String {
    if cell.is_empty() {
        return super::human::UNKNOWN.to_owned();
    }
    cell.chars().map(|c| if c.is_whitespace() || c.is_control() { '_' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    static COLUMNS: [Column; 3] =
        [Column::words("FLOW"), Column::words("TOPIC"), Column::number("SOURCE-NEXT")];

    #[test]
    fn every_line_has_as_many_words_as_there_are_columns() {
        let mut table = Table::new(&COLUMNS);
        table.row(["us-eu", "a b", "12"].map(str::to_owned));
        table.row(["us-eu".to_owned(), String::new()]);
        let text = table.render();
        assert_eq!(
            text,
            "FLOW   TOPIC  SOURCE-NEXT\n\
             us-eu  a_b             12\n\
             us-eu  -                -"
        );
        assert!(text.lines().all(|line| line.split_whitespace().count() == 3), "{text}");
    }
}
