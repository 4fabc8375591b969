//! How often who may ask, kept.
//!
//! Each budget is a rate for each of those who draw on it. Whoever has not asked for a while has all of it again, and is forgotten;
//! so what is kept is bounded by how many ask within that time, and those whom nobody knows are few: an address of IPv6 counts by its
//! network of 64 bits, which is one customer's.
//!
//! Addresses of this very machine are not limited: they are an operator's, or those of a proxy that nobody named, and behind
//! that are all clients there are.

use super::rate::{Rate, Rates};
use crate::problem::Problem;
use crate::{Metrics, Settings};
use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::web::Data;
use governor::DefaultKeyedRateLimiter;
use governor::clock::{Clock, DefaultClock};
use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What a request draws on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Budget {
    /// It changes nothing.
    Reads,
    /// It may change something.
    Writes,
    /// It failed to say who asks.
    FailedLogins,
}

impl Budget {
    pub(crate) const ALL: [Self; 3] = [Self::Reads, Self::Writes, Self::FailedLogins];

    /// What a request with this method draws on.
    pub(crate) fn of(method: &Method) -> Self {
        if method.is_safe() { Self::Reads } else { Self::Writes }
    }

    /// What it is called where refusals are counted.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Reads => "reads",
            Self::Writes => "writes",
            Self::FailedLogins => "failed_logins",
        }
    }
}

/// Draws on the budget of a principal, or else of the address that a request comes from; counts it where it is used up.
pub(crate) fn draw(request: &HttpRequest, principal: Option<&str>, budget: Budget) -> Result<(), Problem> {
    let (Some(limits), Some(settings)) = (request.app_data::<Data<Limits>>(), request.app_data::<Settings>()) else {
        return Ok(());
    };
    let drawn = limits.check(settings.edge.proxies.client_of(request), principal, budget);
    if let (Err(_), Some(metrics)) = (&drawn, request.app_data::<Data<Metrics>>()) {
        metrics.rate_limited(budget);
    }
    drawn
}

/// How often who has asked.
pub(crate) struct Limits {
    person: [Limiter; 2],
    key: [Limiter; 2],
    address: [Limiter; 2],
    failed_logins: Limiter,
    clock: DefaultClock,
    names: RandomState,
    began: Instant,
    /// Seconds since then when those who have all of their budget again were last forgotten.
    tidied: AtomicU64,
}

type Limiter = Option<DefaultKeyedRateLimiter<u64>>;

/// How many seconds pass before those who have all of their budget again are forgotten.
const TIDY_EVERY: u64 = 30;

/// How many are kept at most by one budget before that is done sooner.
const CROWD: usize = 200_000;

impl Limits {
    /// Nobody has asked yet.
    pub(crate) fn new(rates: &Rates) -> Self {
        let limiter = |rate: Option<Rate>| rate.map(|rate| DefaultKeyedRateLimiter::keyed(rate.quota()));
        Self {
            person: [limiter(rates.person_reads), limiter(rates.person_writes)],
            key: [limiter(rates.key_reads), limiter(rates.key_writes)],
            address: [limiter(rates.address_reads), limiter(rates.address_writes)],
            failed_logins: limiter(rates.failed_logins),
            clock: DefaultClock::default(),
            names: RandomState::new(),
            began: Instant::now(),
            tidied: AtomicU64::new(0),
        }
    }

    /// Draws on the budget of this principal, or else of this address. When it is used up, the problem says when to come again.
    ///
    /// A principal is the name of its actor. To be asked once for the address, before it is known who asks, and once for the
    /// principal. What failed to say who asks draws on a budget that nobody else does, so honest people behind the same address
    /// are not turned away for it.
    pub(crate) fn check(&self, address: IpAddr, principal: Option<&str>, budget: Budget) -> Result<(), Problem> {
        self.tidy();
        let (limiter, key) = match (budget, principal) {
            (Budget::FailedLogins, _) => (&self.failed_logins, self.names.hash_one(network(address))),
            (_, Some(name)) => (self.of(name, budget), self.names.hash_one(name)),
            (_, None) if address.is_loopback() => return Ok(()),
            (_, None) => (&self.address[usize::from(budget == Budget::Writes)], self.names.hash_one(network(address))),
        };
        let Some(limiter) = limiter else { return Ok(()) };
        limiter
            .check_key(&key)
            .map_err(|early| Problem::too_many_requests(budget, early.wait_time_from(self.clock.now())))
    }

    fn of(&self, principal: &str, budget: Budget) -> &Limiter {
        let limiters = match principal.split_once(':') {
            Some(("key", _)) => &self.key,
            Some(("student" | "user", _)) => &self.person,
            // Nobody in particular: all who come to the server of a developer.
            _ => return &None,
        };
        &limiters[usize::from(budget == Budget::Writes)]
    }

