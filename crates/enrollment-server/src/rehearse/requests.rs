//! Real requests from a CSV file, such as those of last year: columns `student`, `course`, `section`, and optionally `at`, in
//! seconds from the moment at which registration opens. Rows without a time are asked for one after the other as made-up ones are,
//! in the order of the file.

use super::campus::Campus;
use super::draw::{Rush, Visit};
use fastrand::Rng;
use serde::Deserialize;
use std::collections::HashMap;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;
use thiserror::Error;

/// Why a file of requests cannot be rehearsed.
#[derive(Debug, Error)]
pub enum RequestsError {
    /// It cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is not CSV with the columns that are needed.
    #[error("the file of requests needs the columns student, course and section, and may have at")]
    Form(#[source] csv::Error),
    /// A row names what is not there.
    #[error("line {line}: {reason}")]
    Row {
        /// The line.
        line: u64,
        /// What is wrong.
        reason: String,
    },
}

#[derive(Deserialize)]
struct Request {
    student: String,
    course: String,
    section: String,
    #[serde(default)]
    at: Option<f64>,
}

/// A section, and when it is asked for, if the file says so.
type Want = (Option<Duration>, usize);

/// Reads a file of requests.
pub(super) fn read(path: &Path, campus: &Campus, rush: Rush, rng: &mut Rng) -> Result<Vec<Visit>, RequestsError> {
    let file = std::fs::File::open(path).map_err(|source| RequestsError::Read { path: path.to_owned(), source })?;
    parse(file, campus, rush, rng)
}

fn parse(file: impl Read, campus: &Campus, rush: Rush, rng: &mut Rng) -> Result<Vec<Visit>, RequestsError> {
    let students: HashMap<&str, usize> = by_key(campus.students.iter().map(|student| student.number.as_str()));
    let sections: HashMap<(&str, &str), usize> =
        by_key(campus.sections.iter().map(|section| (section.course.as_str(), section.number.as_str())));
    let mut places: HashMap<usize, usize> = HashMap::new();
    let mut wanted: Vec<(usize, Vec<Want>)> = Vec::new();
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(file);
    let header = reader.headers().map_err(RequestsError::Form)?.clone();
    for row in reader.records() {
        let row = row.map_err(RequestsError::Form)?;
        let line = row.position().map_or(0, csv::Position::line);
        let Request { student, course, section, at } = row.deserialize(Some(&header)).map_err(RequestsError::Form)?;
        let wrong = |reason: String| RequestsError::Row { line, reason };
        let who = *students.get(student.as_str()).ok_or_else(|| wrong(format!("there is no student `{student}`")))?;
        let what = *sections
            .get(&(course.as_str(), section.as_str()))
            .ok_or_else(|| wrong(format!("there is no open section `{section}` of `{course}` in this term")))?;
        let at = at.map(|seconds| Duration::try_from_secs_f64(seconds).map_err(|error| wrong(format!("at: {error}"))));
        let place = *places.entry(who).or_insert_with(|| {
            wanted.push((who, Vec::new()));
            wanted.len() - 1
        });
        wanted[place].1.push((at.transpose()?, what));
    }
    Ok(wanted.into_iter().map(|(student, wants)| timed(student, wants, rush, rng)).collect())
}

fn by_key<K: Eq + std::hash::Hash>(keys: impl Iterator<Item = K>) -> HashMap<K, usize> {
    keys.enumerate().map(|(place, key)| (key, place)).collect()
}

fn timed(student: usize, wants: Vec<Want>, rush: Rush, rng: &mut Rng) -> Visit {
    let drawn = rush.times(wants.len(), rng);
    let mut wants: Vec<_> =
        wants.into_iter().zip(drawn).map(|((at, section), drawn)| (at.unwrap_or(drawn), section)).collect();
    wants.sort_by_key(|&(at, _)| at);
    Visit { student, wants }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::campus::tests::campus;
    use super::*;

    const RUSH: Rush = Rush { over: Duration::from_secs(10), think: Duration::from_secs(1) };

    fn parsed(file: &str) -> Result<Vec<Visit>, RequestsError> {
        parse(file.as_bytes(), &campus(3, 2), RUSH, &mut Rng::with_seed(1))
    }

    #[test]
    fn requests_are_gathered_by_student_and_times_are_kept() {
        let visits = parsed("student,course,section,at\nS1,C0,1,2.5\nS0,C1,1,0\nS1,C1,1,1\n").unwrap();
        let seconds = Duration::from_secs_f64;
        assert_eq!(
            visits,
            [
                Visit { student: 1, wants: vec![(seconds(1.0), 1), (seconds(2.5), 0)] },
                Visit { student: 0, wants: vec![(seconds(0.0), 1)] },
            ]
        );
    }

    #[test]
    fn without_times_they_are_drawn_in_the_order_of_the_file() {
        let visits = parsed("student,course,section\nS1,C1,1\nS1,C0,1\n").unwrap();
        let order: Vec<_> = visits[0].wants.iter().map(|&(_, section)| section).collect();
        assert_eq!(order, [1, 0]);
        assert!(visits[0].wants[0].0 < visits[0].wants[1].0);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (file, said) in [
            ("student,course,section\nS0,C0,1\nS9,C0,1\n", "line 3: there is no student `S9`"),
            ("student,course,section\nS0,C0,7\n", "line 2: there is no open section `7` of `C0` in this term"),
            ("student,course,section,at\nS0,C0,1,-1\n", "line 2: at: "),
            ("student,course\nS0,C0\n", "the file of requests needs the columns"),
        ] {
            let error = parsed(file).unwrap_err().to_string();
            assert!(error.starts_with(said), "{error}");
        }
    }
}
