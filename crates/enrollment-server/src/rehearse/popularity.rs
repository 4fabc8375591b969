//! How many want what: Zipf's law, by which the *n*-th most popular is wanted in proportion to 1/*n*.

use fastrand::Rng;

/// A curve over ranks.
pub(super) struct Popularity {
    /// The sum of the weights up to each rank.
    cumulative: Vec<f64>,
}

impl Popularity {
    /// The curve over so many ranks. With an exponent of 0 all are alike; with a greater one, the first are wanted more.
    pub(super) fn new(ranks: usize, exponent: f64) -> Self {
        let mut sum = 0.0;
        let weights = (1..=u32::try_from(ranks).unwrap_or(u32::MAX)).map(|rank| f64::from(rank).powf(-exponent));
        let cumulative = weights.map(|weight| {
            sum += weight;
            sum
        });
        Self { cumulative: cumulative.collect() }
    }

    /// A rank, from 0.
    pub(super) fn draw(&self, rng: &mut Rng) -> usize {
        let sum = self.cumulative.last().copied().unwrap_or_default();
        let at = rng.f64() * sum;
        self.cumulative.partition_point(|&up_to| up_to <= at).min(self.cumulative.len().saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(exponent: f64) -> Vec<u32> {
        let (popularity, mut rng) = (Popularity::new(10, exponent), Rng::with_seed(7));
        let mut counts = vec![0; 10];
        for _ in 0..100_000 {
            counts[popularity.draw(&mut rng)] += 1;
        }
        counts
    }

    #[test]
    fn the_first_is_wanted_twice_as_often_as_the_second_and_ten_times_as_often_as_the_tenth() {
        let counts = drawn(1.0);
        let times = |rank: usize| f64::from(counts[0]) / f64::from(counts[rank]);
        assert!((1.9..2.1).contains(&times(1)), "{counts:?}");
        assert!((9.0..11.0).contains(&times(9)), "{counts:?}");
    }

    #[test]
    fn without_an_exponent_all_are_wanted_alike() {
        assert!(drawn(0.0).iter().all(|&count| (9_500..10_500).contains(&count)));
    }
}
