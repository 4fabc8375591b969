//! What is there when all is over, read from the server as anybody could.

use super::api::{Api, ApiError};
use super::campus::{self, Campus, Section};
use super::draw::Visit;
use actix_web::rt;
use serde::Deserialize;
use std::collections::HashMap;
use std::rc::Rc;

/// The sections, and the courses of everybody who took part.
pub(super) struct Aftermath {
    /// Those that were open before and are now.
    pub(super) sections: Vec<Section>,
    /// By student.
    pub(super) courses: HashMap<usize, Vec<Held>>,
}

/// A student course.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Held {
    pub(super) id: String,
    pub(super) status: String,
    course: Named,
    section: Option<Placed>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct Named {
    id: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct Placed {
    id: String,
    component: String,
}

impl Held {
    /// Whether it has a seat.
    pub(super) fn is_enrolled(&self) -> bool {
        self.status == "enrolled"
    }

    /// Whether it is in the section, with a seat or waiting for one.
    pub(super) fn is_live(&self) -> bool {
        self.is_enrolled() || self.status == "waitlisted"
    }

    pub(super) fn section(&self) -> Option<&str> {
        self.section.as_ref().map(|section| section.id.as_str())
    }

    /// What nobody has two seats in: a component of a course.
    pub(super) fn component(&self) -> Option<(&str, &str)> {
        self.section.as_ref().map(|section| (self.course.id.as_str(), section.component.as_str()))
    }

    #[cfg(test)]
    pub(super) fn made_up(id: &str, status: &str, section: &str, course: &str) -> Self {
        Self {
            id: id.to_owned(),
            status: status.to_owned(),
            course: Named { id: course.to_owned() },
            section: Some(Placed { id: section.to_owned(), component: "lecture".to_owned() }),
        }
    }
}

/// How many students' courses are read at a time.
const AT_A_TIME: usize = 16;

/// Reads back what there is.
pub(super) async fn read(api: &Rc<Api>, campus: &Campus, visits: &[Visit]) -> Result<Aftermath, ApiError> {
    let sections = campus::open_sections(api, &campus.term).await?;
    let mut courses = HashMap::with_capacity(visits.len());
    for visits in visits.chunks(AT_A_TIME) {
        let reading: Vec<_> = visits
            .iter()
            .map(|visit| {
                let path = format!("/students/{}/courses", campus.students[visit.student].id);
                let (api, of_term) = (Rc::clone(api), format!("&term_id={}", campus.term.id));
                (visit.student, rt::spawn(async move { api.list(&path, &of_term, usize::MAX).await }))
            })
            .collect();
        for (student, reading) in reading {
            let gone = |error: rt::task::JoinError| ApiError::Unreachable {
                url: "the server".to_owned(),
                reason: error.to_string(),
            };
            courses.insert(student, reading.await.map_err(gone)??);
        }
    }
    Ok(Aftermath { sections, courses })
}
