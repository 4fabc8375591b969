//! Facts that only inform: the port [`FactsRepository`]. The statements are those of an attempt, but nothing is locked, so
//! that it runs beside whoever registers.

use super::facts::{self, Wanted};
use super::lock;
use crate::store::{Answer, PgStore};
use async_trait::async_trait;
use diesel::PgConnection;
use enrollment_core::ids::StudentId;
use enrollment_core::registration::{Facts, FactsRepository, Scope};
use enrollment_core::{Error, Subject};

#[async_trait]
impl FactsRepository for PgStore {
    async fn facts(&self, student: StudentId, scope: Scope) -> Result<Facts, Error> {
        self.read(move |conn| load(conn, student, &scope)).await
    }
}

fn load(conn: &mut PgConnection, student: StudentId, scope: &Scope) -> Answer<Facts> {
    let seen = lock::look(conn, scope)?;
    let wanted = Wanted { student, scope, answer: None };
    Ok(facts::load(conn, &[wanted], seen)?.seen(&wanted).ok_or(Error::NotFound(Subject::Student)))
}
