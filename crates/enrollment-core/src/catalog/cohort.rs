//! Who belongs together: the students of some programs and levels who have come so far.

use super::Credits;
use crate::text::{Level, Program};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// Some of the students: `{"programs": ["BSc Physics"], "levels": ["graduate"], "min_earned_credits": 60}`. Who is one of them fits
/// everything that it says, and of a list one of its values; what is not there does not limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "CohortDraft")]
pub struct Cohort {
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    programs: BTreeSet<Program>,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    levels: BTreeSet<Level>,
    #[serde(skip_serializing_if = "Option::is_none")]
    min_earned_credits: Option<Credits>,
}

impl Cohort {
    /// The most programs, and the most levels, that it can name.
    pub const MOST: usize = 100;

    /// Whether a student of this program and level who has earned so much is one of them.
    pub fn has(&self, program: Option<&Program>, level: Option<&Level>, earned: Credits) -> bool {
        is_among(&self.programs, program)
            && is_among(&self.levels, level)
            && self.min_earned_credits.is_none_or(|least| earned >= least)
    }
}

/// Whether this is one of those listed; a list without anything asks for nothing.
pub(super) fn is_among<T: Ord>(listed: &BTreeSet<T>, own: Option<&T>) -> bool {
    listed.is_empty() || own.is_some_and(|own| listed.contains(own))
}

impl fmt::Display for Cohort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let earned = self.min_earned_credits.map(|least| format!("at least {least} earned credits"));
        f.write_str(&described(&self.programs, &self.levels).chain(earned).collect::<Vec<_>>().join(" and "))
    }
}

/// Whom lists of programs and levels are for, each as far as it lists any.
pub(super) fn described(
    programs: &BTreeSet<Program>,
    levels: &BTreeSet<Level>,
) -> impl Iterator<Item = String> + use<> {
    let programs: Vec<&str> = programs.iter().map(Program::as_str).collect();
    let levels: Vec<&str> = levels.iter().map(Level::as_str).collect();
    let programs = (!programs.is_empty()).then(|| format!("the program {}", programs.join(" or ")));
    let levels = (!levels.is_empty()).then(|| format!("the level {}", levels.join(" or ")));
    programs.into_iter().chain(levels)
}

/// The input form, which says what is wrong with the whole.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CohortDraft {
    #[serde(default)]
    programs: BTreeSet<Program>,
    #[serde(default)]
    levels: BTreeSet<Level>,
    #[serde(default)]
    min_earned_credits: Option<Credits>,
}

impl TryFrom<CohortDraft> for Cohort {
    type Error = String;

    fn try_from(CohortDraft { programs, levels, min_earned_credits }: CohortDraft) -> Result<Self, Self::Error> {
        if programs.is_empty() && levels.is_empty() && min_earned_credits.is_none() {
            let form = r#"{"programs": […], "levels": […], "min_earned_credits": …}"#;
            return Err(format!("a cohort is {form}, with at least one of the three"));
        }
        if programs.len().max(levels.len()) > Self::MOST {
            return Err(format!("must have at most {} programs and as many levels", Self::MOST));
        }
        Ok(Self { programs, levels, min_earned_credits })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn cohort(value: Value) -> Cohort {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn who_fits_everything_is_one_of_them() {
        let both = json!({"programs": ["Logic", "Physics"], "levels": ["graduate"], "min_earned_credits": 60});
        let table = [
            (json!({"programs": ["Logic", "Physics"]}), Some("Physics"), None, 0, true),
            (json!({"programs": ["Physics"]}), Some("physics"), None, 0, false),
            (json!({"programs": ["Physics"]}), None, Some("graduate"), 0, false),
            (json!({"levels": ["graduate"]}), None, Some("graduate"), 0, true),
            (json!({"min_earned_credits": 60}), None, None, 60, true),
            (json!({"min_earned_credits": 60}), None, None, 59, false),
            (both.clone(), Some("Logic"), Some("graduate"), 60, true),
            (both.clone(), Some("Logic"), Some("graduate"), 59, false),
            (both.clone(), Some("Logic"), Some("undergraduate"), 90, false),
            (both, Some("Art"), Some("graduate"), 90, false),
        ];
        for (stated, program, level, earned, is_one) in table {
            let program = program.map(|text| Program::try_from(text).unwrap());
            let level = level.map(|text| Level::try_from(text).unwrap());
            let earned = Credits::from_hundredths(earned * 100);
            assert_eq!(cohort(stated.clone()).has(program.as_ref(), level.as_ref(), earned), is_one, "{stated}");
        }
    }

    #[test]
    fn one_that_names_nobody_or_too_much_is_refused() {
        let many: Vec<String> = (0..=Cohort::MOST).map(|number| format!("P{number}")).collect();
        for bad in [
            json!({}),
            json!({"programs": [], "levels": []}),
            json!({"programs": [""]}),
            json!({"min_earned_credits": -1}),
            json!({"programs": ["A"], "students": []}),
            json!({ "programs": many }),
        ] {
            assert!(serde_json::from_value::<Cohort>(bad.clone()).is_err(), "{bad}");
        }
    }

    #[test]
    fn it_reads_back_as_it_was_written_and_says_who_it_is() {
        let written = json!({"programs": ["Logic", "Physics"], "levels": ["graduate"], "min_earned_credits": 60});
        let read = cohort(written.clone());
        let said = "the program Logic or Physics and the level graduate and at least 60 earned credits";
        assert_eq!(read.to_string(), said);
        assert_eq!(serde_json::to_value(read).unwrap(), written);
        let least = json!({"min_earned_credits": 1.5});
        assert_eq!(serde_json::to_value(cohort(least.clone())).unwrap(), least);
    }
}
