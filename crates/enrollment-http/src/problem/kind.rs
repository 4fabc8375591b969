//! The kinds of problem: the table of their types, statuses, titles and remedies.

use super::retry::RetryAfter;
use actix_web::http::StatusCode;

/// A kind of problem. Its type is part of the API: callers match on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the table below says what each is")]
pub enum Kind {
    Malformed,
    Unauthenticated,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    BodyTooSlow,
    UriTooLong,
    HeadersTooLarge,
    Duplicate,
    InUse,
    SeatsTaken,
    SeatsReserved,
    Fixed,
    EnrollmentRefused,
    DropRefused,
    PlanRefused,
    BulkRefused,
    WaitlistRefused,
    Stale,
    TooLarge,
    UnsupportedMediaType,
    Invalid,
    TooManyRequests,
    IdempotencyKeyReused,
    Internal,
    Busy,
    Unavailable,
    OutcomeUnknown,
    NotReady,
    /// A status that a library answered by itself, and of which no more is known.
    Other(StatusCode),
}

/// What is said of a kind of problem.
struct Row {
    problem_type: &'static str,
    status: StatusCode,
    title: &'static str,
    remedy: Option<&'static str>,
}

const fn row(status: StatusCode, problem_type: &'static str, title: &'static str, remedy: Option<&'static str>) -> Row {
    Row { problem_type, status, title, remedy }
}

impl Kind {
    /// All kinds that have a type of their own.
    pub const ALL: [Self; 29] = [
        Self::Malformed,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::TooManyRequests,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::BodyTooSlow,
        Self::UriTooLong,
        Self::HeadersTooLarge,
        Self::Duplicate,
        Self::InUse,
        Self::SeatsTaken,
        Self::SeatsReserved,
        Self::Fixed,
        Self::EnrollmentRefused,
        Self::DropRefused,
        Self::PlanRefused,
        Self::BulkRefused,
        Self::WaitlistRefused,
        Self::Stale,
        Self::TooLarge,
        Self::UnsupportedMediaType,
        Self::Invalid,
        Self::IdempotencyKeyReused,
        Self::Internal,
        Self::Busy,
        Self::Unavailable,
        Self::OutcomeUnknown,
        Self::NotReady,
    ];

    #[rustfmt::skip]
    const fn row(self) -> Row {
        use StatusCode as S;
        match self {
            Self::Malformed => row(S::BAD_REQUEST, "/problems/malformed", "The request is malformed", None),
            Self::Unauthenticated => row(S::UNAUTHORIZED, "/problems/unauthenticated", "It is not known who asks",
                Some("Send `Authorization: Bearer` with an API key or a token that is valid.")),
            Self::Forbidden => row(S::FORBIDDEN, "/problems/forbidden", "The caller may not do this",
                Some("Ask somebody in a role that may, or for a key that has the scope.")),
            Self::TooManyRequests => row(S::TOO_MANY_REQUESTS, "/problems/too-many-requests", "The caller asks too often",
                Some("Nothing was changed: ask again after the seconds that `Retry-After` names.")),
            Self::NotFound => row(S::NOT_FOUND, "/problems/not-found", "There is no such thing", None),
            Self::MethodNotAllowed => row(S::METHOD_NOT_ALLOWED, "/problems/method-not-allowed", "The path does not take this method",
                Some("Use one of the methods that the header `Allow` names.")),
            Self::BodyTooSlow => row(S::REQUEST_TIMEOUT, "/problems/body-too-slow", "The body took too long to arrive",
                Some("Nothing was changed: send it again, all at once.")),
            Self::UriTooLong => row(S::URI_TOO_LONG, "/problems/uri-too-long", "The path and the query are too long",
                Some("Ask for less at a time.")),
            Self::HeadersTooLarge => row(S::REQUEST_HEADER_FIELDS_TOO_LARGE, "/problems/headers-too-large", "The header fields are too large",
                Some("Send fewer and shorter header fields.")),
            Self::Duplicate => row(S::CONFLICT, "/problems/duplicate", "Another one has this value already",
                Some("Choose another value, or change the one that has it.")),
            Self::InUse => row(S::CONFLICT, "/problems/in-use", "It is in use",
                Some("Delete first what refers to it. A permit that was used stays: let it expire.")),
            Self::SeatsTaken => row(S::CONFLICT, "/problems/seats-taken", "More seats are taken than there would be",
                Some("Choose a number that is not below the seats taken, or drop students first.")),
            Self::SeatsReserved => row(S::CONFLICT, "/problems/seats-reserved", "More seats would be reserved than there are",
                Some("Reserve fewer seats, or raise the capacity first.")),
            Self::Fixed => row(S::CONFLICT, "/problems/fixed", "The field can no longer change",
                Some("Make a new section, and enroll students there.")),
            Self::EnrollmentRefused => row(S::CONFLICT, "/problems/enrollment-refused", "The enrollment is refused",
                Some("Each of the violations tells what can be done about it.")),
            Self::DropRefused => row(S::CONFLICT, "/problems/drop-refused", "The drop is refused",
                Some("Each of the violations tells what can be done about it.")),
            Self::PlanRefused => row(S::CONFLICT, "/problems/plan-refused", "The plan is refused, and nothing of it was done",
                Some("Each of the violations tells what can be done about it, and its pointer which part of the plan it is about.")),
            Self::BulkRefused => row(S::CONFLICT, "/problems/bulk-refused", "Rows of the bulk are refused, and none was kept",
                Some("Each of the violations tells what can be done about it, and its pointer which row it is about. Leave those rows out, or ask without `atomic`.")),
            Self::WaitlistRefused => row(S::CONFLICT, "/problems/waitlist-refused", "The place on the waitlist cannot be changed",
                Some("Each of the violations tells what can be done about it.")),
            Self::Stale => row(S::PRECONDITION_FAILED, "/problems/stale", "It was changed in the meantime",
                Some("Read it again, and repeat the change with the new ETag.")),
            Self::TooLarge => row(S::PAYLOAD_TOO_LARGE, "/problems/too-large", "The body is too large",
                Some("Send less at a time.")),
            Self::UnsupportedMediaType => row(S::UNSUPPORTED_MEDIA_TYPE, "/problems/unsupported-media-type", "The body is not of a type that is taken here",
                Some("Send JSON in UTF-8, not compressed, with `Content-Type: application/json`.")),
            Self::Invalid => row(S::UNPROCESSABLE_ENTITY, "/problems/invalid", "The request is invalid",
                Some("Correct everything that `errors` names, and ask again.")),
            Self::IdempotencyKeyReused => row(S::UNPROCESSABLE_ENTITY, "/problems/idempotency-key-reused", "The idempotency key was used for another request",
                Some("Use a new key for a new request.")),
            Self::Internal => row(S::INTERNAL_SERVER_ERROR, "/problems/internal", "Something went wrong here",
                Some("Tell an operator the request_id.")),
            Self::Busy => row(S::SERVICE_UNAVAILABLE, "/problems/busy", "Too many requests are waiting",
                Some("Nothing was changed: ask again after the seconds that `Retry-After` names.")),
            Self::Unavailable => row(S::SERVICE_UNAVAILABLE, "/problems/unavailable", "The database cannot be reached",
                Some("Nothing was changed: ask again after the seconds that `Retry-After` names.")),
            Self::OutcomeUnknown => row(S::SERVICE_UNAVAILABLE, "/problems/outcome-unknown", "The change may or may not have been made",
                Some("Repeat the request with the same Idempotency-Key, or read first what is there.")),
            Self::NotReady => row(S::SERVICE_UNAVAILABLE, "/problems/not-ready", "The server is not ready",
                Some("Wait until it is, or look at its log.")),
            Self::Other(status) => row(status, "about:blank", "The request could not be answered", None),
        }
    }

