//! Exceptions for single students: holds that keep them out, and permits that let them past rules.

use super::{Office, by_demo, draft};
use chrono::Days;
use enrollment_core::Error;
use enrollment_core::catalog::Term;
use enrollment_core::ids::{SectionId, StudentId};
use serde_json::{Value, json};

impl Office {
    /// Of a class that asks for consent: one got in by it, one by it and past a hold, and one may yet until teaching begins,
    /// but will not while books are overdue.
    pub(super) async fn holds_and_permits(
        &self,
        term: &Term,
        class: SectionId,
        people: &[StudentId],
    ) -> Result<(), Error> {
        // The others of the demo's features are mostly the first.
        let mut last = people.iter().rev().copied();
        if let Some(student) = last.next() {
            self.permit(student, json!({"section_id": class, "waives": ["restricted"], "reason": "Played for us"}))
                .await?;
            self.some(1, &[student], &json!({ "section_id": class })).await?;
        }
        if let Some(student) = last.next() {
            self.hold(student, json!({"blocks": "both", "reason": "Fees are due"})).await?;
            let reason = "Has a scholarship that pays the fees in October";
            let waives = ["restricted", "hold"];
            self.permit(student, json!({"section_id": class, "waives": waives, "reason": reason, "max_uses": 3}))
                .await?;
            self.some(1, &[student], &json!({ "section_id": class })).await?;
        }
        if let Some(student) = last.next() {
            self.hold(student, json!({"blocks": "enroll", "reason": "Library books are overdue"})).await?;
            let expires_at = term.time_zone.start_of(term.starts_on);
            let permit = json!({
                "section_id": class, "waives": ["restricted"], "reason": "Played for us", "expires_at": expires_at
            });
            self.permit(student, permit).await?;
            self.some(1, &[student], &json!({ "section_id": class })).await?;
        }
        if let Some(student) = last.next() {
            let from = self.clock.now() + Days::new(30);
            self.hold(student, json!({"blocks": "drop", "reason": "Visa asks for full time", "from": from})).await?;
        }
        Ok(())
    }

    async fn hold(&self, student: StudentId, hold: Value) -> Result<(), Error> {
        self.holds.of(student).create(&by_demo(), draft(hold)?).await.map(drop)
    }

    async fn permit(&self, student: StudentId, mut permit: Value) -> Result<(), Error> {
        permit["granted_by"] = "Prof. Clara Wieck".into();
        self.permits.of(student).create(&by_demo(), draft(permit)?).await.map(drop)
    }
}
