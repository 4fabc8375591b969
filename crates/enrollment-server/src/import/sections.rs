//! Sections and their meetings, which come from two files.

use super::entries::{self, Origin};
use super::form;
use super::lookup::{Found, Lookup};
use super::report::Report;
use super::rows::{Files, Row};
use super::summary::{Count, Outcome};
use enrollment_core::catalog::{Course, Meeting, MeetingDraft, Section, SectionDraft, Term};
use enrollment_core::fields::{Field, FieldErrors};
use enrollment_core::ids::{CourseId, TermId};
use enrollment_core::text::{CourseCode, SectionNumber, TermCode};
use enrollment_diesel::import::{KnownSection, SectionKey};
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// The sections of the files.
pub(super) struct ComposedSections {
    /// The sections as they will be, by key.
    pub(super) lookup: Lookup<SectionKey, Section>,
    /// Those to write.
    pub(super) write: Vec<Section>,
    /// What became of the rows of `sections.csv`.
    pub(super) sections: Count,
    /// What became of the rows of `meetings.csv`.
    pub(super) meetings: Count,
}

/// What sections refer to.
#[derive(Clone, Copy)]
pub(super) struct Offer<'a> {
    pub(super) terms: &'a Lookup<TermCode, Term>,
    pub(super) courses: &'a Lookup<CourseCode, Course>,
}

/// The sections that the rows describe, laid over what is stored.
pub(super) fn compose(
    files: &Files,
    offer: Offer<'_>,
    known: &HashMap<SectionKey, KnownSection>,
    origin: Origin<'_>,
    report: &mut Report,
) -> ComposedSections {
    let stored = known.iter().map(|(key, known)| (key.clone(), known.section.clone())).collect();
    let mut composer = Composer {
        offer,
        known,
        timetable: read_meetings(&files.meetings, offer, report),
        origin,
        composed: ComposedSections {
            lookup: Lookup::new(&form::SECTIONS, stored),
            write: Vec::new(),
            sections: Count::default(),
            meetings: Count::default(),
        },
    };
    for row in &files.sections {
        composer.take(row, report);
    }
    composer.take_meetings_of_stored_sections(report);
    composer.composed
}

/// The meetings of each section that the file names, with their lines.
type Timetable = BTreeMap<SectionKey, Vec<(u64, Option<Meeting>)>>;

/// Reads the meetings; those that are wrong keep their place, so that their section is not taken to be complete.
fn read_meetings(rows: &[Row], offer: Offer<'_>, report: &mut Report) -> Timetable {
    let mut timetable = Timetable::new();
    for row in rows {
        let draft = entries::draft(row.object(&["term", "course", "section"]));
        let meeting = draft.and_then(MeetingDraft::parse);
        if let Err(errors) = &meeting {
            report.fields(&form::MEETINGS, row, errors);
        }
        if let Some(key) = section_key(row, &form::MEETINGS, "section", offer, report) {
            timetable.entry(key).or_default().push((row.line, meeting.ok()));
        }
    }
    timetable
}

/// The section that a row names. None if a cell is wrong, which is reported, or if what it refers to is.
pub(super) fn section_key(
    row: &Row,
    form: &form::Form,
    column: &str,
    offer: Offer<'_>,
    report: &mut Report,
) -> Option<SectionKey> {
    let term = offer.terms.refer(row, form, "term", report);
    let course = offer.courses.refer(row, form, "course", report);
    let number = match row.text(column).map(SectionNumber::try_from) {
        Some(Ok(number)) => Some(number),
        Some(Err(reason)) => {
            report.cell(form, row.line, column, reason);
            None
        }
        None => {
            if !row.is_unreadable(column) {
                report.cell(form, row.line, column, "is required");
            }
            None
        }
    };
    Some(SectionKey { term: term?.0, course: course?.0, number: number? })
}

/// What is said of a section that is not there.
pub(super) fn no_such_section(key: &SectionKey) -> String {
    let SectionKey { term, course, number } = key;
    let file = form::SECTIONS.file;
    format!("there is no section `{number}` of `{course}` in `{term}`, neither in {file} nor in the database")
}

struct Composer<'a> {
    offer: Offer<'a>,
    known: &'a HashMap<SectionKey, KnownSection>,
    timetable: Timetable,
    origin: Origin<'a>,
    composed: ComposedSections,
}

