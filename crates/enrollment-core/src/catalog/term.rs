//! Terms: stretches of teaching, each with its own time zone, window, limit and deadlines.

use super::moment::YEARS;
use super::{Credits, Draft, Entry, Moment, Stamp, TimeZone, Version};
use crate::Subject;
use crate::access::Operation;
use crate::fields::{Field, FieldErrors, UnknownFields};
use crate::ids::TermId;
use crate::text::{Program, TermCode, TermName};
use chrono::{DateTime, Datelike, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A term. A limit, window or deadline that is not there does not limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Term {
    /// Its identifier.
    pub id: TermId,
    /// Its code; unique.
    pub code: TermCode,
    /// Its name.
    pub name: TermName,
    /// The time zone of its calendar and its meetings.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "Europe/Berlin"))]
    pub time_zone: TimeZone,
    /// The first day.
    pub starts_on: NaiveDate,
    /// The last day.
    pub ends_on: NaiveDate,
    /// The most credits that a student may take in it.
    pub max_credits: Option<Credits>,
    /// The most credits that a student of a programme may take in it, by programme. The lowest limit holds.
    pub program_max_credits: BTreeMap<Program, Credits>,
    /// Whether what is audited counts towards these limits.
    pub audit_counts: bool,
    /// The first instant of registration.
    pub enrollment_opens_at: Option<DateTime<Utc>>,
    /// The first instant after registration.
    pub enrollment_closes_at: Option<DateTime<Utc>>,
    /// The first instant at which leaving a course is a withdrawal, no longer a drop.
    pub drop_deadline: Option<DateTime<Utc>>,
    /// The first instant at which a course can no longer be left.
    pub withdraw_deadline: Option<DateTime<Utc>>,
    /// Its version.
    pub version: Version,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last written.
    pub updated_at: DateTime<Utc>,
}

impl Entry for Term {
    type Id = TermId;
    type Draft = TermDraft;
    type Filter = TermFilter;

    const SUBJECT: Subject = Subject::Term;
    const READ: Operation = Operation::ReadCatalog;
    const WRITE: Operation = Operation::WriteCatalog;

    fn stamp(&self) -> Stamp<TermId> {
        Stamp { id: self.id, version: self.version, created_at: self.created_at, updated_at: self.updated_at }
    }
}

/// What a list of terms can be narrowed by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TermFilter {
    /// Only the term with this code.
    pub code: Option<TermCode>,
}

/// The input form of a term. A window's end or a deadline given as a day includes that whole day in the term's time zone.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TermDraft {
    /// Its code; unique.
    #[cfg_attr(feature = "openapi", schema(value_type = TermCode, required = true))]
    #[serde(default)]
    pub code: Field<TermCode>,
    /// Its name.
    #[cfg_attr(feature = "openapi", schema(value_type = TermName, required = true))]
    #[serde(default)]
    pub name: Field<TermName>,
    /// The time zone of its calendar and its meetings, by its name in the IANA database.
    #[cfg_attr(feature = "openapi", schema(value_type = String, required = true, example = "Europe/Berlin"))]
    #[serde(default)]
    pub time_zone: Field<TimeZone>,
    /// The first day.
    #[cfg_attr(feature = "openapi", schema(value_type = NaiveDate, required = true))]
    #[serde(default)]
    pub starts_on: Field<NaiveDate>,
    /// The last day.
    #[cfg_attr(feature = "openapi", schema(value_type = NaiveDate, required = true))]
    #[serde(default)]
    pub ends_on: Field<NaiveDate>,
    /// The most credits that a student may take in it; absent for no limit.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Credits>))]
    #[serde(default)]
    pub max_credits: Field<Credits>,
    /// The most credits that a student of a programme may take in it, by programme: `{"BSc Physics": 24}`; at most 200.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<BTreeMap<Program, Credits>>))]
    #[serde(default)]
    pub program_max_credits: Field<BTreeMap<Program, Credits>>,
    /// Whether what is audited counts towards these limits; it does not unless said otherwise.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<bool>))]
    #[serde(default)]
    pub audit_counts: Field<bool>,
    /// When registration opens: a time, or a day.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, example = "2026-09-01T08:00:00Z"))]
    #[serde(default)]
    pub enrollment_opens_at: Field<Moment>,
    /// When registration is over: a time, or the last day.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, example = "2026-10-15"))]
    #[serde(default)]
    pub enrollment_closes_at: Field<Moment>,
    /// Until when a course can be dropped without a trace: a time, or the last day.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, example = "2026-10-15"))]
    #[serde(default)]
    pub drop_deadline: Field<Moment>,
    /// Until when a course can be left at all: a time, or the last day.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, example = "2026-12-01"))]
    #[serde(default)]
    pub withdraw_deadline: Field<Moment>,
    /// Fields that a term does not have.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

