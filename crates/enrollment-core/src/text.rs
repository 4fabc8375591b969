//! Text that is valid because it exists: trimmed, bounded, without control characters, in any script and language.
//!
//! Lengths are counted in Unicode scalar values. Text is cheap to clone: of up to 23 bytes it is kept in place, longer text is shared.
//! Names of courses and students go along with every fact, receipt and list. To add a kind of text: one `text!` at the end of this file.

use garde::Validate;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::fmt;
use std::ops::RangeInclusive;

/// A rule for text of one line.
fn line(length: RangeInclusive<usize>) -> impl FnOnce(&str, &()) -> garde::Result {
    move |text, ()| {
        measure(text, &length)?;
        refuse(text, char::is_control, "must not contain control characters or line breaks")
    }
}

/// A rule for text that may have paragraphs.
fn paragraphs(length: RangeInclusive<usize>) -> impl FnOnce(&str, &()) -> garde::Result {
    move |text, ()| {
        measure(text, &length)?;
        refuse(text, |c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'), "must not contain control characters")
    }
}

/// A rule for an e-mail address.
fn address(length: RangeInclusive<usize>) -> impl FnOnce(&str, &()) -> garde::Result {
    move |text, ()| {
        line(length)(text, &())?;
        garde::rules::email::apply(&text, ())
    }
}

fn measure(text: &str, length: &RangeInclusive<usize>) -> garde::Result {
    let characters = text.chars().count();
    if length.contains(&characters) {
        return Ok(());
    }
    let (least, most) = (length.start(), length.end());
    Err(garde::Error::new(format!("must have {least} to {most} characters after trimming; this has {characters}")))
}

fn refuse(text: &str, bad: impl Fn(char) -> bool, message: &'static str) -> garde::Result {
    if text.contains(bad) { Err(garde::Error::new(message)) } else { Ok(()) }
}

/// The messages of a garde report, without its paths.
pub(crate) fn messages(report: &garde::Report) -> String {
    let all: Vec<String> = report.iter().map(|(_, error)| error.message().to_owned()).collect();
    all.join("; ")
}

macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $min:literal..=$max:literal, $shape:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Validate)]
        #[garde(transparent)]
        #[serde(try_from = "String")]
        pub struct $name(#[garde(custom($shape($min..=$max)))] SmolStr);

        impl $name {
            /// The text itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = String;

            /// As from `&str`.
            fn try_from(text: String) -> Result<Self, Self::Error> {
                Self::try_from(text.as_str())
            }
        }

        impl TryFrom<&str> for $name {
            type Error = String;

            /// Trims the text and checks it; the error says what is wrong, for a person.
            fn try_from(text: &str) -> Result<Self, Self::Error> {
                let text = Self(SmolStr::new(text.trim()));
                text.validate().map_err(|report| messages(&report))?;
                Ok(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .min_length(Some($min))
                    .max_length(Some($max))
                    .into()
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::ToSchema for $name {}
    };
}

text!(
    /// The institution's own identifier of a student; unique.
    StudentNumber, 1..=64, line);
text!(
    /// A given or family name.
    PersonName, 1..=200, line);
text!(
    /// An e-mail address, as the [HTML standard](https://html.spec.whatwg.org/#valid-e-mail-address) defines it.
    Email, 3..=254, address);
text!(
    /// A student's programme of study, such as `BSc Physics`.
    Program, 1..=200, line);
text!(
    /// A student's level, such as `undergraduate`.
    Level, 1..=200, line);
text!(
    /// The code of a course, such as `CS101`; unique.
    CourseCode, 1..=64, line);
text!(
    /// The title of a course.
    Title, 1..=300, line);
text!(
    /// A course's description, which may have paragraphs.
    Description, 1..=10_000, paragraphs);
text!(
    /// The code of a term, such as `2026-fall`; unique.
    TermCode, 1..=64, line);
text!(
    /// The name of a term.
    TermName, 1..=200, line);
text!(
    /// The number of a section, unique within its course and term. Text, since `001` and `L2` are common.
    SectionNumber, 1..=64, line);
text!(
    /// The name of a section's instructor.
    Instructor, 1..=200, line);
text!(
    /// The institution's own identifier of an instructor.
    InstructorNumber, 1..=64, line);
text!(
    /// Where a section meets.
    Location, 1..=200, line);
text!(
    /// A grade of the grade scale, such as `A-` or `P`.
    Grade, 1..=16, line);
text!(
    /// Why something is so, for the person whom it concerns.
    Reason, 1..=500, line);
text!(
    /// Who granted a permit.
    Grantor, 1..=200, line);
text!(
    /// What an API key is for, so that whoever looks at the list knows whether it is still needed.
    KeyName, 1..=200, line);
text!(
    /// The caller's name for one request, so that a repetition has no second effect.
    IdempotencyKey, 1..=255, line);
text!(
    /// What a search looks for.
    SearchText, 1..=200, line);

impl Reason {
    /// A reason that the engine itself gives, in words that are known to be one.
    pub(crate) fn of_the_engine(words: &str) -> Self {
        Self(SmolStr::new(words))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_script_is_welcome_and_trimmed() {
        for name in ["李雷", "Ολυμπία", "عائشة", "Nguyễn Thị Minh Khai", "O'Neill-Åström", "𓂀"] {
            let padded = format!("  {name}\t");
            assert_eq!(PersonName::try_from(padded).unwrap().as_str(), name);
        }
    }

    #[test]
    fn lengths_count_characters_and_not_bytes() {
        assert!(StudentNumber::try_from("学".repeat(64)).is_ok());
        let error = StudentNumber::try_from("学".repeat(65)).unwrap_err();
        assert_eq!(error, "must have 1 to 64 characters after trimming; this has 65");
        assert!(StudentNumber::try_from("   ").unwrap_err().contains("this has 0"));
    }

    #[test]
    fn control_characters_are_refused() {
        for text in ["a\0b", "a\nb", "a\u{7f}b"] {
            assert!(Title::try_from(text).unwrap_err().contains("control characters"), "{text:?}");
        }
        assert!(Description::try_from("one\n\ntwo").is_ok());
        assert!(Description::try_from("one\0two").is_err());
    }

    #[test]
    fn an_email_must_look_like_one() {
        assert!(Email::try_from("ada@example.edu").is_ok());
        assert!(Email::try_from("ada.example.edu").is_err());
    }

    #[test]
    fn deserializing_validates() {
        let error = serde_json::from_str::<CourseCode>(r#""""#).unwrap_err();
        assert!(error.to_string().contains("must have 1 to 64 characters"));
    }
}
