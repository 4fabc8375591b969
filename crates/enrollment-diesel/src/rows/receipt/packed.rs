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
