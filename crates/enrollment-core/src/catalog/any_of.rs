//! Lists of which one has to fit: the programs, levels or students that something is for.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A list of which one has to fit: at least one, and at most `MOST`. A list that is empty by mistake would be for everybody, or
/// for nobody, so there is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeSet<T>", bound(deserialize = "T: Ord + Deserialize<'de>"))]
pub struct AnyOf<T, const MOST: usize>(BTreeSet<T>);

impl<T: Ord, const MOST: usize> AnyOf<T, MOST> {
    /// Whether this is one of the list.
    pub fn lists(&self, one: &T) -> bool {
        self.0.contains(one)
    }

    /// The list, in order.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter()
    }
}

impl<T: Ord, const MOST: usize> TryFrom<BTreeSet<T>> for AnyOf<T, MOST> {
    type Error = String;

    fn try_from(listed: BTreeSet<T>) -> Result<Self, Self::Error> {
        match listed.len() {
            0 => Err("must list at least one; leave it out, or make it null, to ask for none".to_owned()),
            many if many > MOST => Err(format!("must list at most {MOST}")),
            _ => Ok(Self(listed)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn it_lists_at_least_one_and_at_most_so_many() {
        let read = serde_json::from_value::<AnyOf<u8, 2>>;
        assert!(read(json!([])).is_err() && read(json!([1, 2, 3])).is_err() && read(json!(["1"])).is_err());
        let listed = read(json!([2, 1, 2])).unwrap();
        assert!(listed.lists(&1) && listed.lists(&2) && !listed.lists(&3));
        assert_eq!(listed.iter().copied().collect::<Vec<_>>(), [1, 2]);
        assert_eq!(serde_json::to_value(listed).unwrap(), json!([1, 2]));
    }
}
