//! The grade scale: the port [`GradeRepository`].

use crate::StoreError;
use crate::rows::Place;
use crate::schema::grades;
use crate::statement::Statement;
use crate::store::{Answer, PgStore, committing};
use async_trait::async_trait;
use diesel::dsl::{exists, select};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Integer, Text};
use enrollment_core::catalog::{GradeRepository, Put, ScaleGrade};
use enrollment_core::text::Grade;
use enrollment_core::{Error, Subject};
use uuid::Uuid;

#[async_trait]
impl GradeRepository for PgStore {
    async fn scale(&self) -> Result<Vec<ScaleGrade>, Error> {
        self.read(|conn| Ok(Ok(scale(conn)?))).await
    }

    async fn put(&self, grade: ScaleGrade) -> Result<Put, Error> {
        self.write(move |conn| put(conn, &grade)).await
    }

    async fn delete(&self, grade: Grade) -> Result<(), Error> {
        self.write(move |conn| delete(conn, &grade)).await
    }
}

/// All grades, the best first.
fn scale(conn: &mut PgConnection) -> Result<Vec<ScaleGrade>, StoreError> {
    let rows: Vec<(String, i32, bool, String)> = grades::table
        .select((grades::grade, grades::rank, grades::passing, grades::basis))
        .order((grades::rank.desc(), grades::grade))
        .load(conn)?;
    // A grade is its own name.
    let place = Place::new("grades", Uuid::nil());
    let read = |(grade, rank, passing, basis): (String, _, _, String)| {
        Ok(ScaleGrade { grade: place.read("grade", grade)?, rank, passing, basis: place.word("basis", &basis)? })
    };
    rows.into_iter().map(read).collect()
}

/// A row that a statement has inserted was deleted by nobody yet.
const PUT: &str = "
    INSERT INTO grades (grade, rank, passing, basis) VALUES ($1, $2, $3, $4)
    ON CONFLICT (grade) DO UPDATE SET rank = excluded.rank, passing = excluded.passing, basis = excluded.basis
    RETURNING xmax = 0 AS added";

#[derive(QueryableByName)]
struct PutRow {
    #[diesel(sql_type = Bool)]
    added: bool,
}

fn put(conn: &mut PgConnection, grade: &ScaleGrade) -> Answer<Put> {
    let put = Statement::new(PUT)
        .bind::<Text, _>(grade.grade.as_str())
        .bind::<Integer, _>(grade.rank)
        .bind::<Bool, _>(grade.passing)
        .bind::<Text, _>(grade.basis.to_string())
        .get_result::<PutRow>(conn);
    Ok(Ok(if committing(put)?.added { Put::Added } else { Put::Replaced }))
}

/// What a course asks for is no foreign key, since it is within a document; so the statement looks for it.
const DELETE: &str = "
    DELETE FROM grades WHERE grade = $1 AND NOT EXISTS (
        SELECT FROM courses c
        WHERE jsonb_path_exists(c.requisite, '$.**.min_grade ? (@ == $grade)', jsonb_build_object('grade', $1))
            OR jsonb_path_exists(c.corequisite, '$.**.min_grade ? (@ == $grade)', jsonb_build_object('grade', $1))
    )";

fn delete(conn: &mut PgConnection, grade: &Grade) -> Answer<()> {
    let in_use = |by| Error::InUse { subject: Subject::Grade, by: vec![by] };
    match committing(Statement::new(DELETE).bind::<Text, _>(grade.as_str()).execute(conn)) {
        Ok(0) if is_there(conn, grade)? => Ok(Err(in_use(Subject::Course))),
        Ok(0) => Ok(Err(Error::NotFound(Subject::Grade))),
        Ok(_) => Ok(Ok(())),
        Err(error) if error.is_foreign_key_violation() => Ok(Err(in_use(Subject::StudentCourse))),
        Err(error) => Err(error),
    }
}

fn is_there(conn: &mut PgConnection, grade: &Grade) -> QueryResult<bool> {
    select(exists(grades::table.find(grade.as_str()))).get_result(conn)
}
