//! Whom a course or a section is for.

use super::cohort::{described, is_among};
use crate::text::{Level, Program};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// For whom a course or a section is: `{"programs": ["BSc Physics"], "levels": ["graduate"], "consent": true}`. A student must
/// be in one of the programs and on one of the levels, and have the consent of the instructor; what is not there does not
/// limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RestrictionDraft")]
pub struct Restriction {
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    programs: BTreeSet<Program>,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    levels: BTreeSet<Level>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    consent: bool,
}

impl Restriction {
    /// The most programs, and the most levels, that it can name.
    pub const MOST: usize = 100;

    /// Whether nobody is let in without the consent of the instructor, who gives it by a permit.
    pub fn needs_consent(&self) -> bool {
        self.consent
    }

    /// Whether a student of this program and level is one of those whom it is for.
    pub fn admits(&self, program: Option<&Program>, level: Option<&Level>) -> bool {
        is_among(&self.programs, program) && is_among(&self.levels, level)
    }
}

impl fmt::Display for Restriction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&described(&self.programs, &self.levels).collect::<Vec<_>>().join(" and "))
    }
}

/// The input form, which says what is wrong with the whole.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RestrictionDraft {
    #[serde(default)]
    programs: BTreeSet<Program>,
    #[serde(default)]
    levels: BTreeSet<Level>,
    #[serde(default)]
    consent: bool,
}

impl TryFrom<RestrictionDraft> for Restriction {
    type Error = String;

    fn try_from(RestrictionDraft { programs, levels, consent }: RestrictionDraft) -> Result<Self, Self::Error> {
        if programs.is_empty() && levels.is_empty() && !consent {
            return Err(
                r#"a restriction is {"programs": […], "levels": […], "consent": true}, with at least one of the three"#
                    .to_owned(),
            );
        }
        if programs.len().max(levels.len()) > Self::MOST {
            return Err(format!("must have at most {} programs and as many levels", Self::MOST));
        }
        Ok(Self { programs, levels, consent })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn restriction(value: serde_json::Value) -> Restriction {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn who_is_listed_is_admitted() {
        let table = [
            (json!({"programs": ["Physics", "Logic"]}), Some("Physics"), None, true),
            (json!({"programs": ["Physics", "Logic"]}), Some("physics"), None, false),
            (json!({"programs": ["Physics"]}), None, Some("graduate"), false),
            (json!({"levels": ["graduate"]}), None, Some("graduate"), true),
            (json!({"levels": ["graduate"]}), Some("Physics"), Some("undergraduate"), false),
            (json!({"levels": ["graduate"]}), Some("graduate"), None, false),
            (json!({"programs": ["Physics"], "levels": ["graduate"]}), Some("Physics"), Some("graduate"), true),
            (json!({"programs": ["Physics"], "levels": ["graduate"]}), Some("Physics"), Some("other"), false),
            (json!({"programs": ["Physics"], "levels": ["graduate"]}), Some("Logic"), Some("graduate"), false),
        ];
        for (stated, program, level, admitted) in table {
            let program = program.map(|text| Program::try_from(text).unwrap());
            let level = level.map(|text| Level::try_from(text).unwrap());
            assert_eq!(restriction(stated.clone()).admits(program.as_ref(), level.as_ref()), admitted, "{stated}");
        }
    }

    #[test]
    fn one_that_restricts_nothing_or_too_much_is_refused() {
        let many: Vec<String> = (0..=Restriction::MOST).map(|number| format!("P{number}")).collect();
        for bad in [
            json!({}),
            json!({"programs": []}),
            json!({"programs": [""]}),
            json!({"levels": "graduate"}),
            json!({"consent": false}),
            json!({"programs": ["A"], "consent": "yes"}),
            json!({"programs": ["A"], "instructor": true}),
            json!({ "programs": many }),
        ] {
            assert!(serde_json::from_value::<Restriction>(bad.clone()).is_err(), "{bad}");
        }
    }

    #[test]
    fn it_reads_back_as_it_was_written_and_says_whom_it_is_for() {
        let written = json!({"programs": ["Logic", "Physics"], "levels": ["graduate"]});
        let read = restriction(written.clone());
        assert_eq!(read.to_string(), "the program Logic or Physics and the level graduate");
        assert_eq!(serde_json::to_value(read).unwrap(), written);
        let levels = json!({"levels": ["graduate"]});
        assert_eq!(serde_json::to_value(restriction(levels.clone())).unwrap(), levels);
        let consent = json!({"consent": true});
        assert!(restriction(consent.clone()).needs_consent() && !restriction(levels).needs_consent());
        assert_eq!(serde_json::to_value(restriction(consent.clone())).unwrap(), consent);
    }
}
