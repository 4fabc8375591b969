//! Terms, courses and students: the entries that refer to nothing, and how entries of all kinds are laid over what is stored.

use super::form::{self, Form};
use super::lookup::Lookup;
use super::report::Report;
use super::rows::Row;
use super::summary::{Count, Outcome};
use chrono::{DateTime, Utc};
use enrollment_core::catalog::{Course, Draft, Entry, Stamp, Student, Term};
use enrollment_core::fields::FieldErrors;
use enrollment_core::ids::IdSource;
use enrollment_core::text::{CourseCode, StudentNumber, TermCode};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;

/// Where new entries get their ids and times.
#[derive(Clone, Copy)]
pub(super) struct Origin<'a> {
    pub(super) ids: &'a dyn IdSource,
    pub(super) now: DateTime<Utc>,
}

/// An entry with a natural key in a column of its own.
pub(super) trait Keyed: Entry<Draft: DeserializeOwned + Clone> + PartialEq {
    type Key: Clone + Eq + Hash + fmt::Display + for<'a> TryFrom<&'a str, Error = String>;

    const FORM: &'static Form;
    /// The column of the key.
    const KEY: &'static str;
}

impl Keyed for Term {
    type Key = TermCode;

    const FORM: &'static Form = &form::TERMS;
    const KEY: &'static str = "code";
}

impl Keyed for Course {
    type Key = CourseCode;

    const FORM: &'static Form = &form::COURSES;
    const KEY: &'static str = "code";
}

impl Keyed for Student {
    type Key = StudentNumber;

    const FORM: &'static Form = &form::STUDENTS;
    const KEY: &'static str = "number";
}

/// The entries of a file.
pub(super) struct Composed<E: Keyed> {
    /// The entries as they will be, by key.
    pub(super) lookup: Lookup<E::Key, E>,
    /// Those to write.
    pub(super) write: Vec<E>,
    pub(super) count: Count,
}

/// The entries that the rows describe, laid over what is stored.
pub(super) fn compose<E: Keyed>(
    rows: &[Row],
    stored: HashMap<E::Key, E>,
    origin: Origin<'_>,
    report: &mut Report,
) -> Composed<E> {
    let mut composed = Composed { lookup: Lookup::new(E::FORM, stored), write: Vec::new(), count: Count::default() };
    for row in rows {
        let key = row.key::<E::Key>(E::KEY);
        let stored = key.as_ref().and_then(|key| composed.lookup.stored(key));
        let merged = draft(row.object(&[])).and_then(|draft: E::Draft| merge(draft, stored, origin));
        if let Err(errors) = &merged {
            report.fields(E::FORM, row, errors);
        }
        let Some(key) = key else { continue };
        let (entry, outcome) = merged.map(|(entry, outcome)| (Some(entry), Some(outcome))).unwrap_or_default();
        if let Err(first) = composed.lookup.declare(key, row.line, entry.clone()) {
            report.cell(E::FORM, row.line, E::KEY, format!("is on line {first} already"));
            continue;
        }
        let Some((entry, outcome)) = entry.zip(outcome) else { continue };
        composed.count.add(outcome);
        if outcome != Outcome::Unchanged {
            composed.write.push(entry);
        }
    }
    composed
}

/// The draft in a JSON object.
pub(super) fn draft<D: DeserializeOwned>(object: Value) -> Result<D, FieldErrors> {
    serde_json::from_value(object).map_err(|error| FieldErrors::one("", error.to_string()))
}

/// The entry that the draft describes: a new one, or a change of the one that is stored.
pub(super) fn merge<E: Entry<Draft: Clone> + PartialEq>(
    draft: E::Draft,
    stored: Option<&E>,
    origin: Origin<'_>,
) -> Result<(E, Outcome), FieldErrors> {
    let Some(stored) = stored else {
        let stamp = Stamp::new(E::Id::from(origin.ids.next()), origin.now);
        return Ok((draft.parse(stamp)?, Outcome::Added));
    };
    let as_before = draft.clone().over(stored).parse(stored.stamp())?;
    if as_before == *stored {
        return Ok((as_before, Outcome::Unchanged));
    }
    let changed = draft.over(stored).parse(stored.stamp().changed(origin.now))?;
    Ok((changed, Outcome::Changed))
}