    /// The kind that fits a status which a library answered by itself.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::BAD_REQUEST => Self::Malformed,
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Self::MethodNotAllowed,
            StatusCode::INTERNAL_SERVER_ERROR => Self::Internal,
            other => Self::Other(other),
        }
    }

    /// Its type: a reference that names it.
    pub const fn problem_type(self) -> &'static str {
        self.row().problem_type
    }

    /// The status that it is answered with.
    pub const fn status(self) -> StatusCode {
        self.row().status
    }

    /// What it is, for a person; the same for every problem of the kind.
    pub fn title(self) -> &'static str {
        match self {
            Self::Other(status) => status.canonical_reason().unwrap_or(self.row().title),
            known => known.row().title,
        }
    }

    /// What the caller can do about it.
    pub const fn remedy(self) -> Option<&'static str> {
        self.row().remedy
    }

    /// When asking again makes sense.
    pub(crate) const fn retry_after(self) -> Option<RetryAfter> {
        match self {
            Self::OutcomeUnknown | Self::TooManyRequests => Some(RetryAfter::between(1, 3)),
            Self::Busy => Some(RetryAfter::between(1, 5)),
            Self::Unavailable | Self::NotReady => Some(RetryAfter::between(5, 15)),
            _ => None,
        }
    }

    /// What it is called where requests that were not served are counted by the reason.
    pub(crate) const fn unserved_because(self) -> Option<&'static str> {
        match self {
            Self::Busy => Some("busy"),
            Self::Unavailable => Some("unavailable"),
            Self::OutcomeUnknown => Some("outcome_unknown"),
            Self::NotReady => Some("not_ready"),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_kind_has_a_type_of_its_own() {
        let types: BTreeSet<&str> = Kind::ALL.iter().map(|kind| kind.problem_type()).collect();
        assert_eq!(types.len(), Kind::ALL.len());
        assert!(types.iter().all(|own| own.starts_with("/problems/")));
    }

    #[test]
    fn what_can_be_repeated_says_when() {
        for kind in Kind::ALL {
            let is_unserved = kind.status() == StatusCode::SERVICE_UNAVAILABLE;
            let is_early = kind.status() == StatusCode::TOO_MANY_REQUESTS;
            assert_eq!(kind.retry_after().is_some(), is_unserved || is_early, "{kind:?}");
            assert_eq!(kind.unserved_because().is_some(), is_unserved, "{kind:?}");
        }
    }
}
