//! `?dry_run=true` on changes of the catalogue, in the API's document.
//!
//! To let another change be asked about: the handler takes [`DryRun`](crate::student_courses::DryRun), and answers by the
//! [`Rehearsals`](enrollment_core::registration::Rehearsals) of the entry instead of by its catalogue.

use enrollment_core::catalog::Entry;
use enrollment_core::registration::EntryChange;
use std::borrow::Cow;
use std::marker::PhantomData;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Schema, Type};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{IntoParams, PartialSchema, ToSchema};

/// `dry_run` in the API's document.
pub(crate) struct DryRunParameter;

impl IntoParams for DryRunParameter {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let dry_run = ParameterBuilder::new()
            .name("dry_run")
            .parameter_in(ParameterIn::Query)
            .description(Some(
                "With `true`, only tells what would be: the entry, who would get a seat, and which student courses would end.",
            ))
            .schema(Some(ObjectBuilder::new().schema_type(Type::Boolean).build()));
        vec![dry_run.build()]
    }
}

/// What a change of an entry is answered with: the entry, or of a dry run what would come of it.
pub(crate) struct Changed<E>(PhantomData<E>);

impl<E: Entry + ToSchema> PartialSchema for Changed<E> {
    fn schema() -> RefOr<Schema> {
        OneOfBuilder::new()
            .item(Ref::from_schema_name(E::name()))
            .item(Ref::from_schema_name(EntryChange::<E>::name()))
            .description(Some("What a change is answered with: the entry, or of a dry run what would come of it."))
            .into()
    }
}

impl<E: Entry + ToSchema> ToSchema for Changed<E> {
    fn name() -> Cow<'static, str> {
        format!("Changed{}", E::name()).into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((EntryChange::<E>::name().into_owned(), EntryChange::<E>::schema()));
        EntryChange::<E>::schemas(schemas);
    }
}
