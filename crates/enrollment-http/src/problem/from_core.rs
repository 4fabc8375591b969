//! Errors of core as problems.

use super::{InputError, Kind, Members, Problem};
use enrollment_core::Error;
use enrollment_core::access::AuthenticationError;
use enrollment_core::fields::FieldError;
use enrollment_core::health::NotReady;

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let detail = sentence(&error.to_string());
        match error {
            Error::Invalid(errors) => Self::invalid_fields(&errors),
            Error::NotFound(_) | Error::Unknown { .. } => Self::new(Kind::NotFound, detail),
            Error::Duplicate { subject, field } => {
                let members = at_field(field, format!("is taken by another {subject}"));
                Self::new(Kind::Duplicate, detail).with_members(members)
            }
            Error::Stale(_) => Self::new(Kind::Stale, detail),
            Error::InUse { by, .. } => Self::new(Kind::InUse, detail).with_members(Members::InUse { in_use_by: by }),
            Error::SeatsTaken { taken, field, .. } => {
                let members = at_field(field, format!("is too low: {taken} seats are taken"));
                Self::new(Kind::SeatsTaken, detail).with_members(members)
            }
            Error::SeatsReserved { seats, reserved, field } => {
                let members = at_field(field, format!("does not fit: {reserved} of {seats} seats would be reserved"));
                Self::new(Kind::SeatsReserved, detail).with_members(members)
            }
            Error::Fixed { field, .. } => {
                let members = at_field(field, "must stay as it is".to_owned());
                Self::new(Kind::Fixed, detail).with_members(members)
            }
            Error::IdempotencyKeyReused => Self::new(Kind::IdempotencyKeyReused, detail),
            Error::Forbidden(operation) => Self::forbidden(operation),
            Error::Busy => Self::new(Kind::Busy, detail),
            Error::Unavailable(cause) => Self::new(Kind::Unavailable, detail).caused_by(cause),
            Error::OutcomeUnknown(cause) => Self::new(Kind::OutcomeUnknown, detail).caused_by(cause),
            Error::Internal(cause) => Self::internal(cause),
        }
    }
}

impl From<AuthenticationError> for Problem {
    fn from(error: AuthenticationError) -> Self {
        let detail = sentence(&error.to_string());
        match error {
            // RFC 6750, section 3.1.
            AuthenticationError::Rejected(rejection) => {
                let challenge = format!("Bearer error=\"invalid_token\", error_description=\"{rejection}\"");
                Self::new(Kind::Unauthenticated, detail).challenging(&challenge)
            }
            AuthenticationError::Busy => Self::new(Kind::Busy, detail),
            AuthenticationError::Unavailable(cause) => Self::new(Kind::Unavailable, detail).caused_by(cause),
        }
    }
}

impl From<NotReady> for Problem {
    fn from(reason: NotReady) -> Self {
        let problem = Self::new(Kind::NotReady, sentence(&reason.to_string()));
        match reason {
            NotReady::Unreachable(cause) => problem.caused_by(cause),
            NotReady::Outdated { .. } => problem,
        }
    }
}

fn at_field(field: &str, detail: String) -> Members {
    let error = FieldError { pointer: format!("/{field}"), detail };
    Members::Input { errors: vec![InputError::from(&error)] }
}

/// Makes a sentence of an error's message, which has neither a capital nor a full stop.
fn sentence(message: &str) -> String {
    let mut rest = message.chars();
    rest.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), rest.as_str()))
}