/// The most programmes for which a term can have a limit.
const MOST_PROGRAMS: usize = 200;

impl Draft for TermDraft {
    type Entry = Term;

    fn over(self, current: &Term) -> Self {
        Self {
            code: self.code.or(|| current.code.clone()),
            name: self.name.or(|| current.name.clone()),
            time_zone: self.time_zone.or(|| current.time_zone),
            starts_on: self.starts_on.or(|| current.starts_on),
            ends_on: self.ends_on.or(|| current.ends_on),
            max_credits: self.max_credits.or_maybe(|| current.max_credits),
            program_max_credits: self.program_max_credits.or(|| current.program_max_credits.clone()),
            audit_counts: self.audit_counts.or(|| current.audit_counts),
            enrollment_opens_at: self.enrollment_opens_at.or_maybe(|| current.enrollment_opens_at.map(Moment::Instant)),
            enrollment_closes_at: self
                .enrollment_closes_at
                .or_maybe(|| current.enrollment_closes_at.map(Moment::Instant)),
            drop_deadline: self.drop_deadline.or_maybe(|| current.drop_deadline.map(Moment::Instant)),
            withdraw_deadline: self.withdraw_deadline.or_maybe(|| current.withdraw_deadline.map(Moment::Instant)),
            unknown: self.unknown,
        }
    }

