//! `enrollment import`: a university from CSV files.
//!
//! A folder has any of `terms.csv`, `courses.csv`, `students.csv`, `sections.csv`, `meetings.csv` and
//! `student_courses.csv`. Entries are known by natural keys (a course by its code), so running it twice changes nothing.
//! Everything that is wrong is reported at once, with file, line, column and reason, and then nothing is written.
//!
//! A file says what is in its columns and nothing more: an empty cell empties the field (or gives it its default), while a
//! column that the file does not have leaves the field as it is. What the files do not name is left alone, except for the
//! meetings of a section, of which `meetings.csv` has all or none.
//!
//! ```text
//! files ─rows─► cells ─core's drafts─► entries ─laid over what is stored─► batch ─one transaction─► database
//! ```
//!
//! * `form` is the form of the files, `cell` how a value is written, `rows` reads both.
//! * `entries`, `sections` and `student_courses` lay the rows over what is stored, by core's own drafts: the rules of
//!   fields are nowhere else. `lookup` is what a natural key stands for.
//! * `seats` judges what only all rows together tell.
//! * `report` gathers what is wrong, `error` is how it reads, `summary` is what came of it.

mod cell;
mod entries;
mod error;
mod form;
mod lookup;
mod report;
mod rows;
mod seats;
mod sections;
mod student_courses;
mod summary;

pub use error::{ImportError, RowError};
pub use summary::{Count, Summary};

use enrollment_core::actor::Actor;
use enrollment_core::clock::Clock;
use enrollment_core::ids::{AttemptId, IdSource};
use enrollment_diesel::import::{Batch, Keys, Known, PgConnection, Progress, known, write};
use entries::Origin;
use report::Report;
use rows::{Files, Row};
use sections::Offer;
use std::path::Path;
use student_courses::Register;
use summary::Outcome;

/// Imports the files of a folder: all of them, or nothing.
pub fn import(
    connection: &mut PgConnection,
    dir: &Path,
    clock: &dyn Clock,
    ids: &dyn IdSource,
    progress: &mut dyn Progress,
) -> Result<Summary, ImportError> {
    let mut report = Report::default();
    let files = Files::read(dir, &mut report)?;
    if files.unusable {
        return Err(ImportError::Rows(report.into_errors()));
    }
    let rows = files.rows();
    progress.tell("rows read", rows, rows);
    let known = known(connection, &keys(&files))?;
    let origin = Origin { ids, now: clock.now() };
    let (batch, summary) = compose(&files, known, origin, &mut report);
    if !report.is_empty() {
        return Err(ImportError::Rows(report.into_errors()));
    }
    drop(files);
    progress.tell("rows compared to what is stored", rows, rows);
    if !batch.is_empty() {
        write(connection, &batch, progress)?;
    }
    Ok(summary)
}

/// The natural keys that the files name.
fn keys(files: &Files) -> Keys {
    fn of<'a, K: Ord + for<'b> TryFrom<&'b str>>(
        columns: impl IntoIterator<Item = (&'a [Row], &'static str)>,
    ) -> std::collections::BTreeSet<K> {
        let cells = columns.into_iter().flat_map(|(rows, column)| rows.iter().filter_map(|row| row.key(column)));
        cells.collect()
    }
    let Files { terms, courses, students, sections, meetings, student_courses, .. } = files;
    let referring = [sections, meetings, student_courses];
    Keys {
        terms: of([(&terms[..], "code")].into_iter().chain(referring.map(|rows| (&rows[..], "term")))),
        courses: of([(&courses[..], "code")].into_iter().chain(referring.map(|rows| (&rows[..], "course")))),
        students: of([(&students[..], "number"), (&student_courses[..], "student")]),
        registered: of([(&student_courses[..], "student")]),
    }
}

/// Lays the files over what is stored: what is to be written, and what to say of it.
fn compose(files: &Files, known: Known, origin: Origin<'_>, report: &mut Report) -> (Batch, Summary) {
    let terms = entries::compose(&files.terms, known.terms, origin, report);
    let courses = entries::compose(&files.courses, known.courses, origin, report);
    let students = entries::compose(&files.students, known.students, origin, report);
    let offer = Offer { terms: &terms.lookup, courses: &courses.lookup };
    let sections = sections::compose(files, offer, &known.sections, origin, report);
    let register = Register { offer, students: &students.lookup, sections: &sections.lookup, scale: &known.scale };
    let registered = student_courses::compose(&files.student_courses, register, &known.student_courses, origin, report);
    seats::check_seats(&registered.rows, &sections.lookup, &sections.write, &known.sections, report);
    seats::check_cancelled(&registered.rows, &sections.write, report);
    seats::check_enrolled_once(&registered.rows, &known.student_courses, report);

    let summary = Summary {
        terms: terms.count,
        courses: courses.count,
        students: students.count,
        sections: sections.sections,
        meetings: sections.meetings,
        student_courses: registered.count,
    };
    let changed = registered.rows.into_iter().filter(|placed| placed.outcome != Outcome::Unchanged);
    let batch = Batch {
        terms: terms.write,
        courses: courses.write,
        students: students.write,
        sections: sections.write,
        student_courses: changed.map(|placed| placed.row).collect(),
        ..Batch::new(Actor::system("import"), AttemptId::mint(origin.ids), origin.now)
    };
    (batch, summary)
}
