//! People by their numbers: the port [`Numbers`]. It is asked for who shows a token, so in the lane of credentials.

use crate::schema::students;
use crate::store::PgStore;
use async_trait::async_trait;
use diesel::prelude::*;
use enrollment_core::Error;
use enrollment_core::access::Numbers;
use enrollment_core::ids::StudentId;
use enrollment_core::text::StudentNumber;
use uuid::Uuid;

#[async_trait]
impl Numbers for PgStore {
    async fn student(&self, number: StudentNumber) -> Result<Option<StudentId>, Error> {
        let found = move |conn: &mut PgConnection| {
            let numbered = students::table.filter(students::number.eq(number.as_str()));
            Ok(numbered.select(students::id).first::<Uuid>(conn).optional()?)
        };
        Ok(self.credentials.run(found).await?.map(StudentId::from))
    }
}
