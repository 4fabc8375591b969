//! Endpoints as data: what the application routes, and what a test compares with the API's document.

use crate::time_limit;
use actix_web::http::Method;
use actix_web::middleware::from_fn;
use actix_web::{FromRequest, Handler, Resource, Responder, Route, web};

/// One method of one path, and its handler.
pub(crate) struct Endpoint {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    routes: Vec<Route>,
}

/// The pattern of the path that a request took, such as `/api/v1/students/{id}`: data of the resource.
#[derive(Clone, Copy)]
pub(crate) struct RoutePattern(pub(crate) &'static str);

impl Endpoint {
    /// Reads. `HEAD` is answered like `GET`, and the server leaves out the body.
    pub(crate) fn get<F, Args>(path: &'static str, handler: F) -> Self
    where
        F: Handler<Args, Output: Responder + 'static>,
        Args: FromRequest + 'static,
    {
        let routes = vec![web::get().to(handler.clone()), web::head().to(handler)];
        Self { method: Method::GET, path, routes }
    }

    /// Makes something.
    pub(crate) fn post<F, Args>(path: &'static str, handler: F) -> Self
    where
        F: Handler<Args, Output: Responder + 'static>,
        Args: FromRequest + 'static,
    {
        Self { method: Method::POST, path, routes: vec![web::post().to(handler)] }
    }

    /// Makes something that the caller names, or changes it.
    pub(crate) fn put<F, Args>(path: &'static str, handler: F) -> Self
    where
        F: Handler<Args, Output: Responder + 'static>,
        Args: FromRequest + 'static,
    {
        Self { method: Method::PUT, path, routes: vec![web::put().to(handler)] }
    }

    /// Changes something.
    pub(crate) fn patch<F, Args>(path: &'static str, handler: F) -> Self
    where
        F: Handler<Args, Output: Responder + 'static>,
        Args: FromRequest + 'static,
    {
        Self { method: Method::PATCH, path, routes: vec![web::patch().to(handler)] }
    }

    /// Ends something.
    pub(crate) fn delete<F, Args>(path: &'static str, handler: F) -> Self
    where
        F: Handler<Args, Output: Responder + 'static>,
        Args: FromRequest + 'static,
    {
        Self { method: Method::DELETE, path, routes: vec![web::delete().to(handler)] }
    }

    /// The endpoints as actix resources, one for each path. A resource answers 405 with `Allow` to other methods.
    pub(crate) fn resources(endpoints: Vec<Self>) -> Vec<Resource> {
        let mut paths: Vec<(&'static str, Vec<Route>)> = Vec::new();
        for Self { path, routes, .. } in endpoints {
            let routes: Vec<Route> = routes.into_iter().map(|route| route.wrap(from_fn(time_limit::keep))).collect();
            match paths.iter_mut().find(|(known, _)| *known == path) {
                Some((_, others)) => others.extend(routes),
                None => paths.push((path, routes)),
            }
        }
        let resource = |path| web::resource(path).app_data(RoutePattern(path));
        paths.into_iter().map(|(path, routes)| routes.into_iter().fold(resource(path), Resource::route)).collect()
    }
}
