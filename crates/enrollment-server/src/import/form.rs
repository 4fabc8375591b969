//! The form of the files: which there are, their columns, and how a cell is read.
//!
//! To add a column: a line here, if the entry's draft in core has the field. To add a file: a [`Form`] in [`FORMS`].

use super::cell::Kind;

/// One file.
#[derive(Debug)]
pub(super) struct Form {
    pub(super) file: &'static str,
    pub(super) columns: &'static [Column],
}

/// One column. Its name is that of the draft's field, except where a natural key stands for an id.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// Whether the file must have the column. Whether a cell may be empty is for the draft to say.
    pub(super) required: bool,
}

impl Form {
    pub(super) fn column(&self, name: &str) -> Option<&'static Column> {
        self.columns.iter().find(|column| column.name == name)
    }
}

const fn required(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, required: true }
}

const fn optional(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, required: false }
}

pub(super) const TERMS: Form = Form {
    file: "terms.csv",
    columns: &[
        required("code", Kind::Text),
        required("name", Kind::Text),
        required("time_zone", Kind::Text),
        required("starts_on", Kind::Text),
        required("ends_on", Kind::Text),
        optional("max_credits", Kind::Number),
        optional("enrollment_opens_at", Kind::Text),
        optional("enrollment_closes_at", Kind::Text),
        optional("drop_deadline", Kind::Text),
        optional("withdraw_deadline", Kind::Text),
    ],
};

pub(super) const COURSES: Form = Form {
    file: "courses.csv",
    columns: &[
        required("code", Kind::Text),
        required("title", Kind::Text),
        required("credits", Kind::Number),
        optional("repeatable", Kind::Boolean),
        optional("requisite", Kind::Json),
    ],
};

pub(super) const STUDENTS: Form = Form {
    file: "students.csv",
    columns: &[
        required("number", Kind::Text),
        required("given_name", Kind::Text),
        required("family_name", Kind::Text),
        optional("email", Kind::Text),
        optional("program", Kind::Text),
        optional("level", Kind::Text),
        optional("status", Kind::Text),
    ],
};

pub(super) const SECTIONS: Form = Form {
    file: "sections.csv",
    columns: &[
        required("term", Kind::Text),
        required("course", Kind::Text),
        required("number", Kind::Text),
        optional("component", Kind::Text),
        required("capacity", Kind::Number),
        optional("waitlist_capacity", Kind::Number),
        optional("status", Kind::Text),
        optional("instructor", Kind::Text),
    ],
};

pub(super) const MEETINGS: Form = Form {
    file: "meetings.csv",
    columns: &[
        required("term", Kind::Text),
        required("course", Kind::Text),
        required("section", Kind::Text),
        required("days", Kind::List),
        required("starts_at", Kind::Text),
        required("ends_at", Kind::Text),
        optional("weeks", Kind::Ranges),
        optional("location", Kind::Text),
    ],
};

pub(super) const STUDENT_COURSES: Form = Form {
    file: "student_courses.csv",
    columns: &[
        required("student", Kind::Text),
        optional("term", Kind::Text),
        required("course", Kind::Text),
        optional("section", Kind::Text),
        optional("status", Kind::Text),
        optional("grade", Kind::Text),
    ],
};

/// All files, in the order in which one refers to those before it.
pub(super) const FORMS: [&Form; 6] = [&TERMS, &COURSES, &STUDENTS, &SECTIONS, &MEETINGS, &STUDENT_COURSES];

/// The names of all files.
pub(super) fn file_names() -> String {
    FORMS.map(|form| form.file).join(", ")
}
