//! Rates: how often something may be done, and their defaults.

use governor::Quota;
use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use thiserror::Error;

/// How often something may be done: so many times a second in the long run, and so many at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    a_second: NonZeroU32,
    at_once: NonZeroU32,
}

/// A text is no rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must be `off`, or two whole numbers from 1 on, such as 20/300: so many a second, and so many at once")]
pub struct NotARate;

impl Rate {
    const fn new(a_second: u32, at_once: u32) -> Option<Self> {
        match (NonZeroU32::new(a_second), NonZeroU32::new(at_once)) {
            (Some(a_second), Some(at_once)) => Some(Self { a_second, at_once }),
            _ => None,
        }
    }

    /// Reads a rate, or `off` as none.
    ///
    /// # Errors
    /// When it is neither.
    pub fn parse(text: &str) -> Result<Option<Self>, NotARate> {
        if text == "off" { Ok(None) } else { text.parse().map(Some) }
    }

    pub(super) fn quota(self) -> Quota {
        Quota::per_second(self.a_second).allow_burst(self.at_once)
    }
}

impl FromStr for Rate {
    type Err = NotARate;

    fn from_str(text: &str) -> Result<Self, NotARate> {
        let (a_second, at_once) = text.split_once('/').ok_or(NotARate)?;
        let number = |text: &str| text.parse().map_err(|_| NotARate);
        Self::new(number(a_second)?, number(at_once)?).ok_or(NotARate)
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.a_second, self.at_once)
    }
}

/// How often who may ask; what has no rate is not limited.
///
/// The defaults are out of the way of honest people, however many:
///
/// * A **person** clicks. A page is some 10 requests, so 20 a second and 300 at once are a page every half second for ever, and 30
///   tabs that are restored. Somebody who enrolls in six courses and clicks each twice changes 12 times; 60 are for five such
///   people in one account. The queue of attempts has a bound of its own for each student.
/// * An **address** may be a campus: 20,000 students behind it who each ask for five courses in the first minute are 1,700 changes a second,
///   and look at their courses as often again and more. So it keeps one address from having all of a server, and no more.
/// * **Keys** are given by the institution to its own services and can be taken back, so they have no limit unless it is set.
/// * **Failures** to say who asks are typing errors and stale configurations: some hundreds after a change of keys, not thousands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    /// Reads by one person.
    pub person_reads: Option<Rate>,
    /// Changes by one person.
    pub person_writes: Option<Rate>,
    /// Reads by one key.
    pub key_reads: Option<Rate>,
    /// Changes by one key.
    pub key_writes: Option<Rate>,
    /// Reads from one address.
    pub address_reads: Option<Rate>,
    /// Changes from one address.
    pub address_writes: Option<Rate>,
    /// Credentials from one address that are no good.
    pub failed_logins: Option<Rate>,
}

impl Rates {
    /// No limits at all.
    pub const OFF: Self = Self {
        person_reads: None,
        person_writes: None,
        key_reads: None,
        key_writes: None,
        address_reads: None,
        address_writes: None,
        failed_logins: None,
    };
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            person_reads: Rate::new(20, 300),
            person_writes: Rate::new(5, 60),
            key_reads: None,
            key_writes: None,
            address_reads: Rate::new(5_000, 100_000),
            address_writes: Rate::new(2_000, 40_000),
            failed_logins: Rate::new(2, 200),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_two_numbers_or_off() {
        assert_eq!(Rate::parse("20/300").unwrap().unwrap().to_string(), "20/300");
        assert_eq!(Rate::parse("off"), Ok(None));
        for wrong in ["", "20", "0/300", "20/0", "-1/5", "20/300/1", "20 / 300", "1e3/5", "4294967296/1", "OFF"] {
            assert_eq!(Rate::parse(wrong), Err(NotARate), "{wrong}");
        }
    }
}
