//! Pages of lists: `?limit=` and `?cursor=` in, `items` and `next_cursor` out.
//!
//! A cursor is the text form of the key of the last item; to callers it is opaque.

use crate::parameters::{FromParameters, Parameters};
use crate::problem::Problem;
use crate::representation::{REVALIDATE, json, unless_known};
use actix_web::{HttpRequest, HttpResponse};
use enrollment_core::page::{Limit, Page, PageRequest};
use serde::Serialize;
use std::borrow::Cow;
use std::fmt::Display;
use std::str::FromStr;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Schema, SchemaType, Type};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{IntoParams, PartialSchema, ToSchema};

/// One page of a list.
#[derive(Serialize)]
pub(crate) struct PageBody<T> {
    /// The items, in the list's order.
    items: Vec<T>,
    /// What to give as `cursor` for the next page; null when this is the last one.
    next_cursor: Option<String>,
}

impl<T, K: Display> From<Page<T, K>> for PageBody<T> {
    fn from(page: Page<T, K>) -> Self {
        Self { items: page.items, next_cursor: page.next.map(|key| key.to_string()) }
    }
}

/// Answers a page.
pub(crate) fn page<T: Serialize, K: Display>(page: Page<T, K>) -> Result<HttpResponse, Problem> {
    json(&PageBody::from(page))
}

/// Answers a page of a list that many reload, or 304 when the caller has just this page already.
pub(crate) fn page_unless_known<T: Serialize, K: Display>(
    request: &HttpRequest,
    page: Page<T, K>,
) -> Result<HttpResponse, Problem> {
    unless_known(request, &PageBody::from(page), REVALIDATE)
}

/// By hand, since the derived schema would repeat that of the items in full.
impl<T: ToSchema> PartialSchema for PageBody<T> {
    fn schema() -> RefOr<Schema> {
        let items = ArrayBuilder::new()
            .items(Ref::from_schema_name(T::name()))
            .description(Some("The items, in the list's order."))
            .build();
        let next_cursor = ObjectBuilder::new()
            .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
            .description(Some("What to give as `cursor` for the next page; null when this is the last one."))
            .build();
        ObjectBuilder::new()
            .description(Some("One page of a list."))
            .property("items", items)
            .property("next_cursor", next_cursor)
            .required("items")
            .required("next_cursor")
            .into()
    }
}

impl<T: ToSchema> ToSchema for PageBody<T> {
    fn name() -> Cow<'static, str> {
        format!("{}Page", T::name()).into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((T::name().into_owned(), T::schema()));
        T::schemas(schemas);
    }
}

impl<K: FromStr> FromParameters for PageRequest<K> {
    fn from_parameters(parameters: &mut Parameters) -> Self {
        let limit = limit(parameters);
        let after = parameters.take("cursor", |text| {
            text.parse().map_err(|_| "must be a next_cursor of this list, as it was given".to_owned())
        });
        Self { limit, after }
    }
}

/// How many items a page shall have.
pub(crate) fn limit(parameters: &mut Parameters) -> Limit {
    let limit = parameters.take("limit", |text| {
        let items = text.parse().map_err(|_| format!("must be a whole number from 1 to {}", Limit::MOST));
        items.and_then(|items: u16| Limit::try_from(items))
    });
    limit.unwrap_or_default()
}

/// `limit` and `cursor` in the API's document.
pub(crate) struct PageParameters;

impl IntoParams for PageParameters {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let limit = ObjectBuilder::new()
            .schema_type(Type::Integer)
            .minimum(Some(1))
            .maximum(Some(Limit::MOST))
            .default(Some(u16::from(Limit::default()).into()));
        let limit = ParameterBuilder::new()
            .name("limit")
            .parameter_in(ParameterIn::Query)
            .description(Some("How many items the page has at most."))
            .schema(Some(limit.build()));
        let cursor = ParameterBuilder::new()
            .name("cursor")
            .parameter_in(ParameterIn::Query)
            .description(Some("The `next_cursor` of the page before; absent for the first page."))
            .schema(Some(ObjectBuilder::new().schema_type(Type::String).build()));
        vec![limit.build(), cursor.build()]
    }
}
