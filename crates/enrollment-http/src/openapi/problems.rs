//! Problems in the API's document: their schemas, the responses that carry them, and the sets of responses that endpoints
//! of one sort have.

use crate::problem::Kind;
use std::collections::BTreeMap;
use std::fmt::Write;
use utoipa::openapi::schema::{AllOfBuilder, ArrayBuilder, ObjectBuilder, Schema, Type};
use utoipa::openapi::{ContentBuilder, Header, OpenApi, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, Modify};

/// A response that carries problems: its name among the components, its status, its schema, and what it says.
pub(super) struct Answer {
    name: &'static str,
    status: &'static str,
    schema: &'static str,
    description: &'static str,
}

const fn answer(name: &'static str, status: &'static str, schema: &'static str, description: &'static str) -> Answer {
    Answer { name, status, schema, description }
}

const MALFORMED: Answer = answer(
    "Malformed",
    "400",
    "Problem",
    "The request is malformed: the body is not a JSON object, or a header cannot be read.",
);
const UNAUTHENTICATED: Answer = answer(
    "Unauthenticated",
    "401",
    "Problem",
    "It is not known who asks: there is no credential, or it is not accepted. `WWW-Authenticate` tells what is wrong with it.",
);
const FORBIDDEN: Answer = answer("Forbidden", "403", "Problem", "The caller's roles do not let them do this.");
pub(super) const TOO_MANY: Answer =
    answer("TooManyRequests", "429", "Problem", "The caller, or their address, asks too often.");
pub(super) const BODY_TOO_SLOW: Answer =
    answer("BodyTooSlow", "408", "Problem", "The body took too long to arrive; nothing was changed.");
pub(super) const URI_TOO_LONG: Answer =
    answer("UriTooLong", "414", "Problem", "The path and the query together are too long.");
pub(super) const HEADERS_TOO_LARGE: Answer =
    answer("HeadersTooLarge", "431", "Problem", "The header fields together are too large.");
const NOT_FOUND: Answer = answer(
    "NotFound",
    "404",
    "Problem",
    "There is no such thing. A malformed id names nothing, so it is answered like this too.",
);
const CONFLICT: Answer = answer(
    "Conflict",
    "409",
    "ConflictProblem",
    "What is there forbids it: another entry has the same natural key, the entry is in use, more seats are taken than there would be, or the field can no longer change.",
);
const ENROLLMENT_REFUSED: Answer =
    answer("EnrollmentRefused", "409", "RefusedProblem", "Rules refuse the enrollment; all of them are named.");
const DROP_REFUSED: Answer =
    answer("DropRefused", "409", "RefusedProblem", "Rules refuse the drop; all of them are named.");
const PLAN_REFUSED: Answer = answer(
    "PlanRefused",
    "409",
    "RefusedProblem",
    "Rules refuse a part of the plan; all of them are named, with the part.",
);
const BULK_REFUSED: Answer = answer(
    "BulkRefused",
    "409",
    "BulkRefusedProblem",
    "Rules refuse rows of an atomic bulk; all of them are named, with the row.",
);
const WAITLIST_REFUSED: Answer =
    answer("WaitlistRefused", "409", "RefusedProblem", "There is no place on a waitlist to change.");
const STALE: Answer = answer("Stale", "412", "Problem", "It was changed since the caller read it.");
pub(super) const TOO_LARGE: Answer = answer("TooLarge", "413", "Problem", "The body is too large.");
const UNSUPPORTED: Answer = answer(
    "UnsupportedMediaType",
    "415",
    "Problem",
    "The body is not `application/json` in UTF-8, or it is compressed.",
);
const INVALID: Answer = answer(
    "Invalid",
    "422",
    "InvalidProblem",
    "Fields, query parameters or headers are invalid; all of them are named. With the type `/problems/idempotency-key-reused`: the key was used for another request.",
);
const INTERNAL: Answer = answer("Internal", "500", "Problem", "Something went wrong here.");
const UNAVAILABLE: Answer = answer(
    "Unavailable",
    "503",
    "Problem",
    "It cannot be answered now: too many requests wait, or the database cannot be reached. Nothing was changed, unless the type is `/problems/outcome-unknown`.",
);

