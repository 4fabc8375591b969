//! Reads the files into rows of typed cells.

use super::cell;
use super::error::ImportError;
use super::form::{self, Column, Form};
use super::report::Report;
use csv::{ByteRecord, ReaderBuilder};
use serde_json::Value;
use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::Path;

/// All files of a folder. One that is not there has no rows.
#[derive(Debug, Default)]
pub(super) struct Files {
    pub(super) terms: Vec<Row>,
    pub(super) courses: Vec<Row>,
    pub(super) students: Vec<Row>,
    pub(super) sections: Vec<Row>,
    pub(super) meetings: Vec<Row>,
    pub(super) student_courses: Vec<Row>,
    /// Whether a header lacks a column, so that there is no telling what that file is about.
    pub(super) unusable: bool,
}

/// One row.
#[derive(Debug)]
pub(super) struct Row {
    /// The line on which it begins.
    pub(super) line: u64,
    /// Its cells by column. An empty cell is `null`, and so is one that could not be read. There are millions of rows, and a few
    /// columns: a list takes a third of the memory of a map.
    cells: Vec<(&'static str, Value)>,
    /// The columns whose cells could not be read.
    unreadable: Vec<&'static str>,
}

impl Row {
    /// The text in a column of text; none if it is empty.
    pub(super) fn text(&self, column: &str) -> Option<&str> {
        self.cell(column).and_then(Value::as_str)
    }

    /// The natural key in a column of text; none if it is empty or malformed.
    pub(super) fn key<K: for<'a> TryFrom<&'a str>>(&self, column: &str) -> Option<K> {
        self.text(column).and_then(|text| K::try_from(text).ok())
    }

    /// Whether the file has the column.
    pub(super) fn has(&self, column: &str) -> bool {
        self.cell(column).is_some()
    }

    fn cell(&self, column: &str) -> Option<&Value> {
        self.cells.iter().find(|(name, _)| *name == column).map(|(_, value)| value)
    }

    /// The cells as a JSON object, without those of some columns.
    pub(super) fn object(&self, without: &[&str]) -> Value {
        let cells = self.cells.iter().filter(|(name, _)| !without.contains(name));
        Value::Object(cells.map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
    }

    pub(super) fn is_unreadable(&self, column: &str) -> bool {
        self.unreadable.contains(&column)
    }
}

impl Files {
    /// Reads whichever of the files are in the folder.
    pub(super) fn read(dir: &Path, report: &mut Report) -> Result<Self, ImportError> {
        fs::read_dir(dir).map_err(|source| ImportError::Read { path: dir.to_owned(), source })?;
        let (mut found, mut unusable) = (false, false);
        let mut rows = |form: &'static Form| -> Result<Vec<Row>, ImportError> {
            let path = dir.join(form.file);
            match fs::read(&path) {
                Ok(bytes) => {
                    found = true;
                    let rows = read(form, &bytes, report);
                    unusable |= rows.is_none();
                    Ok(rows.unwrap_or_default())
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
                Err(source) => Err(ImportError::Read { path, source }),
            }
        };
        let files = Self {
            terms: rows(&form::TERMS)?,
            courses: rows(&form::COURSES)?,
            students: rows(&form::STUDENTS)?,
            sections: rows(&form::SECTIONS)?,
            meetings: rows(&form::MEETINGS)?,
            student_courses: rows(&form::STUDENT_COURSES)?,
            unusable: false,
        };
        if found { Ok(Self { unusable, ..files }) } else { Err(ImportError::NoFiles { dir: dir.to_owned() }) }
    }
}

impl Files {
    /// How many rows there are in all files.
    pub(super) fn rows(&self) -> usize {
        let Self { terms, courses, students, sections, meetings, student_courses, .. } = self;
        [terms, courses, students, sections, meetings, student_courses].into_iter().map(Vec::len).sum()
    }
}

/// Reads a file: the rows that have a cell for each column, whatever is in the cells. None if it lacks a column.
pub(super) fn read(form: &'static Form, bytes: &[u8], report: &mut Report) -> Option<Vec<Row>> {
    const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    let mut lines = Lines { bytes, counted: 0, line: 1 };
    // Reading from memory does not fail.
    let mut records = reader.byte_records().map_while(Result::ok).map(|record| (lines.begin_of(&record), record));
    let Some((line, header)) = records.next() else {
        report.row(form, 1, format!("is empty: the first line names the columns, such as {}", names(form)));
        return None;
    };
    let columns = read_header(form, line, &header, report)?;
    Some(records.filter_map(|(line, record)| read_row(form, &columns, line, &record, report)).collect())
}

/// Counts lines. The reader does, too, but where it stands before a record, not where the record begins after the line end
/// and the empty lines that it then skips.
struct Lines<'a> {
    bytes: &'a [u8],
    counted: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line on which a record begins; records come in their order.
    fn begin_of(&mut self, record: &ByteRecord) -> u64 {
        let stands = record.position().map_or(0, csv::Position::byte);
        let stands = usize::try_from(stands).unwrap_or(usize::MAX).clamp(self.counted, self.bytes.len());
        let skipped = self.bytes[stands..].iter().take_while(|byte| b"\r\n".contains(byte)).count();
        let line_ends = self.bytes[self.counted..stands + skipped].split(|byte| *byte == b'\n').count() - 1;
        self.counted = stands + skipped;
        self.line += line_ends as u64;
        self.line
    }
}

/// The columns in the order of the file; none in the place of one that is not known.
fn read_header(
    form: &Form,
    line: u64,
    header: &ByteRecord,
    report: &mut Report,
) -> Option<Vec<Option<&'static Column>>> {
    let mut seen = HashSet::new();
    let mut columns = Vec::with_capacity(header.len());
    for name in header {
        let name = String::from_utf8_lossy(name).trim().to_owned();
        let column = form.column(&name);
        match column {
            None => report.cell(form, line, &name, format!("is not a column of this file, which has {}", names(form))),
            Some(column) if !seen.insert(column.name) => report.cell(form, line, &name, "is there twice"),
            Some(_) => {}
        }
        columns.push(column);
    }
    let missing: Vec<&Column> =
        form.columns.iter().filter(|column| column.required && !seen.contains(column.name)).collect();
    for column in &missing {
        report.cell(form, line, column.name, "is missing: the file must have this column");
    }
    missing.is_empty().then_some(columns)
}

