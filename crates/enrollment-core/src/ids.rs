//! Identifiers: one type for each thing that has one, so that a course is never looked up by a student's id.
//!
//! Ids are UUIDs of version 7 ([RFC 9562](https://www.rfc-editor.org/rfc/rfc9562)): ordered by the time of creation, so
//! that lists page by id in the order in which things were made. They are minted through the port [`IdSource`].

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

/// Mints identifiers.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait IdSource: Send + Sync {
    /// A new UUID of version 7. It MUST never answer the same one twice.
    fn next(&self) -> Uuid;
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Mints a new one.
            pub fn mint(ids: &dyn IdSource) -> Self {
                Self(ids.next())
            }

            /// The bare UUID, for a store.
            pub fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )+};
}

ids! {
    /// Identifies a student.
    StudentId;
    /// Identifies a course.
    CourseId;
    /// Identifies a term.
    TermId;
    /// Identifies a section.
    SectionId;
    /// Identifies a seat pool: the seats that one section has, or that several cross-listed sections share.
    SeatPoolId;
    /// Identifies a student course: one student in one section of a course.
    StudentCourseId;
    /// Identifies a hold on a student.
    HoldId;
    /// Identifies a reservation of seats.
    ReservationId;
    /// Identifies a registration window of a term.
    WindowId;
    /// Identifies a permit of a student.
    PermitId;
    /// Identifies an attempt to change registrations, and its receipt.
    AttemptId;
    /// Identifies an event of registration.
    EventId;
    /// Identifies an API key.
    KeyId;
}

impl AttemptId {
    /// The id of the attempt that follows from this one under this number. An id of version 7 ends in 62 random bits; the last
    /// 16 of them number an attempt's events, the 32 before them its follow-ups. So both are the same when the attempt is
    /// decided again, and as unlikely to be another's as the id itself.
    #[must_use]
    pub fn follow_up(self, number: u32) -> Self {
        Self(Uuid::from_u128(self.0.as_u128() ^ ((u128::from(number) + 1) << 16)))
    }
}

impl StudentCourseId {
    /// The id of the student course that begins together with this one under this number, 0 being this one.
    #[must_use]
    pub fn sibling(self, number: u16) -> Self {
        Self(Uuid::from_u128(self.0.as_u128() ^ u128::from(number)))
    }
}
