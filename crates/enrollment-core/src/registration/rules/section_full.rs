//! A section has so many seats and no more.

use super::{Case, Code, Violation};
use serde_json::json;

pub(super) fn check(case: &Case<'_>) -> Option<Violation> {
    let pool = case.pool;
    (pool.free() == 0).then(|| {
        let name = case.section_name();
        Violation::new(
            Code::SectionFull,
            format!("All {} seats of section {name} are taken.", pool.seats()),
            "Choose another section, or come back in case a seat is freed.",
            json!({ "section": name, "seats": pool.seats(), "taken": pool.taken }),
        )
    })
}