fn read_row(
    form: &Form,
    columns: &[Option<&'static Column>],
    line: u64,
    record: &ByteRecord,
    report: &mut Report,
) -> Option<Row> {
    let (cells, expected) = (record.len(), columns.len());
    if cells != expected {
        report.row(form, line, format!("has {cells} cells, and the header has {expected}"));
        return None;
    }
    let mut row = Row { line, cells: Vec::with_capacity(columns.len()), unreadable: Vec::new() };
    for (column, bytes) in columns.iter().zip(record) {
        let Some(column) = column else { continue };
        let value = read_cell(column, bytes).unwrap_or_else(|reason| {
            report.cell(form, line, column.name, reason);
            row.unreadable.push(column.name);
            Value::Null
        });
        row.cells.push((column.name, value));
    }
    Some(row)
}

fn read_cell(column: &Column, bytes: &[u8]) -> Result<Value, String> {
    let text = str::from_utf8(bytes).map_err(|_| "is not valid UTF-8: save the file in that encoding".to_owned())?;
    let text = text.trim();
    if text.is_empty() { Ok(Value::Null) } else { cell::read(column.kind, text) }
}

fn names(form: &Form) -> String {
    let names: Vec<&str> = form.columns.iter().map(|column| column.name).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read_courses(bytes: &[u8]) -> (Vec<Row>, Vec<String>) {
        let mut report = Report::default();
        let rows = read(&form::COURSES, bytes, &mut report).unwrap_or_default();
        (rows, report.into_errors().iter().map(ToString::to_string).collect())
    }

    #[test]
    fn columns_come_in_any_order_and_cells_are_typed_and_trimmed() {
        let bytes = "\u{feff}credits, title ,code,requisite,repeatable\r\n3,\" Logik, \"\"eins\"\"\", PH1 ,\"{\"\"course\"\":\"\"PH0\"\"}\",\n";
        let (rows, errors) = read_courses(bytes.as_bytes());
        assert_eq!(errors, Vec::<String>::new());
        let expected = json!({
            "code": "PH1", "title": "Logik, \"eins\"", "credits": 3, "requisite": {"course": "PH0"}, "repeatable": null
        });
        assert_eq!((rows[0].line, rows[0].object(&[])), (2, expected));
    }

    #[test]
    fn lines_are_those_of_the_file_although_a_cell_may_have_several() {
        let (rows, _) = read_courses(b"code,title,credits\n\nA,\"one\ntwo\",1\nB,b,2\n");
        assert_eq!(rows.iter().map(|row| row.line).collect::<Vec<_>>(), [3, 5]);
    }

    #[test]
    fn a_wrong_header_is_told_whole() {
        let (_, errors) = read_courses(b"code,colour,code,credits\n");
        assert_eq!(
            errors,
            [
                "courses.csv:1: colour: is not a column of this file, which has code, title, credits, repeatable, requisite",
                "courses.csv:1: code: is there twice",
                "courses.csv:1: title: is missing: the file must have this column",
            ]
        );
    }

    #[test]
    fn a_wrong_row_is_told_with_its_line_and_the_others_are_read() {
        let (rows, errors) = read_courses(b"code,title,credits\nA,a\nB,\xff,x\nC,c,3\n");
        assert_eq!(
            errors,
            [
                "courses.csv:2: has 2 cells, and the header has 3",
                "courses.csv:3: title: is not valid UTF-8: save the file in that encoding",
                "courses.csv:3: credits: `x` is not a number",
            ]
        );
        assert_eq!(rows.iter().map(|row| row.line).collect::<Vec<_>>(), [3, 4]);
        assert!(rows[0].is_unreadable("title") && !rows[1].is_unreadable("title"));
    }

    #[test]
    fn an_empty_file_is_an_error() {
        assert!(read_courses(b"").1[0].starts_with("courses.csv:1: is empty"));
    }
}
