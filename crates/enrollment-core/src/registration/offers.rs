//! What a student could take now: sections, each with what every rule would say to asking for it.
//!
//! Nothing here decides. Each section is judged as a dry run of asking for it would be ([`Attempt::judge`]), on facts that
//! are loaded once for all of them and without locks: what is offered may be gone before it is asked for.

use super::{
    Attempt, Code, Command, CourseRef, Decision, Enroll, EnrollDraft, Facts, Mode, Scope, SeatPool, SectionFacts,
    TermRef, Violation,
};
use crate::Error;
use crate::access::{Gate, Operation, Principal, Resource};
use crate::actor::Actor;
use crate::catalog::{Credits, Repository, Section, SectionFilter};
use crate::clock::Clock;
use crate::fields::{Field, FieldErrors};
use crate::ids::{SectionId, StudentId};
use crate::page::{Limit, Page, PageRequest};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use uuid::Uuid;

/// Tells what is known about a student, beside whoever changes it.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait FactsRepository: Send + Sync {
    /// The facts of a scope, of which the student is a part, as they are now. Nothing MUST be locked, and what the scope
    /// names and is not there is left out; but it MUST answer [`Error::NotFound`] when there is no such student.
    async fn facts(&self, student: StudentId, scope: Scope) -> Result<Facts, Error>;
}

/// A section, and whether the student could take it now.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Offer {
    /// The section.
    pub section: Section,
    /// Its course.
    pub course: CourseRef,
    /// Its term.
    pub term: TermRef,
    /// What the course is worth.
    pub credits: Credits,
    /// How many seats are free, those included that are reserved for others.
    pub seats_free: u32,
    /// Whether every rule admits the student now.
    pub eligible: bool,
    /// The rules that refuse, in their fixed order; none for an eligible section. Sections of other components that are taken
    /// together with it are not asked for here.
    pub violations: Vec<Violation>,
}

/// What a list of offers can be narrowed by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OfferFilter {
    /// Which sections are in question.
    pub sections: SectionFilter,
    /// Only those that the student could take now.
    pub eligible: bool,
}

/// The service that tells what students could take.
pub struct Offers {
    sections: Arc<dyn Repository<Section>>,
    facts: Arc<dyn FactsRepository>,
    gate: Gate,
    clock: Arc<dyn Clock>,
}

impl Offers {
    /// A service on these ports, behind this gate.
    pub fn new(
        sections: Arc<dyn Repository<Section>>,
        facts: Arc<dyn FactsRepository>,
        gate: Gate,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { sections, facts, gate, clock }
    }

    /// A page of the sections that the filter lets through, each with what the rules say.
    ///
    /// Whether a section is eligible is not known before its rules are asked. So where only eligible ones are wanted, as many
    /// sections as a page can have at most are asked about, and those that are eligible are answered: perhaps fewer than the
    /// limit, or none, with `next` to go on.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is no such student, and what the ports answer.
    pub async fn to(
        &self,
        by: &Principal,
        student: StudentId,
        filter: OfferFilter,
        page: PageRequest<SectionId>,
    ) -> Result<Page<Offer, SectionId>, Error> {
        self.gate.admit(by, Operation::RehearseRegistration, Resource::Student(student)).await?;
        let asked = if filter.eligible { Limit::greatest() } else { page.limit };
        let limit = page.limit;
        let sections = self.sections.list(filter.sections, PageRequest { limit: asked, ..page }).await?;
        let named = sections.items.iter().map(|section| section.id).collect();
        let scope = Scope { students: vec![student], sections: named, ..Scope::default() };
        let mut facts = self.facts.facts(student, scope).await?;
        let mut questions =
            Asker { actor: by.actor().clone(), at: self.clock.now(), known: sections_of(&mut facts), facts };
        let offers = sections.items.into_iter().filter_map(|section| questions.ask_for(section).transpose());
        let offers = offers.collect::<Result<Vec<Offer>, FieldErrors>>()?;
        Ok(if filter.eligible {
            eligible(offers, limit, sections.next)
        } else {
            Page { items: offers, next: sections.next }
        })
    }
}

/// The eligible ones of what was asked about, of which the list goes on after `next`.
fn eligible(mut offers: Vec<Offer>, limit: Limit, next: Option<SectionId>) -> Page<Offer, SectionId> {
    offers.retain(|offer| offer.eligible);
    let rest = Page::cut(offers, limit, |offer| offer.section.id);
    Page { next: rest.next.or(next), ..rest }
}

/// Takes the sections out of the facts, since a question about one of them knows no others.
fn sections_of(facts: &mut Facts) -> BTreeMap<SectionId, SectionFacts> {
    std::mem::take(&mut facts.sections).into_iter().map(|section| (section.section.id, section)).collect()
}

/// A student who asks for one section after the other, each as if it were the only one.
struct Asker {
    actor: Actor,
    at: DateTime<Utc>,
    /// The sections that are not asked for yet.
    known: BTreeMap<SectionId, SectionFacts>,
    /// All facts but those.
    facts: Facts,
}

impl Asker {
    /// What the rules say to a section; nothing of one of which there are no facts, because it has just been deleted.
    fn ask_for(&mut self, section: Section) -> Result<Option<Offer>, FieldErrors> {
        let Some(known) = self.known.remove(&section.id) else { return Ok(None) };
        let attempt = self.attempt(section.id)?;
        let seats_free = self.facts.pool_of(&known).map_or(0, SeatPool::free);
        let (course, term, credits) = (known.course.course.clone(), known.term.term.clone(), known.course.credits);
        self.facts.sections = vec![known];
        let mut violations = match attempt.decide(&self.facts) {
            Decision::Accept(_) => Vec::new(),
            Decision::Refuse(violations) => violations,
        };
        // What it is taken together with can be named beside it: that keeps nobody from it.
        violations.retain(|violation| violation.code != Code::LinkedSectionMissing);
        Ok(Some(Offer { section, course, term, credits, seats_free, eligible: violations.is_empty(), violations }))
    }