    fn parse(self, stamp: Stamp<TermId>) -> Result<Term, FieldErrors> {
        let mut errors = FieldErrors::unknown(&self.unknown);
        let code = errors.required("/code", self.code);
        let name = errors.required("/name", self.name);
        let time_zone = errors.required("/time_zone", self.time_zone);
        let starts_on = errors.required("/starts_on", self.starts_on);
        let ends_on = errors.required("/ends_on", self.ends_on);
        for (pointer, day) in [("/starts_on", starts_on), ("/ends_on", ends_on)] {
            if day.is_some_and(|day| !YEARS.contains(&day.year())) {
                errors.add(pointer, format!("must be in the years {} to {}", YEARS.start(), YEARS.end()));
            }
        }
        let max_credits = errors.optional("/max_credits", self.max_credits);
        let program_max_credits = errors.or_default("/program_max_credits", self.program_max_credits);
        if program_max_credits.len() > MOST_PROGRAMS {
            errors.add("/program_max_credits", format!("must be at most {MOST_PROGRAMS}"));
        }
        let audit_counts = errors.or_default("/audit_counts", self.audit_counts);
        // Days are read in UTC where the time zone is not known, so that their order can be checked all the same.
        let zone = time_zone.unwrap_or(TimeZone::UTC);
        let opens = errors.optional("/enrollment_opens_at", self.enrollment_opens_at).map(|moment| moment.opens(zone));
        let closes =
            errors.optional("/enrollment_closes_at", self.enrollment_closes_at).map(|moment| moment.closes(zone));
        let drop = errors.optional("/drop_deadline", self.drop_deadline).map(|moment| moment.closes(zone));
        let withdraw = errors.optional("/withdraw_deadline", self.withdraw_deadline).map(|moment| moment.closes(zone));
        if starts_on.zip(ends_on).is_some_and(|(starts, ends)| ends < starts) {
            errors.add("/ends_on", "must not be before starts_on");
        }
        if opens.zip(closes).is_some_and(|(opens, closes)| closes <= opens) {
            errors.add("/enrollment_closes_at", "must be after enrollment_opens_at");
        }
        if drop.zip(withdraw).is_some_and(|(drop, withdraw)| withdraw < drop) {
            errors.add("/withdraw_deadline", "must not be before drop_deadline");
        }
        let Stamp { id, version, created_at, updated_at } = stamp;
        match (code, name, time_zone, starts_on, ends_on) {
            (Some(code), Some(name), Some(time_zone), Some(starts_on), Some(ends_on)) if errors.is_empty() => {
                Ok(Term {
                    id,
                    code,
                    name,
                    time_zone,
                    starts_on,
                    ends_on,
                    max_credits,
                    program_max_credits,
                    audit_counts,
                    enrollment_opens_at: opens,
                    enrollment_closes_at: closes,
                    drop_deadline: drop,
                    withdraw_deadline: withdraw,
                    version,
                    created_at,
                    updated_at,
                })
            }
            _ => Err(errors),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn stamp() -> Stamp<TermId> {
        Stamp::new(uuid::Uuid::from_u128(1).into(), DateTime::UNIX_EPOCH)
    }

    fn draft(value: serde_json::Value) -> TermDraft {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn fields_that_contradict_each_other_are_told_with_the_others() {
        let bad = json!({
            "code": "F26", "time_zone": "Europe/Berlin", "starts_on": "2026-10-01", "ends_on": "2026-09-30",
            "enrollment_opens_at": "2026-09-02", "enrollment_closes_at": "2026-09-01",
            "drop_deadline": "2026-11-01", "withdraw_deadline": "2026-10-31"
        });
        let errors = draft(bad).parse(stamp()).unwrap_err();
        let pointers: Vec<&str> = errors.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(pointers, ["/name", "/ends_on", "/enrollment_closes_at", "/withdraw_deadline"]);
    }

    #[test]
    fn programmes_have_limits_of_their_own() {
        let term = |fields: serde_json::Value| {
            let mut body = json!({"code": "A", "name": "A", "time_zone": "UTC", "starts_on": "2026-09-01", "ends_on": "2026-09-01"});
            body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
            let parsed = draft(body).parse(stamp());
            parsed.map_err(|errors| errors.iter().map(|error| error.pointer.clone()).collect::<Vec<_>>())
        };
        let limited = term(json!({"program_max_credits": {" Physics ": 18.5}, "audit_counts": true})).unwrap();
        let physics = Program::try_from("Physics").unwrap();
        assert_eq!(limited.program_max_credits, BTreeMap::from([(physics, Credits::from_hundredths(1850))]));
        let renamed = draft(json!({"name": "Autumn"})).over(&limited).parse(limited.stamp()).unwrap();
        assert_eq!((&renamed.program_max_credits, renamed.audit_counts), (&limited.program_max_credits, true));
        let cleared = draft(json!({"program_max_credits": null, "audit_counts": null})).over(&limited);
        let cleared = cleared.parse(limited.stamp()).unwrap();
        assert_eq!((cleared.program_max_credits.len(), cleared.audit_counts), (0, false));
        let many: BTreeMap<String, u32> = (0..=MOST_PROGRAMS).map(|number| (format!("P{number}"), 1)).collect();
        for bad in [json!({"": 1}), json!({"Physics": -1}), json!(["Physics"]), json!(many)] {
            assert_eq!(
                term(json!({"program_max_credits": bad.clone()})).unwrap_err(),
                ["/program_max_credits"],
                "{bad}"
            );
        }
    }

    #[test]
    fn years_that_cannot_be_written_are_refused() {
        let bad =
            json!({"code": "A", "name": "A", "time_zone": "UTC", "starts_on": "0000-01-01", "ends_on": "9999-01-01"});
        let errors = draft(bad).parse(stamp()).unwrap_err();
        let pointers: Vec<&str> = errors.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(pointers, ["/starts_on", "/ends_on"]);
    }

    #[test]
    fn a_deadline_given_as_a_day_lasts_until_its_end_in_the_time_zone_and_survives_a_change() {
        let term = draft(json!({
            "code": "F26", "name": "Fall", "time_zone": "Asia/Shanghai", "starts_on": "2026-09-01", "ends_on": "2027-01-15",
            "drop_deadline": "2026-09-30"
        }));
        let term = term.parse(stamp()).unwrap();
        assert_eq!(term.drop_deadline, Some("2026-09-30T16:00:00Z".parse().unwrap()));
        let renamed = draft(json!({"name": "Autumn"})).over(&term).parse(term.stamp()).unwrap();
        assert_eq!(renamed.drop_deadline, term.drop_deadline);
    }
}
