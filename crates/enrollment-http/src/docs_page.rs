//! The API's document as JSON, and as a page to read and try it on. The page's files are part of the program.

use crate::caller::Access;
use crate::endpoint::Endpoint;
use crate::openapi::openapi;
use crate::problem::{Kind, Problem};
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, ContentType, HeaderName, LOCATION, REFERRER_POLICY, X_FRAME_OPTIONS,
};
use actix_web::web::{Bytes, Data, Path};
use actix_web::{HttpResponse, HttpResponseBuilder};
use std::borrow::Cow;
use std::error::Error;
use std::sync::Arc;
use utoipa_swagger_ui::{Config, serve};

/// The endpoints of this file.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(Access::Open, "/api/openapi.json", document),
        Endpoint::get(Access::Open, "/api/docs", index),
        Endpoint::get(Access::Open, "/api/docs/{file}", asset),
    ]
}

/// The document, and the page's configuration.
pub(crate) struct Docs {
    document: Bytes,
    page: Arc<Config<'static>>,
}

impl Docs {
    /// Writes the document once, for all requests.
    pub(crate) fn new() -> Result<Self, Box<dyn Error + Send + Sync>> {
        let document = Bytes::from(openapi().to_json()?);
        Ok(Self { document, page: Arc::new(Config::from("/api/openapi.json")) })
    }

    fn file(&self, name: &str) -> Result<HttpResponse, Problem> {
        let file = serve(name, Arc::clone(&self.page)).map_err(|error| Problem::internal(error.to_string()))?;
        let file = file.ok_or_else(|| Problem::new(Kind::NotFound, "The documentation has no such file."))?;
        let bytes = match file.bytes {
            Cow::Borrowed(part_of_program) => Bytes::from_static(part_of_program),
            Cow::Owned(written) => Bytes::from(written),
        };
        Ok(page_answer().content_type(file.content_type).body(bytes))
    }
}

/// What a page may do: load its own files, and be nobody's frame. Swagger UI sets styles by script.
const PAGE_HEADERS: [(HeaderName, &str); 4] = [
    (CACHE_CONTROL, "max-age=600"),
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'",
    ),
    (X_FRAME_OPTIONS, "DENY"),
    (REFERRER_POLICY, "no-referrer"),
];

fn page_answer() -> HttpResponseBuilder {
    let mut answer = HttpResponse::Ok();
    for header in PAGE_HEADERS {
        answer.insert_header(header);
    }
    answer
}

/// The API's document: OpenAPI 3.1.
#[utoipa::path(
    get,
    path = "/api/openapi.json",
    operation_id = "get_document",
    tag = "operations",
    responses((status = 200, description = "The document.", body = Object)),
)]
pub(crate) async fn document(docs: Data<Docs>) -> HttpResponse {
    HttpResponse::Ok().insert_header(ContentType::json()).body(docs.document.clone())
}

/// Leads to the documentation page.
#[utoipa::path(
    get,
    path = "/api/docs",
    operation_id = "find_documentation",
    tag = "operations",
    responses((status = 308, description = "The page is at `/api/docs/index.html`.", headers(("Location" = String)))),
)]
pub(crate) async fn index() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header((LOCATION, "/api/docs/index.html")).finish()
}

/// The documentation page and its files.
#[utoipa::path(
    get,
    path = "/api/docs/{file}",
    operation_id = "get_documentation",
    tag = "operations",
    params(("file" = String, Path, description = "`index.html`, or a file that it loads.")),
    responses((status = 200, description = "The file.", body = String, content_type = "text/html"), crate::openapi::FindProblems),
)]
pub(crate) async fn asset(docs: Data<Docs>, file: Path<String>) -> Result<HttpResponse, Problem> {
    docs.file(&file)
}
