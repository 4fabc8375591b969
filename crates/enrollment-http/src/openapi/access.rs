//! Who may use each endpoint, as the endpoints themselves say it.

use crate::api::endpoints;
use crate::caller::Access;
use crate::endpoint::Endpoint;
use actix_web::http::Method;
use enrollment_core::access::permissions::{permission, scope};
use enrollment_core::access::{Extent, Operation as Permitted, Permission, RoleKind};
use utoipa::Modify;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{OpenApi, Ref};

/// What the document calls the credential.
const BEARER: &str = "bearer";

/// Adds to every operation that is not open what it needs, and what is answered to whom it is denied.
pub(crate) struct Secured;

impl Modify for Secured {
    fn modify(&self, document: &mut OpenApi) {
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        document.components.get_or_insert_default().add_security_scheme(BEARER, scheme);
        for endpoint in endpoints() {
            let item = document.paths.paths.get_mut(endpoint.path);
            if let Some(operation) = item.and_then(|item| of_method(item, &endpoint)) {
                secure(operation, endpoint.access);
            }
        }
    }
}

fn of_method<'a>(item: &'a mut PathItem, endpoint: &Endpoint) -> Option<&'a mut Operation> {
    match endpoint.method {
        Method::GET => item.get.as_mut(),
        Method::POST => item.post.as_mut(),
        Method::PUT => item.put.as_mut(),
        Method::PATCH => item.patch.as_mut(),
        Method::DELETE => item.delete.as_mut(),
        _ => None,
    }
}

fn secure(operation: &mut Operation, access: Access) {
    let who = match access {
        Access::Open => return operation.security = Some(Vec::new()),
        Access::Needs(needed) => format!("Who may: {}.", who_may(needed)),
        Access::NeedsOr(needed, rehearsed) => {
            format!("Who may: {}. A dry run also: {}.", who_may(needed), who_may(rehearsed))
        }
    };
    operation.security = Some(vec![SecurityRequirement::new(BEARER, Vec::<String>::new())]);
    let told = operation.description.take().unwrap_or_default();
    operation.description = Some(format!("{told}\n\n{who}").trim_start().to_owned());
    for (status, name) in [("401", "Unauthenticated"), ("403", "Forbidden")] {
        operation.responses.responses.insert(status.to_owned(), Ref::from_response_name(name).into());
    }
}

/// Who may do this, and to whose records, in words.
fn who_may(operation: Permitted) -> String {
    let of_role = |role: RoleKind| {
        let (extent, condition) = match permission(role, operation) {
            Permission::No => return None,
            Permission::Yes(extent) => (extent, String::new()),
            Permission::IfGranted(extent) => {
                (extent, scope(operation).map_or_else(String::new, |scope| format!(" with the scope `{scope}`")))
            }
        };
        let reach = match extent {
            Extent::All => "",
            Extent::Own => " (their own)",
            Extent::Programs => " (students of their programmes)",
        };
        Some(format!("{}{reach}{condition}", role.word()))
    };
    RoleKind::ALL.into_iter().filter_map(of_role).collect::<Vec<_>>().join(", ")
}
