//! A limit on nesting, checked before parsing: nested tables are read and dropped recursively.

use super::error::Span;

/// Finds where a text may nest deeper than `max`: brackets left open, or dots in a key.
///
/// Knows nothing of quotes, so it counts too much rather than too little. Dots are counted in one
/// word of a line: a long key is found, a sentence in a comment is not.
pub(super) fn too_deep(text: &str, max: usize) -> Option<Span> {
    let mut open = 0_usize;
    let mut dots = 0_usize;
    let mut has_opened_on_line = false;
    for (at, character) in text.char_indices() {
        match character {
            '[' | '{' => {
                open += 1;
                has_opened_on_line = true;
            }
            ']' | '}' => open = open.saturating_sub(1),
            '.' => dots += 1,
            '\n' => {
                dots = 0;
                has_opened_on_line = false;
            }
            '=' | ',' | '#' => dots = 0,
            _ => {}
        }
        if dots > max || (open > max && has_opened_on_line) {
            return Some((at..at + 1).into());
        }
    }
    None
}
