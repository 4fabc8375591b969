//! What a student is enrolled in, where nothing about it is out of the ordinary, in few bytes: that is most of what receipts tell, and each
//! receipt tells it of all that the student holds.
//!
//! Of each there is the digest of its document, its id, since when (microseconds since 1970) and its credits (hundredths), as big-endian
//! numbers one after the other; all of them together are one text, in base64.

use super::read::{StoredHeld, StoredOwn};
use super::usual;
use crate::rows::numeric::credits_of_hundredths;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use chrono::DateTime;
use enrollment_core::registration::StudentCourse;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

const BYTES: usize = 16 + 16 + 8 + 4;

/// What is written.
#[derive(Default)]
pub(super) struct Packed(Vec<u8>);

impl Packed {
    /// Adds something held, with the digest of its document; false if there is more to tell of it than fits.
    pub(super) fn add(&mut self, document: Uuid, held: &StudentCourse) -> bool {
        // Taken apart by name, so that a field that is added is not forgotten here. What is not the student's own is in the document.
        let StudentCourse {
            id,
            student_id: _,
            status,
            course: _,
            section: _,
            term: _,
            credits,
            grading_basis,
            grade: None,
            waitlist_position: None,
            reservation_id: None,
            waitlist: None,
            enrolled_at: Some(enrolled_at),
            ended_at: None,
            end_reason: None,
            version,
        } = held
        else {
            return false;
        };
        let micros = enrolled_at.timestamp_micros();
        let is_usual = *status == usual() && *grading_basis == usual() && *version == usual();
        if !is_usual || DateTime::from_timestamp_micros(micros) != Some(*enrolled_at) {
            return false;
        }
        self.0.reserve(BYTES);
        self.0.extend(document.as_bytes());
        self.0.extend(id.uuid().as_bytes());
        self.0.extend(micros.to_be_bytes());
        self.0.extend(credits.hundredths().to_be_bytes());
        true
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Packed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD_NO_PAD.encode(&self.0))
    }
}

/// Reads what was written, as it would be in short.
pub(super) fn held<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<StoredHeld>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let bytes = STANDARD_NO_PAD.decode(text).map_err(Error::custom)?;
    let (each, rest) = bytes.as_chunks::<BYTES>();
    if !rest.is_empty() {
        return Err(Error::custom("what is enrolled in is cut off"));
    }
    each.iter().map(|packed| unpacked(packed).map_err(Error::custom)).collect()
}

fn unpacked(packed: &[u8; BYTES]) -> Result<StoredHeld, &'static str> {
    let mut rest = &packed[..];
    let (document, id) = (Uuid::from_bytes(next(&mut rest)?), Uuid::from_bytes(next(&mut rest)?));
    let micros = i64::from_be_bytes(next(&mut rest)?);
    let enrolled_at = DateTime::from_timestamp_micros(micros).ok_or("it is not a time")?;
    let credits = credits_of_hundredths(i32::from_be_bytes(next(&mut rest)?))?;
    Ok(StoredHeld::InShort { document, own: Box::new(StoredOwn::enrolled(id.into(), credits, enrolled_at)) })
}

fn next<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], &'static str> {
    let (bytes, after) = rest.split_first_chunk().ok_or("it is cut off")?;
    *rest = after;
    Ok(*bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    /// Something held, with these fields in place of the ordinary ones.
    fn held_with(fields: &Value) -> StudentCourse {
        let id = Uuid::from_u128(7);
        let mut held = json!({
            "id": id, "student_id": id, "status": "enrolled",
            "course": {"id": id, "code": "CS101", "title": "Computing"},
            "section": {"id": id, "number": "1", "component": "lecture"}, "term": {"id": id, "code": "T1"},
            "credits": 4.5, "grading_basis": "graded", "grade": null, "waitlist_position": null, "reservation_id": null,
            "waitlist": null, "enrolled_at": "2026-10-01T08:00:00.000001Z", "ended_at": null, "end_reason": null, "version": 1,
        });
        held.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        serde_json::from_value(held).unwrap()
    }

    fn fits(fields: &Value) -> bool {
        Packed::default().add(Uuid::nil(), &held_with(fields))
    }

    fn read(text: &Value) -> Result<Vec<StoredHeld>, serde_json::Error> {
        held(text)
    }

    #[test]
    fn what_is_as_most_are_is_read_as_it_was_written() {
        let document = Uuid::from_u128(9);
        let mut packed = Packed::default();
        assert!(packed.add(Uuid::nil(), &held_with(&json!({}))) && packed.add(document, &held_with(&json!({}))));
        let text = serde_json::to_value(&packed).unwrap();
        assert_eq!(text.as_str().unwrap().len(), (2 * BYTES * 4).div_ceil(3));
        let read = read(&text).unwrap();
        assert_eq!(read.iter().map(StoredHeld::document).collect::<Vec<_>>(), [Some(Uuid::nil()), Some(document)]);
        let StoredHeld::InShort { own, .. } = &read[1] else { panic!("it is not in short") };
        let ordinary = held_with(&json!({}));
        let expected = StoredOwn::enrolled(ordinary.id, ordinary.credits, ordinary.enrolled_at.unwrap());
        assert_eq!(**own, expected);
    }

    #[test]
    fn what_there_is_more_to_tell_of_does_not_fit() {
        assert!(fits(&json!({})));
        let id = Uuid::from_u128(8);
        for more in [
            json!({"status": "completed", "ended_at": "2026-12-01T08:00:00Z"}),
            json!({"grading_basis": "audit"}),
            json!({"grade": "A"}),
            json!({"waitlist_position": 1}),
            json!({"reservation_id": id}),
            json!({"enrolled_at": null}),
            json!({"enrolled_at": "2026-10-01T08:00:00.000000001Z"}),
            json!({"end_reason": "no room"}),
            json!({"version": 2}),
        ] {
            assert!(!fits(&more), "{more}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_an_error() {
        let mut packed = Packed::default();
        packed.add(Uuid::nil(), &held_with(&json!({})));
        let text = serde_json::to_value(&packed).unwrap();
        let cut = &text.as_str().unwrap()[..56];
        assert!(read(&json!(cut)).err().unwrap().to_string().contains("cut off"));
        assert!(read(&json!("not base64!")).is_err());
        let credits = STANDARD_NO_PAD.encode([0xff; BYTES]);
        assert!(read(&json!(credits)).err().unwrap().to_string().contains("negative"));
    }
}
