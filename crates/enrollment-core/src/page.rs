//! Pages of a list: by key, never by offset, so that a page stays right while rows come and go.

use serde::{Deserialize, Serialize};

/// How many items a page holds: 1 to 200.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct Limit(u16);

impl Limit {
    /// The most that one page can hold.
    pub const MOST: u16 = 200;

    /// The greatest limit.
    pub fn greatest() -> Self {
        Self(Self::MOST)
    }

    /// The number of items.
    pub fn get(self) -> usize {
        usize::from(self.0)
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(50)
    }
}

impl From<Limit> for u16 {
    fn from(limit: Limit) -> Self {
        limit.0
    }
}

impl TryFrom<u16> for Limit {
    type Error = String;

    fn try_from(items: u16) -> Result<Self, Self::Error> {
        if (1..=Self::MOST).contains(&items) {
            Ok(Self(items))
        } else {
            Err(format!("must be from 1 to {}", Self::MOST))
        }
    }
}

/// Asks for one page: at most `limit` items, after the one whose key is `after`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRequest<K> {
    /// How many items at most.
    pub limit: Limit,
    /// The key of the last item that the caller has, or none for the first page.
    pub after: Option<K>,
}

impl<K> Default for PageRequest<K> {
    fn default() -> Self {
        Self { limit: Limit::default(), after: None }
    }
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T, K> {
    /// The items, in the list's order.
    pub items: Vec<T>,
    /// The key to ask for the next page with, or none when this is the last one.
    pub next: Option<K>,
}

impl<T, K> Page<T, K> {
    /// Cuts a page from `rows`, of which a store fetches one more than the limit to learn whether there is a next page.
    pub fn cut(mut rows: Vec<T>, limit: Limit, key: impl Fn(&T) -> K) -> Self {
        let more = rows.len() > limit.get();
        rows.truncate(limit.get());
        let next = if more { rows.last().map(key) } else { None };
        Self { items: rows, next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_a_next_key_only_when_there_is_more() {
        let two = Limit::try_from(2).unwrap();
        let page = Page::cut(vec![1, 2, 3], two, |n| *n);
        assert_eq!(page, Page { items: vec![1, 2], next: Some(2) });
        assert_eq!(Page::cut(vec![1, 2], two, |n| *n), Page { items: vec![1, 2], next: None });
        assert_eq!(Page::cut(Vec::<i32>::new(), two, |n| *n), Page { items: vec![], next: None });
    }

    #[test]
    fn limits_are_bounded() {
        assert!(Limit::try_from(0).is_err());
        assert!(Limit::try_from(201).is_err());
        assert_eq!(Limit::default().get(), 50);
    }
}
