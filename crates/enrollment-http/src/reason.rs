//! Why somebody acts for another: the header `Enrollment-Reason`, kept with the receipt and told in the history.

use crate::problem::{InputError, Problem};
use actix_web::HttpRequest;
use enrollment_core::text::Reason;

/// The header in which the caller says why.
const NAME: &str = "Enrollment-Reason";

/// The reason, where the caller gives one: text in UTF-8, which headers may carry as it is.
pub(crate) fn of(request: &HttpRequest) -> Result<Option<Reason>, Problem> {
    read(request).map_err(|reason| Problem::invalid(vec![InputError::in_header(NAME, reason)]))
}

fn read(request: &HttpRequest) -> Result<Option<Reason>, String> {
    let mut given = request.headers().get_all(NAME);
    match (given.next(), given.next()) {
        (None, _) => Ok(None),
        (Some(_), Some(_)) => Err("must be given once".to_owned()),
        (Some(reason), None) => {
            let text = std::str::from_utf8(reason.as_bytes()).map_err(|_| "must be UTF-8".to_owned())?;
            Reason::try_from(text).map(Some)
        }
    }
}
