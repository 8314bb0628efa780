//! Prints a configuration in the making as `strait.toml`.

use super::draft::{Draft, Flow, Line, Table, Value};

/// Longest line of a comment.
const COMMENT_WIDTH: usize = 100;

/// Returns the file's text; `from` names what it was made from.
pub fn write(draft: &Draft, from: &str) -> String {
    let mut text = String::new();
    comments(&mut text, "", &draft.comments);
    for (name, table) in &draft.clusters {
        section(&mut text, &format!("clusters.{}", quoted(name)), table);
    }
    for flow in &draft.flows {
        write_flow(&mut text, flow);
    }
    if !draft.remarks.is_empty() {
        text.push('\n');
        comments(&mut text, "", &[format!("What {from} says, and this file does not:")]);
        let mut remarks = draft.remarks.clone();
        remarks.sort();
        remarks.dedup();
        for remark in remarks {
            comments(&mut text, "  ", &[format!("line {}: {}: {}", remark.line, remark.key, remark.words)]);
        }
    }
    text
}

fn write_flow(text: &mut String, flow: &Flow) {
    section(text, &format!("flows.{}", quoted(&flow.name)), &flow.own);
    for (name, table) in flow.inner.iter().filter(|(_, table)| !table.lines.is_empty()) {
        section(text, &format!("flows.{}.{name}", quoted(&flow.name)), table);
    }
}

fn section(text: &mut String, name: &str, table: &Table) {
    if !text.is_empty() {
        text.push('\n');
    }
    comments(text, "", &table.comments);
    text.push_str(&format!("[{name}]\n"));
    for Line { comments: words, key, value } in &table.lines {
        comments(text, "", words);
        if !key.is_empty() {
            text.push_str(&format!("{key} = {}\n", shown(value)));
        }
    }
}

/// Writes comments, broken at spaces, each further line of one indented under its first.
fn comments(text: &mut String, indent: &str, words: &[String]) {
    for comment in words {
        let mut line = format!("#{indent}");
        // TOML takes no control characters, in comments either.
        let plain: String =
            comment.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect();
        for word in plain.split_whitespace() {
            let has_words = line.len() > indent.len() + 3;
            if has_words && line.chars().count() + 1 + word.chars().count() > COMMENT_WIDTH {
                text.push_str(&line);
                text.push('\n');
                line = format!("#{indent}  ");
            }
            line.push(' ');
            line.push_str(word);
        }
        text.push_str(&line);
        text.push('\n');
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Text(text) => quote(text),
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(|item| quote(item)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Number(number) => number.to_string(),
        Value::Bool(value) => value.to_string(),
        Value::Table(pairs) => {
            let pairs: Vec<String> =
                pairs.iter().map(|(key, value)| format!("{} = {}", quote(key), quote(value))).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
    }
}

/// Writes a text as TOML does: in double quotes, escaped, on one line.
fn quote(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            c if c.is_control() => quoted.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// Writes a name in a table's heading: as it is, or in quotes where it has a dot.
fn quoted(name: &str) -> String {
    let is_bare = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
    if is_bare { name.to_owned() } else { quote(name) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_toml_cannot_hold_as_it_is_is_escaped() {
        assert_eq!(quote("a\"b\\c\n\u{1}é"), "\"a\\\"b\\\\c\\n\\u0001é\"");
        assert_eq!(quoted("us.east"), "\"us.east\"");
        assert_eq!(quoted("us-east"), "us-east");
    }
}