    /// Forgets who has all of their budget again, now and then.
    fn tidy(&self) {
        let now = self.began.elapsed().as_secs();
        let last = self.tidied.load(Ordering::Relaxed);
        let due = now.saturating_sub(last);
        if due < TIDY_EVERY && (due == 0 || self.limiters().all(|limiter| limiter.len() < CROWD)) {
            return;
        }
        // Whoever is first does it.
        if self.tidied.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            self.forget();
        }
    }

    fn forget(&self) {
        for limiter in self.limiters() {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }

    fn limiters(&self) -> impl Iterator<Item = &DefaultKeyedRateLimiter<u64>> {
        let all = self.person.iter().chain(&self.key).chain(&self.address).chain([&self.failed_logins]);
        all.filter_map(Option::as_ref)
    }
}

/// Who counts as one: an address, or the network that one customer has of IPv6.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
        address @ IpAddr::V4(_) => address,
    }
}

/// Seconds of `Retry-After`: whole ones, and never too few.
pub(crate) fn seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: Option<&str> = Some("student:ada");
    const GRACE: Option<&str> = Some("student:grace");

    fn limits(rates: Rates) -> Limits {
        Limits::new(&rates)
    }

    fn rate(text: &str) -> Option<Rate> {
        Rate::parse(text).unwrap()
    }

    fn at(address: &str) -> IpAddr {
        address.parse().unwrap()
    }

    #[test]
    fn each_person_has_a_budget_for_reads_and_one_for_changes() {
        let limits = limits(Rates { person_reads: rate("1/3"), person_writes: rate("1/1"), ..Rates::OFF });
        let ask = |who, budget| limits.check(at("192.0.2.1"), who, budget).is_ok();
        assert!(ask(ADA, Budget::Reads) && ask(ADA, Budget::Reads) && ask(ADA, Budget::Reads));
        assert!(!ask(ADA, Budget::Reads), "the fourth is too many");
        assert!(ask(ADA, Budget::Writes) && !ask(ADA, Budget::Writes));
        assert!(ask(GRACE, Budget::Reads) && ask(GRACE, Budget::Writes), "somebody else's is untouched");
        assert!((0..50).all(|_| ask(Some("key:abc"), Budget::Reads)), "a key is no person");
    }

    #[test]
    fn failures_of_an_address_turn_away_nobody_else() {
        let limits = limits(Rates { failed_logins: rate("1/2"), address_reads: rate("1/5"), ..Rates::OFF });
        let fail = |address| limits.check(at(address), None, Budget::FailedLogins).is_ok();
        assert!(fail("192.0.2.1") && fail("192.0.2.1") && !fail("192.0.2.1"));
        assert!(fail("192.0.2.2"));
        assert!(limits.check(at("192.0.2.1"), ADA, Budget::Writes).is_ok());
        assert!(limits.check(at("192.0.2.1"), None, Budget::Reads).is_ok());
        assert!(fail("127.0.0.1") && fail("127.0.0.1") && !fail("127.0.0.1"), "a guesser may be on this machine");
    }

    #[test]
    fn addresses_of_one_customer_share_a_budget_and_this_machine_has_none() {
        let limits = limits(Rates { address_writes: rate("1/1"), ..Rates::OFF });
        let ask = |address| limits.check(at(address), None, Budget::Writes).is_ok();
        assert!(ask("2001:db8:0:1::1") && !ask("2001:db8:0:1:ffff::2") && ask("2001:db8:0:2::1"));
        assert!(ask("192.0.2.1") && !ask("::ffff:192.0.2.1"));
        assert!((0..5).all(|_| ask("127.0.0.1") && ask("::1")));
    }

    #[test]
    fn who_has_all_of_their_budget_again_is_forgotten() {
        let limits = limits(Rates { person_reads: rate("1000/2"), person_writes: rate("1/1"), ..Rates::OFF });
        for person in 0..1_000 {
            limits.check(at("192.0.2.1"), Some(&format!("student:{person}")), Budget::Reads).unwrap();
        }
        limits.check(at("192.0.2.1"), ADA, Budget::Writes).unwrap();
        assert_eq!(limits.limiters().map(DefaultKeyedRateLimiter::len).sum::<usize>(), 1_001);
        std::thread::sleep(Duration::from_millis(20));
        limits.forget();
        assert_eq!(
            limits.limiters().map(DefaultKeyedRateLimiter::len).sum::<usize>(),
            1,
            "who has asked just now is kept"
        );
        assert!(limits.check(at("192.0.2.1"), ADA, Budget::Writes).is_err());
    }

    #[test]
    fn whoever_waits_as_long_as_told_is_let_in() {
        for (wait, told) in [(0, 0), (1, 1), (1_000_000_000, 1), (1_000_000_001, 2)] {
            assert_eq!(seconds(Duration::from_nanos(wait)), told);
        }
    }
}
