//! Endpoints as data: what the application routes, and what a test compares with the API's document.

use crate::caller::{self, Access};
use crate::time_limit;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::{Next, from_fn};
use actix_web::{Error, FromRequest, Handler, Resource, Responder, Route, web};
use enrollment_core::access::Operation;

/// One method of one path, and its handler.
pub(crate) struct Endpoint {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    pub(crate) access: Access,
    routes: Vec<Route>,
}

/// The pattern of the path that a request took, such as `/api/v1/students/{id}`: data of the resource.
#[derive(Clone, Copy)]
pub(crate) struct RoutePattern(pub(crate) &'static str);

impl Endpoint {
    /// Reads. `HEAD` is answered like `GET`, and the server leaves out the body.
    pub(crate) fn get<F, Args>(access: impl Into<Access>, path: &'static str, handler: F) -> Self
    where
        F: Handler<Args, Output: Responder + 'static>,
        Args: FromRequest + 'static,
    {
        let routes = vec![web::get().to(handler.clone()), web::head().to(handler)];
        Self { method: Method::GET, path, access: access.into(), routes }
    }

    /// Makes something.
    pub(crate) fn post<F, Args>(access: impl Into<Access>, path: &'static str, handler: F) -> Self
    where
        F: Handler<Args, Output: Responder + 'static>,
        Args: FromRequest + 'static,
    {
        Self { method: Method::POST, path, access: access.into(), routes: vec![web::post().to(handler)] }
    }

    /// Makes something that the caller names, or changes it.
    pub(crate) fn put<F, Args>(access: impl Into<Access>, path: &'static str, handler: F) -> Self
    where
        F: Handler<Args, Output: Responder + 'static>,
        Args: FromRequest + 'static,
    {
        Self { method: Method::PUT, path, access: access.into(), routes: vec![web::put().to(handler)] }
    }

    /// Changes something.
    pub(crate) fn patch<F, Args>(access: impl Into<Access>, path: &'static str, handler: F) -> Self
    where
        F: Handler<Args, Output: Responder + 'static>,
        Args: FromRequest + 'static,
    {
        Self { method: Method::PATCH, path, access: access.into(), routes: vec![web::patch().to(handler)] }
    }

    /// Ends something.
    pub(crate) fn delete<F, Args>(access: impl Into<Access>, path: &'static str, handler: F) -> Self
    where
        F: Handler<Args, Output: Responder + 'static>,
        Args: FromRequest + 'static,
    {
        Self { method: Method::DELETE, path, access: access.into(), routes: vec![web::delete().to(handler)] }
    }

    /// The endpoints as actix resources, one for each path. A resource answers 405 with `Allow` to other methods.
    pub(crate) fn resources(endpoints: Vec<Self>) -> Vec<Resource> {
        let mut paths: Vec<(&'static str, Vec<Route>)> = Vec::new();
        for Self { path, access, routes, .. } in endpoints {
            let gated = |route: Route| route.wrap(from_fn(move |request, next| answer(access, request, next)));
            let routes: Vec<Route> = routes.into_iter().map(gated).collect();
            match paths.iter_mut().find(|(known, _)| *known == path) {
                Some((_, others)) => others.extend(routes),
                None => paths.push((path, routes)),
            }
        }
        let resource = |path| web::resource(path).app_data(RoutePattern(path));
        paths.into_iter().map(|(path, routes)| routes.into_iter().fold(resource(path), Resource::route)).collect()
    }
}

/// Lets the caller through to the endpoint, if they may, and answers in time.
async fn answer(
    access: Access,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    match caller::admit(access, &request).await {
        Ok(()) => time_limit::keep(request, next).await,
        Err(problem) => Ok(request.error_response(problem).map_into_boxed_body()),
    }
}

impl From<Operation> for Access {
    fn from(operation: Operation) -> Self {
        Self::Needs(operation)
    }
}
