//! What the types say of themselves, said as strictly as the API is.

use enrollment_core::text::{IdempotencyKey, Reason};
use utoipa::openapi::path::{Operation, Parameter, ParameterIn, PathItem};
use utoipa::openapi::schema::{AdditionalProperties, Object, Schema, Type};
use utoipa::openapi::{OpenApi, RefOr};
use utoipa::{Modify, PartialSchema};

/// Things that are answered, and of which every member is always there, be it null.
const ANSWERS: [&str; 25] = [
    "ApiKey",
    "Student",
    "SectionInstructor",
    "Hold",
    "Reservation",
    "Window",
    "Permit",
    "PermitUse",
    "Course",
    "ScaleGrade",
    "Term",
    "Section",
    "GradesAnswer",
    "GradeAnswer",
    "Meeting",
    "StudentCourse",
    "Timetable",
    "TimetableEntry",
    "TimetableTerm",
    "Event",
    "Finding",
    "Judgement",
    "StepJudgement",
    "Waiting",
    "PassedOver",
];

/// Closes the input forms, requires every member of the answers, and says that a header is there or not, never null.
pub(crate) struct Strict;

impl Modify for Strict {
    fn modify(&self, document: &mut OpenApi) {
        let components = document.components.get_or_insert_default();
        for (name, schema) in &mut components.schemas {
            let RefOr::T(Schema::Object(object)) = schema else { continue };
            if name.ends_with("Draft") || name.ends_with("Patch") {
                object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
            }
            if ANSWERS.contains(&name.as_str()) {
                object.required = object.properties.keys().cloned().collect();
            }
        }
        document.paths.paths.values_mut().flat_map(operations).for_each(make_headers_text);
    }
}

pub(super) fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete].into_iter().flatten()
}

fn make_headers_text(operation: &mut Operation) {
    for parameter in operation.parameters.iter_mut().flatten() {
        if let RefOr::T(Parameter { parameter_in: ParameterIn::Header, name, schema, .. }) = parameter {
            *schema = Some(text_of(name));
        }
    }
}

/// What the header of this name may hold.
fn text_of(name: &str) -> RefOr<Schema> {
    match name {
        "Enrollment-Reason" => Reason::schema(),
        "Idempotency-Key" => IdempotencyKey::schema(),
        _ => Object::with_type(Type::String).into(),
    }
}
