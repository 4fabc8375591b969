//! Gathers everything that is wrong.

use super::error::RowError;
use super::form::Form;
use super::rows::Row;
use enrollment_core::fields::FieldErrors;

/// Everything that is wrong so far.
#[derive(Debug, Default)]
pub(super) struct Report {
    errors: Vec<RowError>,
}

impl Report {
    /// Adds an error about a whole row, or about the file.
    pub(super) fn row(&mut self, form: &Form, line: u64, reason: impl Into<String>) {
        self.errors.push(RowError { file: form.file, line, column: None, reason: reason.into() });
    }

    /// Adds an error about a cell.
    pub(super) fn cell(&mut self, form: &Form, line: u64, column: &str, reason: impl Into<String>) {
        let column = Some(column.to_owned());
        self.errors.push(RowError { file: form.file, line, column, reason: reason.into() });
    }

    /// Adds what core finds wrong with a row: its pointers are the columns. A cell that could not even be read has been
    /// reported, and core only misses it.
    pub(super) fn fields(&mut self, form: &Form, row: &Row, errors: &FieldErrors) {
        for error in errors {
            let column = error.pointer.trim_start_matches('/');
            if !row.is_unreadable(column) {
                self.cell(form, row.line, column, error.detail.as_str());
            }
        }
    }

    /// Whether nothing is wrong.
    pub(super) fn is_empty(&self) -> bool {
        self.errors.is_empty()
    }

    /// The errors in the order of files and lines.
    pub(super) fn into_errors(mut self) -> Vec<RowError> {
        let place = |error: &RowError| super::form::FORMS.iter().position(|form| form.file == error.file);
        self.errors.sort_by_key(|error| (place(error), error.line));
        self.errors
    }
}