    /// The plainest request for a section. Nothing of it is kept, so it needs no ids of its own.
    fn attempt(&self, section: SectionId) -> Result<Attempt, FieldErrors> {
        let request = EnrollDraft { section_id: Field::Value(section), ..EnrollDraft::default() }.parse()?;
        Ok(Attempt {
            id: Uuid::nil().into(),
            actor: self.actor.clone(),
            reason: None,
            at: self.at,
            student_id: self.facts.student.id,
            command: Command::Enroll(Enroll { student_course_id: Uuid::nil().into(), request }),
            mode: Mode::DryRun,
            idempotency: None,
            caused_by: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Draft, MockRepository, SectionDraft, SectionStatus, Stamp};
    use crate::clock::MockClock;
    use crate::registration::sample;
    use pollster::block_on;
    use serde_json::json;

    /// The section as the catalogue has it.
    fn listed(section: &SectionFacts) -> Section {
        let draft = json!({
            "course_id": section.course.course.id, "term_id": section.term.term.id,
            "number": section.section.number, "capacity": 10, "status": section.status,
        });
        let draft: SectionDraft = serde_json::from_value(draft).unwrap();
        draft.parse(Stamp::new(section.section.id, sample::now())).unwrap()
    }

    /// Sections of courses 101, 102, ...: every third is full, the others can be taken.
    fn sections(count: u128) -> (Vec<Section>, Facts) {
        let mut facts = sample::facts();
        facts.sections = (0..count).map(|number| sample::section(101 + number, 1)).collect();
        let taken = |position: usize| if position % 3 == 2 { 10 } else { 4 };
        facts.pools = facts.sections.iter().enumerate().map(|(at, one)| sample::pool(one, 10, taken(at))).collect();
        (facts.sections.iter().map(listed).collect(), facts)
    }

    fn offers(listed: Vec<Section>, next: Option<SectionId>, facts: Facts) -> Offers {
        let (mut repository, mut source, mut clock) =
            (MockRepository::new(), MockFactsRepository::new(), MockClock::new());
        repository.expect_list().once().returning(move |_, _| Ok(Page { items: listed.clone(), next }));
        source.expect_facts().once().returning(move |student, scope| {
            assert!(scope.students == [student] && scope.courses.is_empty());
            Ok(facts.clone())
        });
        clock.expect_now().return_const(sample::now());
        Offers::new(Arc::new(repository), Arc::new(source), Gate::without_affiliations(), Arc::new(clock))
    }

    fn asked(offers: &Offers, eligible: bool, limit: u16) -> Page<Offer, SectionId> {
        let filter = OfferFilter { eligible, ..OfferFilter::default() };
        let page = PageRequest { limit: Limit::try_from(limit).unwrap(), after: None };
        block_on(offers.to(&Principal::anonymous(), sample::student(), filter, page)).unwrap()
    }

    #[test]
    fn each_section_is_judged_as_if_it_were_asked_for_alone() {
        let (mut catalogue, mut facts) = sections(3);
        // They all meet at the same time, which would matter only if the student had one of them.
        facts.sections[0].status = SectionStatus::Closed;
        catalogue.push(listed(&sample::section(999, 1)));
        let expected: Vec<Decision> = facts
            .sections
            .iter()
            .map(|section| {
                let facts = Facts { sections: vec![section.clone()], ..facts.clone() };
                sample::enroll_in(1, section).decide(&facts)
            })
            .collect();
        let page = asked(&offers(catalogue, None, facts), false, 50);
        assert_eq!(page.items.len(), 3, "one has been deleted");
        for (offer, expected) in page.items.iter().zip(expected) {
            let violations = match expected {
                Decision::Accept(_) => vec![],
                Decision::Refuse(violations) => violations,
            };
            assert_eq!((offer.eligible, &offer.violations), (violations.is_empty(), &violations));
        }
        let told: Vec<_> = page.items.iter().map(|offer| (offer.eligible, offer.seats_free)).collect();
        assert_eq!(told, [(false, 6), (true, 6), (false, 0)]);
        assert_eq!(page.items[2].violations[0].code, Code::SectionFull);
    }

    #[test]
    fn a_page_of_eligible_sections_goes_on_after_the_last_that_was_asked_about() {
        let numbers = |page: &Page<Offer, SectionId>| -> Vec<String> {
            page.items.iter().map(|offer| offer.course.code.to_string()).collect()
        };
        let more: SectionId = sample::id(77);
        // (limit, what is eligible, where it goes on)
        for (limit, expected, next) in [
            (1, vec!["CS101"], Some(sample::id(101_001))),
            (4, vec!["CS101", "CS102", "CS104", "CS105"], Some(more)),
            (50, vec!["CS101", "CS102", "CS104", "CS105"], Some(more)),
        ] {
            let (listed, facts) = sections(6);
            let page = asked(&offers(listed, Some(more), facts), true, limit);
            assert_eq!(
                (numbers(&page), page.next),
                (expected.into_iter().map(str::to_owned).collect(), next),
                "{limit}"
            );
        }
    }
}
