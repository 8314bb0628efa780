//! The properties of a file, and which of them have been looked at: what is left over did nothing.

use std::cell::RefCell;
use std::collections::BTreeSet;

use super::draft::Draft;
use super::properties::{Property, parse};

/// Holds a file's properties.
#[derive(Debug)]
pub struct Given {
    all: Vec<Property>,
    used: RefCell<BTreeSet<usize>>,
}

impl Given {
    /// Reads a file's text.
    pub fn new(text: &str) -> Self {
        Self { all: parse(text), used: RefCell::default() }
    }

    /// Returns the property of this key, which counts as looked at; of several the last, as Java does.
    pub fn get(&self, key: &str) -> Option<&Property> {
        let index = self.all.iter().rposition(|property| property.key == key)?;
        self.used.borrow_mut().insert(index);
        Some(&self.all[index])
    }

    /// Returns the value of a property, looked at.
    pub fn value(&self, key: &str) -> Option<&str> {
        self.get(key).map(|property| property.value.as_str())
    }

    /// Says whether a property is true, as Java's `parseBoolean` does.
    pub fn is_true(&self, key: &str) -> bool {
        self.value(key).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// Lists all properties, without looking at any.
    pub fn all(&self) -> impl Iterator<Item = &Property> {
        self.all.iter()
    }

    /// Lists the properties nobody looked at, but for those that are written again further down, on which
    /// it remarks.
    pub fn left(&self, draft: &mut Draft) -> Vec<&Property> {
        let used = self.used.borrow();
        let mut left = Vec::new();
        for (index, property) in self.all.iter().enumerate() {
            let again = self.all[index + 1..].iter().rfind(|later| later.key == property.key);
            match again {
                Some(later) => {
                    draft.remark(
                        property,
                        format!("written again in line {}, which is the one that counts", later.line),
                    );
                }
                None if !used.contains(&index) => left.push(property),
                None => {}
            }
        }
        left
    }
}

/// Cuts a comma-separated list.
pub fn list(value: &str) -> Vec<&str> {
    value.split(',').map(str::trim).filter(|entry| !entry.is_empty()).collect()
}
