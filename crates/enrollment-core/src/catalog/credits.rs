//! Credits: decimal numbers of at most two places, such as 3, 1.5 or 7.25.

use garde::Validate;
use serde::{Deserialize, Serialize, Serializer};
use std::fmt;
use std::iter::Sum;

/// Credits, kept as an exact number of hundredths: 0 to 999.99.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Validate)]
#[garde(transparent)]
#[serde(try_from = "f64")]
pub struct Credits(#[garde(range(max = 99_999))] u32);

impl Credits {
    /// Credits of so many hundredths.
    pub fn from_hundredths(hundredths: u32) -> Self {
        Self(hundredths)
    }

    /// The number of hundredths.
    pub fn hundredths(self) -> u32 {
        self.0
    }
}

impl TryFrom<f64> for Credits {
    type Error = String;

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the value is a whole number in the range of u32 by then"
    )]
    fn try_from(credits: f64) -> Result<Self, Self::Error> {
        const BOUNDS: &str = "must be from 0 to 999.99";
        let hundredths = credits * 100.0;
        if !(0.0..=f64::from(u32::MAX)).contains(&hundredths.round()) {
            return Err(BOUNDS.to_owned());
        }
        // A decimal of two places is not exact in binary; a third place is off by far more than this.
        if (hundredths - hundredths.round()).abs() > 1e-6 {
            return Err("must have at most two decimal places".to_owned());
        }
        let credits = Self(hundredths.round() as u32);
        credits.validate().map(|()| credits).map_err(|_| BOUNDS.to_owned())
    }
}

impl From<Credits> for f64 {
    fn from(credits: Credits) -> Self {
        Self::from(credits.0) / 100.0
    }
}

impl Serialize for Credits {
    /// Whole credits are written without a fraction: 3, not 3.0.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 % 100 {
            0 => serializer.serialize_u32(self.0 / 100),
            _ => serializer.serialize_f64(f64::from(*self)),
        }
    }
}

impl Sum for Credits {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        Self(all.map(|credits| credits.0).fold(0, u32::saturating_add))
    }
}

impl fmt::Display for Credits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f64::from(*self).fmt(f)
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Credits {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::Number)
            .minimum(Some(0.0))
            .maximum(Some(999.99))
            .multiple_of(Some(0.01))
            .into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Credits {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact_in_both_directions() {
        for hundredths in 0..=99_999 {
            let credits = Credits::from_hundredths(hundredths);
            assert_eq!(Credits::try_from(f64::from(credits)), Ok(credits));
        }
    }

    #[test]
    fn bounds_and_places_are_checked() {
        for bad in [-1.0, -0.01, 1000.0, 1.005, f64::NAN, f64::INFINITY] {
            assert!(Credits::try_from(bad).is_err(), "{bad}");
        }
        assert_eq!(serde_json::to_string(&[150, 300].map(Credits::from_hundredths)).unwrap(), "[1.5,3]");
        assert_eq!(Credits::from_hundredths(300).to_string(), "3");
    }
}
