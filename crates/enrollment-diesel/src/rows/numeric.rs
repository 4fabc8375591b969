//! `numeric(5,2)` as credits: exact on both sides, through PostgreSQL's own form of digits in base 10,000.

use diesel::data_types::PgNumeric;
use enrollment_core::catalog::Credits;

/// As PostgreSQL takes it.
pub(crate) fn numeric(credits: Credits) -> PgNumeric {
    let hundredths = credits.hundredths();
    // Each part is below 10,000 for every number of credits that there can be.
    let part = |part: u32| i16::try_from(part).unwrap_or(i16::MAX);
    let (whole, fraction) = (part(hundredths / 100), part(hundredths % 100 * 100));
    let (weight, digits) = match (whole, fraction) {
        (0, 0) => (0, vec![]),
        (0, fraction) => (-1, vec![fraction]),
        (whole, 0) => (0, vec![whole]),
        (whole, fraction) => (0, vec![whole, fraction]),
    };
    PgNumeric::Positive { weight, scale: 2, digits }
}

/// As PostgreSQL gives it, or what is wrong with it.
pub(crate) fn credits(stored: &PgNumeric) -> Result<Credits, &'static str> {
    let PgNumeric::Positive { weight, digits, .. } = stored else { return Err("it is negative or not a number") };
    let mut hundredths = 0;
    for (position, digit) in (0_i16..).zip(digits) {
        let digit = u32::try_from(*digit).map_err(|_| "it has a negative digit")?;
        hundredths += match (weight - position, digit) {
            (_, 0) => 0,
            (0, whole) => whole * 100,
            (-1, fraction) if fraction % 100 == 0 => fraction / 100,
            _ => return Err("it is too large or has more than two decimal places"),
        };
    }
    from_hundredths(hundredths)
}

/// For statements that select `(credits * 100)::int4`.
pub(crate) fn credits_of_hundredths(stored: i32) -> Result<Credits, &'static str> {
    u32::try_from(stored).map_err(|_| "it is negative").and_then(from_hundredths)
}

fn from_hundredths(hundredths: u32) -> Result<Credits, &'static str> {
    if hundredths > 99_999 { Err("it is more than 999.99") } else { Ok(Credits::from_hundredths(hundredths)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_of_credits_survives_the_way_there_and_back() {
        for hundredths in 0..=99_999 {
            let there = Credits::from_hundredths(hundredths);
            assert_eq!(credits(&numeric(there)), Ok(there));
        }
    }

    #[test]
    fn what_cannot_be_credits_is_refused() {
        let positive = |weight, digits| PgNumeric::Positive { weight, scale: 2, digits };
        for bad in [
            PgNumeric::NaN,
            PgNumeric::Negative { weight: 0, scale: 0, digits: vec![1] },
            positive(1, vec![1]),
            positive(-1, vec![1234]),
            positive(-2, vec![1]),
            positive(0, vec![1000]),
        ] {
            assert!(credits(&bad).is_err(), "{bad:?}");
        }
        assert!(credits_of_hundredths(-1).is_err());
    }
}
