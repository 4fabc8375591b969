//! Ids in paths. A malformed one names nothing, so it is answered like one that does not exist: 404.

use crate::problem::Problem;
use actix_web::dev::Payload;
use actix_web::web::Path;
use actix_web::{FromRequest, HttpRequest};
use enrollment_core::ids::{HoldId, PermitId, ReservationId, StudentCourseId, WindowId};
use enrollment_core::text::{Grade, InstructorNumber};
use std::future::{Ready, ready};
use std::str::FromStr;

/// The `{id}` of a path.
pub(crate) struct Id<T>(pub(crate) T);

/// The `{student_course_id}` of a path.
pub(crate) struct OfStudentCourse(pub(crate) StudentCourseId);

/// The `{reservation_id}` of a path.
pub(crate) struct OfReservation(pub(crate) ReservationId);

/// The `{hold_id}` of a path.
pub(crate) struct OfHold(pub(crate) HoldId);

/// The `{window_id}` of a path.
pub(crate) struct OfWindow(pub(crate) WindowId);

/// The `{permit_id}` of a path.
pub(crate) struct OfPermit(pub(crate) PermitId);

/// The `{grade}` of a path.
pub(crate) struct OfGrade(pub(crate) Grade);

/// The `{number}` of the path of an instructor.
pub(crate) struct OfInstructor(pub(crate) InstructorNumber);

impl<T: FromStr> FromRequest for Id<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read(request, "id").map(Self))
    }
}

impl FromRequest for OfStudentCourse {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read(request, "student_course_id").map(Self))
    }
}

impl FromRequest for OfHold {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read(request, "hold_id").map(Self))
    }
}

impl FromRequest for OfReservation {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read(request, "reservation_id").map(Self))
    }
}

impl FromRequest for OfWindow {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read(request, "window_id").map(Self))
    }
}

impl FromRequest for OfPermit {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read(request, "permit_id").map(Self))
    }
}

impl FromRequest for OfGrade {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(grade(request).map(Self))
    }
}

impl FromRequest for OfInstructor {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(instructor(request).map(Self))
    }
}

/// A grade may have any characters, so it is decoded in full: the `%2B` of `A%2B` is a plus.
fn grade(request: &HttpRequest) -> Result<Grade, Problem> {
    let segments = Path::<String>::extract(request).into_inner();
    let text = segments.map(Path::into_inner).unwrap_or_default();
    Grade::try_from(text.as_str()).map_err(|_| Problem::no_such_id(&text))
}

/// So may the number of an instructor.
fn instructor(request: &HttpRequest) -> Result<InstructorNumber, Problem> {
    let segments = Path::<(String, String)>::extract(request).into_inner();
    let (_, text) = segments.map(Path::into_inner).unwrap_or_default();
    InstructorNumber::try_from(text.as_str()).map_err(|_| Problem::no_such_number(&text))
}

fn read<T: FromStr>(request: &HttpRequest, name: &str) -> Result<T, Problem> {
    let text = request.match_info().get(name).unwrap_or_default();
    text.parse().map_err(|_| Problem::no_such_id(text))
}