const ALL: [&Answer; 20] = [
    &MALFORMED,
    &UNAUTHENTICATED,
    &FORBIDDEN,
    &TOO_MANY,
    &BODY_TOO_SLOW,
    &URI_TOO_LONG,
    &HEADERS_TOO_LARGE,
    &NOT_FOUND,
    &CONFLICT,
    &ENROLLMENT_REFUSED,
    &DROP_REFUSED,
    &PLAN_REFUSED,
    &BULK_REFUSED,
    &WAITLIST_REFUSED,
    &STALE,
    &TOO_LARGE,
    &UNSUPPORTED,
    &INVALID,
    &INTERNAL,
    &UNAVAILABLE,
];

macro_rules! sets {
    ($($(#[$doc:meta])* $name:ident = $($answer:ident)|+;)+) => {$(
        $(#[$doc])*
        pub(crate) struct $name;

        impl IntoResponses for $name {
            fn responses() -> BTreeMap<String, RefOr<Response>> {
                [$(&$answer),+].into_iter().map(reference).collect()
            }
        }
    )+};
}

sets! {
    /// Of a list.
    ListProblems = INVALID | INTERNAL | UNAVAILABLE;
    /// Of what is found by an id.
    FindProblems = NOT_FOUND | INVALID | INTERNAL | UNAVAILABLE;
    /// Of making an entry.
    CreateProblems = MALFORMED | CONFLICT | UNSUPPORTED | INVALID | INTERNAL | UNAVAILABLE;
    /// Of making an entry that belongs to another.
    CreateOwnedProblems = MALFORMED | NOT_FOUND | CONFLICT | UNSUPPORTED | INVALID | INTERNAL | UNAVAILABLE;
    /// Of changing an entry.
    ChangeProblems = MALFORMED | NOT_FOUND | CONFLICT | STALE | UNSUPPORTED | INVALID | INTERNAL | UNAVAILABLE;
    /// Of deleting an entry.
    DeleteProblems = MALFORMED | NOT_FOUND | CONFLICT | STALE | INVALID | INTERNAL | UNAVAILABLE;
    /// Of putting what the caller names.
    PutProblems = MALFORMED | NOT_FOUND | CONFLICT | UNSUPPORTED | INVALID | INTERNAL | UNAVAILABLE;
    /// Of deleting a grade, which has no versions.
    DeleteGradeProblems = NOT_FOUND | CONFLICT | INVALID | INTERNAL | UNAVAILABLE;
    /// Of enrolling.
    EnrollProblems = MALFORMED | NOT_FOUND | ENROLLMENT_REFUSED | UNSUPPORTED | INVALID | INTERNAL | UNAVAILABLE;
    /// Of a plan.
    PlanProblems = MALFORMED | NOT_FOUND | PLAN_REFUSED | UNSUPPORTED | INVALID | INTERNAL | UNAVAILABLE;
    /// Of a bulk.
    BulkProblems = MALFORMED | NOT_FOUND | BULK_REFUSED | UNSUPPORTED | INVALID | INTERNAL | UNAVAILABLE;
    /// Of leaving.
    DropProblems = MALFORMED | NOT_FOUND | DROP_REFUSED | STALE | INVALID | INTERNAL | UNAVAILABLE;
    /// Of changing a place on a waitlist.
    ReorderProblems = MALFORMED | NOT_FOUND | WAITLIST_REFUSED | STALE | UNSUPPORTED | INVALID | INTERNAL | UNAVAILABLE;
    /// Of asking for a token, beyond those that RFC 6749 knows.
    TokenProblems = INTERNAL | UNAVAILABLE;
    /// Of asking whether the server is ready.
    ReadyProblems = UNAVAILABLE;
}

pub(super) fn reference(answer: &Answer) -> (String, RefOr<Response>) {
    (answer.status.to_owned(), Ref::from_response_name(answer.name).into())
}

/// Adds the responses, and their schemas, to the document's components.
pub(crate) struct Components;

impl Modify for Components {
    fn modify(&self, document: &mut OpenApi) {
        let components = document.components.get_or_insert_default();
        components.responses.extend(ALL.map(|answer| (answer.name.to_owned(), response(answer).into())));
        components.schemas.extend(schemas());
    }
}

fn response(answer: &Answer) -> Response {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(answer.schema))).build();
    let response = ResponseBuilder::new().description(answer.description).content("application/problem+json", content);
    let response = match answer.status {
        "429" | "503" => response.header("Retry-After", retry_after()),
        _ => response,
    };
    response.build()
}

