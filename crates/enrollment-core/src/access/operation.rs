//! Operations: what can be asked, as the table of permissions knows it.

use std::fmt;

macro_rules! operations {
    ($($(#[$doc:meta])* $name:ident = $words:literal,)*) => {
        /// Something that can be asked.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Operation {
            $($(#[$doc])* $name,)*
        }

        impl Operation {
            /// All operations, in the order of the table's rows.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// What it is, for a person.
            pub const fn words(self) -> &'static str {
                match self { $(Self::$name => $words,)* }
            }
        }
    };
}

operations! {
    /// Courses, terms, sections with who teaches them, reservations, seats and the grade scale.
    ReadCatalog = "read the catalogue",
    /// Changes of those.
    WriteCatalog = "change the catalogue",
    /// Registration windows, which may name students.
    ReadWindows = "read registration windows",
    /// Changes of those.
    WriteWindows = "change registration windows",
    /// The records of students.
    ReadStudents = "read students",
    /// Making, changing and deleting those.
    WriteStudents = "change students",
    /// What students take and have taken, their timetables, receipts and history.
    ReadRegistrations = "read students' courses",
    /// Enrolling, dropping, swapping and planning.
    Register = "enroll and drop students",
    /// Asking what those would do, and what a student could take.
    RehearseRegistration = "ask what a registration would do",
    /// The places on waitlists.
    Prioritize = "change places on a waitlist",
    /// Enrolling many students in a section at once.
    RegisterMany = "enroll many students at once",
    /// Holds on students.
    ReadHolds = "read holds",
    /// Placing and lifting those.
    WriteHolds = "place and lift holds",
    /// Permits of students.
    ReadPermits = "read permits",
    /// Granting those and taking them back.
    WritePermits = "grant permits",
    /// Who is in a section.
    ReadRosters = "read rosters",
    /// Giving grades to who is in a section.
    Grade = "give grades",
    /// The history of sections, and the feed of all events.
    ReadEvents = "read events",
    /// The metrics of the server.
    ReadMetrics = "read metrics",
    /// The keys of services and scripts.
    ManageKeys = "manage keys",
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}
