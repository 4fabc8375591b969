//! What a change of the catalogue would do: the entry as it would be, and what would become of students who are in sections or
//! wait for a seat.
//!
//! One port, [`Rehearsal`], and one service, [`Rehearsals`], for all kinds of entries, beside those that change them
//! ([`Repository`], [`Catalog`]). To let another change be asked about: a method that makes the same [`Edit`] as the change does.
//!
//! [`Repository`]: crate::catalog::Repository

use super::{Promotion, StudentCourse, disclosure};
use crate::Error;
use crate::access::Principal;
use crate::catalog::{Catalog, Cause, Edit, Entry, Owned, Version};
use async_trait::async_trait;
use serde::ser::{Serialize, SerializeStruct, Serializer};
use std::sync::Arc;

/// An entry as it is after a change, and what the change did to students.
#[derive(Clone, Debug, PartialEq)]
pub struct EntryChange<E> {
    /// The entry; none when it is deleted.
    pub entry: Option<E>,
    /// Who got a seat by the change, or was passed over; in the order of the waitlists.
    pub promotions: Vec<Promotion>,
    /// The student courses that the change ended, each with the reason.
    pub cancelled: Vec<StudentCourse>,
}

/// The entry goes by the name of what it is: `{"section": …, "promotions": …, "cancelled": …}`.
impl<E: Entry + Serialize> Serialize for EntryChange<E> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut change = serializer.serialize_struct("EntryChange", 3)?;
        change.serialize_field(E::SUBJECT.word(), &self.entry)?;
        change.serialize_field("promotions", &self.promotions)?;
        change.serialize_field("cancelled", &self.cancelled)?;
        change.end()
    }
}

/// Tells what changes of entries of one kind would do.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait Rehearsal<E: Entry>: Send + Sync {
    /// What would come of making this edit, and then offering the free seats that it may open to those who wait for them. It MUST
    /// come about as [`Repository`](crate::catalog::Repository) says, with the same errors, and MUST change nothing.
    async fn rehearse(&self, edit: Edit<E>, cause: Cause) -> Result<EntryChange<E>, Error>;
}

/// The service that tells what changes of entries of one kind would do.
pub struct Rehearsals<E: Entry> {
    catalog: Catalog<E>,
    port: Arc<dyn Rehearsal<E>>,
}

impl<E: Entry> Rehearsals<E> {
    /// A service on these.
    pub fn new(catalog: Catalog<E>, port: Arc<dyn Rehearsal<E>>) -> Self {
        Self { catalog, port }
    }

    /// What the same [change](Catalog::change) would do.
    ///
    /// # Errors
    /// Those of the change.
    pub async fn change(
        &self,
        by: &Principal,
        id: E::Id,
        expected: Option<Version>,
        draft: E::Draft,
    ) -> Result<EntryChange<E>, Error> {
        let current = self.catalog.to_change(by, id).await?;
        self.replace(by, &current, expected, draft).await
    }

    async fn replace(
        &self,
        by: &Principal,
        current: &E,
        expected: Option<Version>,
        draft: E::Draft,
    ) -> Result<EntryChange<E>, Error> {
        let (changed, cause) = self.catalog.changed(by, current, expected, draft).await?;
        self.rehearse(by, Edit::Replace(changed, current.stamp().version), cause).await
    }
}

impl<E: Entry> Rehearsals<E> {
    /// Asks the port, and tells of students what the principal may know.
    async fn rehearse(&self, by: &Principal, edit: Edit<E>, cause: Cause) -> Result<EntryChange<E>, Error> {
        let change = self.port.rehearse(edit, cause).await?;
        Ok(disclosure::change(&self.catalog.gate, by, change).await)
    }
}

impl<E: Owned> Rehearsals<E> {
    /// What changes of the entries that belong to this owner would do.
    pub fn of(&self, owner: E::Owner) -> RehearsalsOf<'_, E> {
        RehearsalsOf { rehearsals: self, owner }
    }
}

/// The service that tells what changes of the entries of one kind would do that belong to one owner. Another's entry is not found.
#[derive(Clone, Copy)]
pub struct RehearsalsOf<'a, E: Owned> {
    rehearsals: &'a Rehearsals<E>,
    owner: E::Owner,
}

