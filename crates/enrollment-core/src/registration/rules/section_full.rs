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

#[cfg(test)]
mod tests {
    use super::check;
    use crate::registration::sample;
    use serde_json::json;

    #[test]
    fn there_are_as_many_seats_as_the_capacity_and_the_overload() {
        for (capacity, overload, taken, admitted) in
            [(2, 0, 1, true), (2, 0, 2, false), (2, 1, 2, true), (2, 1, 3, false), (0, 0, 0, false)]
        {
            let mut facts = sample::facts();
            facts.pools[0] = crate::registration::SeatPool { capacity, overload, taken, ..facts.pools[0] };
            let violation = sample::check(check, sample::now(), &facts);
            assert_eq!(violation.is_none(), admitted, "{taken} of {capacity} + {overload}");
            if let Some(violation) = violation {
                assert_eq!(
                    violation.facts,
                    json!({"section": "CS101-1", "seats": capacity + overload, "taken": taken})
                );
            }
        }
    }
}