fn retry_after() -> Header {
    let mut header = Header::new(ObjectBuilder::new().schema_type(Type::Integer));
    header.description = Some("The seconds after which to ask again.".to_owned());
    header
}

fn schemas() -> [(String, RefOr<Schema>); 5] {
    let list = |schema: &str| ArrayBuilder::new().items(Ref::from_schema_name(schema));
    let errors = || ObjectBuilder::new().property("errors", list("InputError"));
    let used_by = ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some([
            "student",
            "course",
            "term",
            "section",
            "student_course",
            "hold",
            "reservation",
            "window",
            "permit",
            "permit_use",
        ]))
        .build();
    let conflict = errors()
        .description(Some("`errors` names the field in the way, `in_use_by` what refers to the entry."))
        .property("in_use_by", ArrayBuilder::new().items(used_by));
    let attempt = ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some("The attempt that was refused. It stands in place of the request_id, since a repetition with the same Idempotency-Key is answered by the same bytes."));
    let refused = ObjectBuilder::new()
        .property("attempt_id", attempt)
        .property("violations", list("Violation"))
        .required("attempt_id")
        .required("violations");
    let attempts = ObjectBuilder::new()
        .description(Some("The attempts of the rows that were refused, by the pointers to them; empty for a dry run."))
        .additional_properties(Some(ObjectBuilder::new().schema_type(Type::String)));
    let bulk_refused = ObjectBuilder::new()
        .property("attempts", attempts)
        .property("violations", list("Violation"))
        .required("attempts")
        .required("violations");
    [
        ("Problem".to_owned(), problem().into()),
        ("InvalidProblem".to_owned(), extended(errors())),
        ("ConflictProblem".to_owned(), extended(conflict)),
        ("RefusedProblem".to_owned(), extended(refused)),
        ("BulkRefusedProblem".to_owned(), extended(bulk_refused)),
    ]
}

fn extended(members: ObjectBuilder) -> RefOr<Schema> {
    AllOfBuilder::new().item(Ref::from_schema_name("Problem")).item(members).into()
}

fn problem() -> Schema {
    let text =
        |description: &str| ObjectBuilder::new().schema_type(Type::String).description(Some(description)).build();
    let kinds = text("What kind of problem it is; stable, for a program to match on.");
    let status = ObjectBuilder::new().schema_type(Type::Integer).description(Some("The status of the answer."));
    ObjectBuilder::new()
        .description(Some(kinds_table()))
        .property("type", kinds)
        .property("title", text("What kind of problem it is, for a person."))
        .property("status", status)
        .property("detail", text("What went wrong this time, for a person."))
        .property("remedy", text("What can be done about it, for a person."))
        .property("instance", text("The path of the request."))
        .property("request_id", text("The request, as the log names it."))
        .required("type")
        .required("title")
        .required("status")
        .required("detail")
        .required("instance")
        .into()
}

/// The kinds of problem, for the document's reader.
fn kinds_table() -> String {
    let mut table = "A problem (RFC 9457).\n\n| type | status | title |\n| --- | --- | --- |\n".to_owned();
    for kind in Kind::ALL {
        let _ = writeln!(table, "| `{}` | {} | {} |", kind.problem_type(), kind.status().as_u16(), kind.title());
    }
    table
}