impl Composer<'_> {
    /// Takes a row of `sections.csv`.
    fn take(&mut self, row: &Row, report: &mut Report) {
        let term = self.offer.terms.refer(row, &form::SECTIONS, "term", report).map(|(key, term)| (key, term.id));
        let course =
            self.offer.courses.refer(row, &form::SECTIONS, "course", report).map(|(key, course)| (key, course.id));
        let ids = (course.as_ref().map(|(_, id)| *id), term.as_ref().map(|(_, id)| *id));
        let draft = section_draft(row, ids);
        let key = (|| Some(SectionKey { term: term?.0, course: course?.0, number: row.key("number")? }))();
        let Some(key) = key else {
            // It cannot be placed, but what else is wrong with it is told now, too.
            let merged = draft.and_then(|draft| entries::merge::<Section>(draft, None, self.origin));
            if let Err(errors) = merged {
                report.fields(&form::SECTIONS, row, &errors);
            }
            return;
        };
        let stored = self.known.get(&key);
        let merged = draft.and_then(|draft| self.merge(draft, &key));
        if let Err(errors) = &merged {
            self.report(row, &key, errors, report);
        }
        let section = merged.ok().map(|(section, _)| section);
        if let Err(first) = self.composed.lookup.declare(key.clone(), row.line, section.clone()) {
            report.cell(&form::SECTIONS, row.line, "number", format!("is on line {first} already"));
            return;
        }
        let Some(section) = section else { return };
        if let Some(stored) = stored.filter(|stored| stored.in_use && stored.section.component != section.component) {
            let reason = format!("cannot change from {} once students have registered", stored.section.component);
            report.cell(&form::SECTIONS, row.line, "component", reason);
        }
        self.composed.sections.add(outcome_without_meetings(stored, &section));
        self.put(&key, &section);
    }

    /// Takes the meetings of sections that only `meetings.csv` names.
    fn take_meetings_of_stored_sections(&mut self, report: &mut Report) {
        let keys: Vec<SectionKey> = self.timetable.keys().cloned().collect();
        for key in keys.into_iter().filter(|key| !self.composed.lookup.is_declared(key)).collect::<Vec<_>>() {
            if matches!(self.composed.lookup.find(&key), Found::Nothing) {
                for (line, _) in self.timetable.get(&key).into_iter().flatten() {
                    report.cell(&form::MEETINGS, *line, "section", no_such_section(&key));
                }
                continue;
            }
            match self.merge(SectionDraft::default(), &key) {
                Ok((section, _)) => {
                    self.put(&key, &section);
                    self.composed.lookup.replace(key, section);
                }
                Err(errors) => self.report_meetings(&key, &errors, report),
            }
        }
    }

    /// Lays a draft, and the meetings of the file if it has some, over the section.
    fn merge(&self, mut draft: SectionDraft, key: &SectionKey) -> Result<(Section, Outcome), FieldErrors> {
        let stored = self.known.get(key).map(|known| &known.section);
        if let Some(meetings) = self.meetings(key)
            && stored.is_none_or(|stored| !Difference::between(&stored.meetings, &meetings).is_none())
        {
            draft.meetings = Field::Value(meetings.into_iter().map(MeetingDraft::from).collect());
        }
        entries::merge(draft, stored, self.origin)
    }

    /// The meetings that the file gives a section, if it names it.
    fn meetings(&self, key: &SectionKey) -> Option<Vec<&Meeting>> {
        let lines = self.timetable.get(key)?;
        Some(lines.iter().filter_map(|(_, meeting)| meeting.as_ref()).collect())
    }

    /// Counts the meetings, and keeps the section for writing if it differs from what is stored.
    fn put(&mut self, key: &SectionKey, section: &Section) {
        let stored = self.known.get(key).map(|known| &known.section);
        if let Some(meetings) = self.meetings(key) {
            let before = stored.map(|stored| stored.meetings.as_slice()).unwrap_or_default();
            let Difference { added, removed, kept } = Difference::between(before, &meetings);
            let count = &mut self.composed.meetings;
            count.added += added;
            count.removed += removed;
            count.unchanged += kept;
        }
        if stored != Some(section) {
            self.composed.write.push(section.clone());
        }
    }

    /// Errors of a section's meetings belong to the other file.
    fn report(&self, row: &Row, key: &SectionKey, errors: &FieldErrors, report: &mut Report) {
        let mut own = FieldErrors::default();
        let mut of_meetings = FieldErrors::default();
        for error in errors {
            let errors = if error.pointer.starts_with("/meetings") { &mut of_meetings } else { &mut own };
            errors.add(error.pointer.as_str(), error.detail.as_str());
        }
        report.fields(&form::SECTIONS, row, &own);
        self.report_meetings(key, &of_meetings, report);
    }

    fn report_meetings(&self, key: &SectionKey, errors: &FieldErrors, report: &mut Report) {
        let line = self.timetable.get(key).and_then(|lines| lines.first()).map_or(1, |(line, _)| *line);
        for error in errors {
            report.cell(&form::MEETINGS, line, "section", format!("its meetings {}", error.detail));
        }
    }
}

/// The draft in a row. The ids of a term or course that is not there, which is reported, are those of nobody.
fn section_draft(row: &Row, (course, term): (Option<CourseId>, Option<TermId>)) -> Result<SectionDraft, FieldErrors> {
    let mut draft: SectionDraft = entries::draft(row.object(&["term", "course"]))?;
    draft.course_id = Field::Value(course.unwrap_or_else(|| Uuid::nil().into()));
    draft.term_id = Field::Value(term.unwrap_or_else(|| Uuid::nil().into()));
    Ok(draft)
}

/// What became of the row of `sections.csv`, which says nothing of meetings.
fn outcome_without_meetings(stored: Option<&KnownSection>, section: &Section) -> Outcome {
    let Some(stored) = stored.map(|stored| &stored.section) else { return Outcome::Added };
    let meetings = stored.meetings.clone();
    let as_before = Section { meetings, version: stored.version, updated_at: stored.updated_at, ..section.clone() };
    if as_before == *stored { Outcome::Unchanged } else { Outcome::Changed }
}

/// How two lists of meetings differ, whatever their order.
struct Difference {
    added: usize,
    removed: usize,
    kept: usize,
}

impl Difference {
    fn between(before: &[Meeting], after: &[&Meeting]) -> Self {
        let mut left: Vec<&Meeting> = before.iter().collect();
        let mut kept = 0;
        for meeting in after {
            if let Some(index) = left.iter().position(|other| other == meeting) {
                left.swap_remove(index);
                kept += 1;
            }
        }
        Self { added: after.len() - kept, removed: left.len(), kept }
    }

    fn is_none(&self) -> bool {
        self.added + self.removed == 0
    }
}
