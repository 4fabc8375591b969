//! What came of an import.

use std::fmt;

/// What came of an import, by file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Rows of `terms.csv`.
    pub terms: Count,
    /// Rows of `courses.csv`.
    pub courses: Count,
    /// Rows of `students.csv`.
    pub students: Count,
    /// Rows of `sections.csv`.
    pub sections: Count,
    /// Rows of `meetings.csv`, and the meetings in whose place they came.
    pub meetings: Count,
    /// Rows of `student_courses.csv`.
    pub student_courses: Count,
}

/// What became of the rows of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Rows that were not there.
    pub added: usize,
    /// Rows that were there and differed.
    pub changed: usize,
    /// Rows that were there as they are.
    pub unchanged: usize,
    /// What is not there any more. Only meetings are removed: a section has those that the file gives it.
    pub removed: usize,
}

/// What becomes of one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Added,
    Changed,
    Unchanged,
}

impl Count {
    pub(super) fn add(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Added => self.added += 1,
            Outcome::Changed => self.changed += 1,
            Outcome::Unchanged => self.unchanged += 1,
        }
    }

    /// So many rows that were all there as they are.
    pub fn of_unchanged(unchanged: usize) -> Self {
        Self { unchanged, ..Self::default() }
    }

    /// So many rows of which none was there.
    pub fn of_added(added: usize) -> Self {
        Self { added, ..Self::default() }
    }

    /// Whether something was written.
    pub fn is_change(&self) -> bool {
        self.added + self.changed + self.removed > 0
    }
}

impl Summary {
    fn lines(&self) -> [(&'static str, Count); 6] {
        [
            ("terms", self.terms),
            ("courses", self.courses),
            ("students", self.students),
            ("sections", self.sections),
            ("meetings", self.meetings),
            ("student courses", self.student_courses),
        ]
    }

    /// Whether something was written.
    pub fn is_change(&self) -> bool {
        self.lines().iter().any(|(_, count)| count.is_change())
    }
}

impl fmt::Display for Summary {
    /// A line for each kind of which there was something.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self
            .lines()
            .iter()
            .filter(|(_, count)| *count != Count::default())
            .map(|(name, count)| format!("{name:<15} {count}"))
            .collect();
        if lines.is_empty() { f.write_str("no rows") } else { f.write_str(&lines.join("\n")) }
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { added, changed, unchanged, removed } = self;
        write!(f, "{added} added, {changed} changed, {unchanged} unchanged")?;
        if *removed > 0 { write!(f, ", {removed} removed") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_as_a_table() {
        let meetings = Count { removed: 2, ..Count::of_unchanged(3) };
        let summary = Summary { students: Count::of_added(9999), meetings, ..Summary::default() };
        let said = "students        9999 added, 0 changed, 0 unchanged\nmeetings        0 added, 0 changed, 3 unchanged, 2 removed";
        assert_eq!(summary.to_string(), said);
        assert!(summary.is_change() && !Summary::default().is_change());
        assert_eq!(Summary::default().to_string(), "no rows");
    }
}