impl<E: Owned> RehearsalsOf<'_, E> {
    /// What [making](crate::catalog::CatalogOf::create) the entry would do.
    ///
    /// # Errors
    /// Those of making it.
    pub async fn create(&self, by: &Principal, draft: E::Draft) -> Result<EntryChange<E>, Error> {
        let catalog = &self.rehearsals.catalog;
        catalog.of(self.owner).admit(by, E::WRITE).await?;
        let (made, cause) = catalog.made(by, E::draft_of(self.owner, draft)).await?;
        self.rehearsals.rehearse(by, Edit::Insert(made), cause).await
    }

    /// What the same [change](crate::catalog::CatalogOf::change) would do.
    ///
    /// # Errors
    /// Those of the change.
    pub async fn change(
        &self,
        by: &Principal,
        id: E::Id,
        expected: Option<Version>,
        draft: E::Draft,
    ) -> Result<EntryChange<E>, Error> {
        let owned = self.rehearsals.catalog.of(self.owner);
        owned.admit(by, E::WRITE).await?;
        let current = owned.find(id).await?;
        self.rehearsals.replace(by, &current, expected, draft).await
    }

    /// What [deleting](crate::catalog::CatalogOf::delete) the entry would do.
    ///
    /// # Errors
    /// Those of deleting it.
    pub async fn delete(&self, by: &Principal, id: E::Id, expected: Option<Version>) -> Result<EntryChange<E>, Error> {
        let catalog = &self.rehearsals.catalog;
        let owned = catalog.of(self.owner);
        owned.admit(by, E::WRITE).await?;
        owned.find(id).await?;
        self.rehearsals.rehearse(by, Edit::Delete(id, expected), catalog.cause(by)).await
    }
}

