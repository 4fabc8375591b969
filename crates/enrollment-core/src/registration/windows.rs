//! Registration windows, as far as rules ask.

use super::StudentFacts;
use crate::catalog::window::{Levels, Programs};
use crate::catalog::{Credits, Window, WindowAction};
use crate::ids::{StudentId, TermId, WindowId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The registration windows of a term, as far as they can be for the student.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TermWindows {
    /// The term.
    pub term_id: TermId,
    /// Whether it has windows for adding, whoever they are for: then they say when, and no longer the term.
    pub adding: bool,
    /// Whether it has windows for dropping, whoever they are for.
    pub dropping: bool,
    /// Those that list nobody, or this student. The ones that list others are left out: a term may have thousands.
    pub windows: Vec<WindowFacts>,
}

impl TermWindows {
    /// What rules ask of the windows of a term, for a student; nothing when it has none.
    pub fn of<'a>(term_id: TermId, student: StudentId, all: impl IntoIterator<Item = &'a Window>) -> Option<Self> {
        let all: Vec<&Window> = all.into_iter().filter(|window| window.term_id == term_id).collect();
        let may_be_for = |window: &&&Window| window.students.as_ref().is_none_or(|students| students.lists(&student));
        (!all.is_empty()).then(|| Self {
            term_id,
            adding: all.iter().any(|window| window.action.adding()),
            dropping: all.iter().any(|window| window.action.dropping()),
            windows: all.iter().filter(may_be_for).copied().map(WindowFacts::from).collect(),
        })
    }
}

/// A window that lists nobody, or this student.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowFacts {
    /// Its identifier.
    #[serde(rename = "window_id")]
    pub id: WindowId,
    /// What it is for.
    pub action: WindowAction,
    /// The first instant of it.
    pub opens_at: Option<DateTime<Utc>>,
    /// The first instant after it.
    pub closes_at: Option<DateTime<Utc>>,
    /// For students of one of these programs.
    pub programs: Option<Programs>,
    /// For students on one of these levels.
    pub levels: Option<Levels>,
    /// For students who have earned at least so many credits.
    pub min_earned_credits: Option<Credits>,
}

impl WindowFacts {
    /// Whether it is for a student of this program and level, once enough credits are earned.
    pub fn is_for(&self, student: &StudentFacts) -> bool {
        let of_program = |programs: &Programs| student.program.as_ref().is_some_and(|own| programs.lists(own));
        let on_level = |levels: &Levels| student.level.as_ref().is_some_and(|own| levels.lists(own));
        self.programs.as_ref().is_none_or(of_program) && self.levels.as_ref().is_none_or(on_level)
    }

    /// Whether so many earned credits are enough for it.
    pub fn is_earned_by(&self, credits: Credits) -> bool {
        self.min_earned_credits.is_none_or(|least| credits >= least)
    }
}

impl From<&Window> for WindowFacts {
    fn from(window: &Window) -> Self {
        let Window { id, action, opens_at, closes_at, programs, levels, min_earned_credits, .. } = window;
        Self {
            id: *id,
            action: *action,
            opens_at: *opens_at,
            closes_at: *closes_at,
            programs: programs.clone(),
            levels: levels.clone(),
            min_earned_credits: *min_earned_credits,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Draft, Owned, Stamp};
    use crate::registration::sample::{id, now};
    use serde_json::json;

    fn window(number: u128, term: u128, action: &str, students: Option<&[u128]>) -> Window {
        let students = students.map(|listed| listed.iter().map(|number| id(*number)).collect::<Vec<StudentId>>());
        let body = json!({"action": action, "opens_at": now(), "students": students});
        let draft = Window::draft_of(id(term), serde_json::from_value(body).unwrap());
        draft.parse(Stamp::new(id(number), now())).unwrap()
    }

    #[test]
    fn windows_that_list_others_are_left_out_but_not_forgotten() {
        let all = [
            window(1, 11, "add", Some(&[1, 2])),
            window(2, 11, "both", Some(&[3])),
            window(3, 12, "drop", None),
            window(4, 11, "add", None),
        ];
        let of = |term: u128, student: u128| TermWindows::of(id(term), id(student), &all);
        let told = |windows: TermWindows| -> Vec<WindowId> { windows.windows.iter().map(|window| window.id).collect() };
        let (ada, lisa) = (of(11, 1).unwrap(), of(11, 4).unwrap());
        assert_eq!((ada.adding, ada.dropping), (true, true));
        assert_eq!((lisa.adding, lisa.dropping), (true, true));
        assert_eq!((told(ada), told(lisa)), (vec![id(1), id(4)], vec![id(4)]));
        let other = of(12, 1).unwrap();
        assert_eq!((other.adding, other.dropping), (false, true));
        assert_eq!(of(13, 1), None);
    }
}
