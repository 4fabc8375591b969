//! What a natural key stands for: an entry of the files, or else one of the database.

use super::form::Form;
use super::report::Report;
use super::rows::Row;
use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;

/// Entries by natural key.
pub(super) struct Lookup<K, E> {
    /// The file in which they are declared.
    form: &'static Form,
    stored: HashMap<K, E>,
    declared: HashMap<K, Declared<E>>,
}

struct Declared<E> {
    line: u64,
    /// None if the row is wrong, which is reported where it stands: what refers to it is not wrong for that.
    entry: Option<E>,
}

/// What a key stands for.
pub(super) enum Found<'a, E> {
    /// This.
    Entry(&'a E),
    /// Something whose row is wrong.
    Wrong,
    /// Nothing.
    Nothing,
}

impl<K: Eq + Hash, E> Lookup<K, E> {
    pub(super) fn new(form: &'static Form, stored: HashMap<K, E>) -> Self {
        Self { form, stored, declared: HashMap::new() }
    }

    /// The entry as it is stored.
    pub(super) fn stored(&self, key: &K) -> Option<&E> {
        self.stored.get(key)
    }

    /// Whether the files declare the key.
    pub(super) fn is_declared(&self, key: &K) -> bool {
        self.declared.contains_key(key)
    }

    /// Takes what a row declares, or answers the line that declared the key before.
    pub(super) fn declare(&mut self, key: K, line: u64, entry: Option<E>) -> Result<(), u64> {
        if let Some(first) = self.declared.get(&key) {
            return Err(first.line);
        }
        self.declared.insert(key, Declared { line, entry });
        Ok(())
    }

    /// Replaces what is stored, for what no row of the file declares.
    pub(super) fn replace(&mut self, key: K, entry: E) {
        self.stored.insert(key, entry);
    }

    /// The line that declared a key.
    pub(super) fn line(&self, key: &K) -> Option<u64> {
        self.declared.get(key).map(|declared| declared.line)
    }

    /// What a key stands for.
    pub(super) fn find(&self, key: &K) -> Found<'_, E> {
        match self.declared.get(key) {
            Some(Declared { entry: Some(entry), .. }) => Found::Entry(entry),
            Some(Declared { entry: None, .. }) => Found::Wrong,
            None => self.stored.get(key).map_or(Found::Nothing, Found::Entry),
        }
    }
}

impl<K: Eq + Hash + fmt::Display + for<'a> TryFrom<&'a str, Error = String>, E> Lookup<K, E> {
    /// What a cell refers to by its natural key. None if the cell is wrong, which is reported, or if the row that it
    /// refers to is.
    pub(super) fn refer(&self, row: &Row, form: &Form, column: &str, report: &mut Report) -> Option<(K, &E)> {
        let Some(text) = row.text(column) else {
            if !row.is_unreadable(column) {
                report.cell(form, row.line, column, "is required");
            }
            return None;
        };
        let key = match K::try_from(text) {
            Ok(key) => key,
            Err(reason) => {
                report.cell(form, row.line, column, reason);
                return None;
            }
        };
        match self.find(&key) {
            Found::Entry(entry) => Some((key, entry)),
            Found::Wrong => None,
            Found::Nothing => {
                let reason = format!("there is no `{key}`, neither in {} nor in the database", self.form.file);
                report.cell(form, row.line, column, reason);
                None
            }
        }
    }
}