#[cfg(feature = "openapi")]
mod schema {
    use super::{Entry, EntryChange, Promotion, StudentCourse};
    use std::borrow::Cow;
    use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, OneOfBuilder, Schema, Type};
    use utoipa::openapi::{Ref, RefOr};
    use utoipa::{PartialSchema, ToSchema};

    /// By hand, since the name of a member depends on the entry.
    impl<E: Entry + ToSchema> PartialSchema for EntryChange<E> {
        fn schema() -> RefOr<Schema> {
            let entry = OneOfBuilder::new()
                .item(ObjectBuilder::new().schema_type(Type::Null))
                .item(Ref::from_schema_name(E::name()))
                .description(Some(format!("The {}; null when it is deleted.", E::SUBJECT)));
            let list = |of: Cow<'static, str>, what: &str| {
                ArrayBuilder::new().items(Ref::from_schema_name(of)).description(Some(what))
            };
            let promotions = "Who got a seat by the change, or was passed over; in the order of the waitlists. Only those whose \
                courses the caller may read.";
            let cancelled =
                "The student courses that the change ended, each with the reason. Only those that the caller may read.";
            let what = format!("A {} as it is after a change, and what the change did to students.", E::SUBJECT);
            ObjectBuilder::new()
                .description(Some(what))
                .property(E::SUBJECT.word(), entry)
                .property("promotions", list(Promotion::name(), promotions))
                .property("cancelled", list(StudentCourse::name(), cancelled))
                .required(E::SUBJECT.word())
                .required("promotions")
                .required("cancelled")
                .into()
        }
    }

    impl<E: Entry + ToSchema> ToSchema for EntryChange<E> {
        fn name() -> Cow<'static, str> {
            format!("{}Change", E::name()).into()
        }

        fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
            schemas.push((E::name().into_owned(), E::schema()));
            E::schemas(schemas);
            schemas.push((Promotion::name().into_owned(), Promotion::schema()));
            Promotion::schemas(schemas);
            schemas.push((StudentCourse::name().into_owned(), StudentCourse::schema()));
            StudentCourse::schemas(schemas);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Gate;
    use crate::catalog::{Draft, Hold, HoldDraft, MockRepository, Section, SectionDraft, Stamp};
    use crate::clock::MockClock;
    use crate::ids::{MockIdSource, StudentId};
    use chrono::DateTime;
    use pollster::block_on;
    use serde_json::json;
    use uuid::Uuid;

    const OTHER: &str = "0190a1b2-0000-7000-8000-000000000009";

    fn draft<D: serde::de::DeserializeOwned>(fields: serde_json::Value) -> D {
        serde_json::from_value(fields).unwrap()
    }

    fn section() -> Section {
        let body = json!({"course_id": OTHER, "term_id": OTHER, "number": "1", "capacity": 2, "status": "open"});
        let stamp = Stamp::new(Uuid::from_u128(1).into(), DateTime::UNIX_EPOCH);
        draft::<SectionDraft>(body).parse(stamp).unwrap()
    }

    fn student(number: u128) -> StudentId {
        Uuid::from_u128(number).into()
    }

    /// A hold on student 1.
    fn hold() -> Hold {
        let fields = draft(json!({"blocks": "both", "reason": "Fees"}));
        let stamp = Stamp::new(Uuid::from_u128(7).into(), DateTime::UNIX_EPOCH);
        Hold::draft_of(student(1), fields).parse(stamp).unwrap()
    }

    /// Rehearsals of changes of this entry, which the port answers by the edit that it is handed.
    fn rehearsals<E: Entry>(current: E, port: MockRehearsal<E>) -> Rehearsals<E> {
        let mut repository = MockRepository::new();
        repository.expect_find().returning(move |_| Ok(current.clone()));
        let mut clock = MockClock::new();
        clock.expect_now().return_const(DateTime::UNIX_EPOCH);
        let mut ids = MockIdSource::new();
        ids.expect_next().return_const(Uuid::from_u128(7));
        Rehearsals::new(
            Catalog::new(Arc::new(repository), Gate::without_affiliations(), Arc::new(clock), Arc::new(ids)),
            Arc::new(port),
        )
    }

    fn told<E: Entry>(edit: Edit<E>) -> EntryChange<E> {
        let entry = match edit {
            Edit::Insert(entry) | Edit::Replace(entry, _) => Some(entry),
            Edit::Delete(..) => None,
        };
        EntryChange { entry, promotions: Vec::new(), cancelled: Vec::new() }
    }

    #[test]
    fn a_rehearsal_asks_about_the_entry_as_it_would_be_and_writes_nothing() {
        let mut port = MockRehearsal::new();
        port.expect_rehearse()
            .once()
            .withf(|edit: &Edit<Section>, _| {
                matches!(edit, Edit::Replace(section, Version::FIRST) if section.capacity.get() == 5)
            })
            .returning(|edit, _| Ok(told(edit)));
        let rehearsals = rehearsals(section(), port);
        let change = |expected, fields| {
            block_on(rehearsals.change(&Principal::anonymous(), section().id, expected, draft(fields)))
        };
        let told = change(Some(Version::FIRST), json!({"capacity": 5})).unwrap();
        assert_eq!(told.entry.unwrap().version, Version::FIRST.next());
        assert!(matches!(change(Some(Version::FIRST.next()), json!({})), Err(Error::Stale(_))));
        assert!(matches!(change(None, json!({"capacity": -1})), Err(Error::Invalid(_))));
    }

    #[test]
    fn what_belongs_to_an_owner_is_asked_about_as_theirs_alone() {
        let mut port = MockRehearsal::new();
        port.expect_rehearse().times(3).returning(|edit, _| Ok(told(edit)));
        let rehearsals = rehearsals(hold(), port);
        let (own, others) = (rehearsals.of(student(1)), rehearsals.of(student(2)));
        let (actor, id) = (&Principal::anonymous(), hold().id);
        let made = block_on(own.create(actor, draft(json!({"blocks": "both", "reason": "Fees"})))).unwrap();
        assert_eq!(made.entry, Some(hold()));
        let changed = block_on(own.change(actor, id, None, draft(json!({"blocks": "drop"})))).unwrap();
        assert_eq!(changed.entry.unwrap().student_id, student(1));
        let deleted = block_on(own.delete(actor, id, Some(Version::FIRST))).unwrap();
        assert_eq!(serde_json::to_value(&deleted).unwrap(), json!({"hold": null, "promotions": [], "cancelled": []}));
        assert!(matches!(block_on(others.delete(actor, id, None)), Err(Error::NotFound(_))));
        let change = block_on(others.change(actor, id, None, HoldDraft::default()));
        assert!(matches!(change, Err(Error::NotFound(_))));
        assert!(matches!(block_on(own.create(actor, HoldDraft::default())), Err(Error::Invalid(_))));
    }
}
