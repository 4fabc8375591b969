//! Pages, as statements fetch them.

use enrollment_core::page::PageRequest;

/// How many rows a statement fetches for a page: one more than the page holds tells whether there is a next one.
pub(crate) fn rows_for<K>(page: &PageRequest<K>) -> i64 {
    i64::from(u16::from(page.limit)) + 1
}
