//! What facts say against an attempt itself, before any rule is asked: the request is to be corrected, or made again on what is
//! there now. So it is an error and no refusal, and leaves no receipt.
//!
//! To have more checked: a case in [`Attempt::contradiction`]. What can be seen without facts belongs to the parsing of the
//! request, and what somebody may be allowed to do in spite of it is a rule.

use super::{Attempt, Command, EnrollRequest, Facts, SectionFacts, Target};
use crate::fields::FieldErrors;
use crate::ids::SectionId;
use crate::{Error, Subject};

impl Attempt {
    /// What the facts say against this attempt; none where it can be judged.
    pub fn contradiction(&self, facts: &Facts) -> Option<Error> {
        self.staleness(facts).or_else(|| self.unlinked(facts))
    }

    /// The caller has seen another version than there is.
    fn staleness(&self, facts: &Facts) -> Option<Error> {
        let (id, version) = self.command.expected()?;
        let is_other = facts.held(id)?.student_course.version != version;
        is_other.then_some(Error::Stale(Subject::StudentCourse))
    }

    /// Sections that are taken together are of one course and term. Whoever means several courses has plans for that, which say
    /// of each what becomes of it.
    fn unlinked(&self, facts: &Facts) -> Option<Error> {
        let mut errors = FieldErrors::default();
        for (pointer, request) in self.requests() {
            let Target::Together(sections) = &request.target else { continue };
            let mut named = sections.iter().map(|id| section(facts, *id));
            let Some(main) = named.next().flatten() else { continue };
            for (index, linked) in named.enumerate() {
                if let Some(detail) = linked.and_then(|linked| difference(main, linked)) {
                    errors.add(format!("{pointer}/linked_section_ids/{index}"), detail);
                }
            }
        }
        if errors.is_empty() { None } else { Some(errors.into()) }
    }

    /// The requests to enroll, each with its place in the input.
    fn requests(&self) -> Vec<(String, &EnrollRequest)> {
        match &self.command {
            Command::Enroll(enroll) => vec![(String::new(), &enroll.request)],
            Command::Plan(plan) => {
                let adds = plan.adds.iter().enumerate();
                let adds = adds.map(|(index, add)| (format!("/adds/{index}"), &add.request));
                let swaps = plan.swaps.iter().enumerate();
                let swaps = swaps.map(|(index, swap)| (format!("/swaps/{index}/add"), &swap.request));
                adds.chain(swaps).collect()
            }
            Command::Drop(_)
            | Command::Promote(_)
            | Command::Prioritize(_)
            | Command::Cancel(_)
            | Command::Grade(_) => Vec::new(),
        }
    }
}

fn section(facts: &Facts, id: SectionId) -> Option<&SectionFacts> {
    facts.sections.iter().find(|section| section.section.id == id)
}

/// Why one section cannot be taken together with another.
fn difference(main: &SectionFacts, linked: &SectionFacts) -> Option<String> {
    let (course, other) = (&main.course.course, &linked.course.course);
    if course.id != other.id {
        return Some(format!(
            "is a section of {}, not of {} as section_id: take several courses with a plan, POST /students/{{id}}/plan",
            other.code, course.code
        ));
    }
    let (term, other) = (&main.term.term, &linked.term.term);
    (term.id != other.id).then(|| {
        format!("is in the term {}, not in {} as section_id: name a section of that term", other.code, term.code)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Version;
    use crate::ids::TermId;
    use crate::registration::{Drop, Plan, Status, sample};

    /// Sections 1 and 2 of a course, 3 of another course, and 4 of the first in another term.
    fn facts() -> Facts {
        let mut facts = sample::facts();
        let mut elsewhen = sample::section(101, 4);
        elsewhen.term.term.id = sample::id::<TermId>(77);
        facts.sections = vec![sample::section(101, 1), sample::section(101, 2), sample::section(102, 3), elsewhen];
        facts
    }

    /// The sections of the facts in these places, to be taken together.
    fn together(places: &[usize]) -> EnrollRequest {
        let sections = facts().sections;
        let ids = places.iter().map(|place| sections[*place].section.id).collect();
        sample::request_for(Target::Together(ids))
    }

    fn pointers(error: Option<Error>) -> Vec<String> {
        match error {
            None => Vec::new(),
            Some(Error::Invalid(errors)) => errors.iter().map(|error| error.pointer.clone()).collect(),
            Some(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn sections_that_are_taken_together_are_of_one_course_and_term() {
        let table = [
            (vec![0, 1], vec![]),
            (vec![0, 2], vec!["/linked_section_ids/0"]),
            (vec![2, 0, 1], vec!["/linked_section_ids/0", "/linked_section_ids/1"]),
            (vec![0, 1, 3], vec!["/linked_section_ids/1"]),
        ];
        for (places, expected) in table {
            let attempt = sample::enroll(1, together(&places));
            assert_eq!(pointers(attempt.contradiction(&facts())), expected, "{places:?}");
        }
        let Some(Error::Invalid(errors)) = sample::enroll(1, together(&[0, 2, 3])).contradiction(&facts()) else {
            panic!("it is valid")
        };
        let details: Vec<&str> = errors.iter().map(|error| error.detail.as_str()).collect();
        assert!(details[0].contains("CS102") && details[0].contains("/plan"), "{details:?}");
        assert!(details[1].starts_with("is in the term "), "{details:?}");
    }

    #[test]
    fn the_part_of_a_plan_is_told() {
        let plan = Plan {
            adds: vec![sample::adding(1, together(&[0, 1])), sample::adding(2, together(&[0, 2]))],
            swaps: vec![sample::adding(3, together(&[2, 3]))],
            drops: Vec::new(),
        };
        let attempt = sample::attempt(1, Command::Plan(plan));
        let expected = ["/adds/1/linked_section_ids/0", "/swaps/0/add/linked_section_ids/0"];
        assert_eq!(pointers(attempt.contradiction(&facts())), expected);
    }

    #[test]
    fn another_version_than_was_seen_is_stale() {
        let mut facts = facts();
        let own = sample::held(9, &facts.sections[0], Status::Enrolled);
        let (student_course_id, version) = (own.student_course.id, own.student_course.version);
        facts.held.push(own);
        let leaving =
            |expected: Version| sample::attempt(1, Command::Drop(Drop { student_course_id, expected: Some(expected) }));
        assert!(leaving(version).contradiction(&facts).is_none());
        assert!(matches!(leaving(version.next()).contradiction(&facts), Some(Error::Stale(Subject::StudentCourse))));
    }
}
