//! What is wrong with an import, to be read by the person who made the files.

use enrollment_diesel::StoreError;
use enrollment_diesel::import::WriteError;
use std::fmt;
use std::io;
use std::path::PathBuf;
use thiserror::Error;

/// Why nothing was imported.
#[derive(Debug, Error)]
pub enum ImportError {
    /// The folder or a file in it cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// What was to be read.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The folder has none of the files.
    #[error("{} has none of the files {}", dir.display(), super::form::file_names())]
    NoFiles {
        /// The folder.
        dir: PathBuf,
    },
    /// Rows are wrong: all of them, in the order of files and lines.
    #[error("{}nothing was imported: {} to correct", listing(.0), counted(.0.len()))]
    Rows(Vec<RowError>),
    /// What is stored could not be read.
    #[error("nothing was imported: {0}")]
    Store(#[from] StoreError),
    /// The entries could not be written.
    #[error("nothing was imported: {0}")]
    Write(#[from] WriteError),
}

/// One thing that is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowError {
    /// The name of the file.
    pub file: &'static str,
    /// The line on which the row begins; the header is on line 1.
    pub line: u64,
    /// The column, if it is about one.
    pub column: Option<String>,
    /// What is wrong and how to correct it.
    pub reason: String,
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, column, reason } = self;
        match column {
            Some(column) => write!(f, "{file}:{line}: {column}: {reason}"),
            None => write!(f, "{file}:{line}: {reason}"),
        }
    }
}

/// The most errors that are printed: more than anybody corrects in one go.
const MOST_PRINTED: usize = 1_000;

/// The errors, a line each.
fn listing(errors: &[RowError]) -> String {
    let mut lines: Vec<String> = errors.iter().take(MOST_PRINTED).map(ToString::to_string).collect();
    if let Some(more) = errors.len().checked_sub(MOST_PRINTED).filter(|more| *more > 0) {
        lines.push(format!("… and {} more", counted(more)));
    }
    lines.push(String::new());
    lines.join("\n")
}

fn counted(errors: usize) -> String {
    if errors == 1 { "1 error".to_owned() } else { format!("{errors} errors") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(line: u64, column: Option<&str>) -> RowError {
        RowError { file: "students.csv", line, column: column.map(str::to_owned), reason: "is bad".to_owned() }
    }

    #[test]
    fn every_error_has_a_line_of_its_own() {
        let errors = ImportError::Rows(vec![error(17, Some("email")), error(18, None)]);
        let said = "students.csv:17: email: is bad\nstudents.csv:18: is bad\nnothing was imported: 2 errors to correct";
        assert_eq!(errors.to_string(), said);
    }

    #[test]
    fn what_is_printed_is_bounded() {
        let said = ImportError::Rows((0..1_234).map(|line| error(line, None)).collect()).to_string();
        assert_eq!(said.lines().count(), 1_002);
        assert!(said.ends_with("\n… and 234 errors more\nnothing was imported: 1234 errors to correct"), "{said}");
    }
}
