//! Made-up wishes: who comes when, and wants what.

use super::campus::Section;
use super::popularity::Popularity;
use fastrand::Rng;
use std::time::Duration;

/// What one student wants.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Visit {
    /// The student, by the place in the campus.
    pub(super) student: usize,
    /// The sections, by their places in the campus, and when each is asked for; in order of time.
    pub(super) wants: Vec<(Duration, usize)>,
}

/// How everybody arrives.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rush {
    /// The time in which all arrive.
    pub(super) over: Duration,
    /// The time between two things that a student does, on average.
    pub(super) think: Duration,
}

impl Rush {
    /// How steep it is: the curve of arrivals falls by a factor of e in this part of the time.
    const STEEPNESS: f64 = 4.0;

    /// When somebody arrives. Most come as registration opens: 63% in the first quarter.
    pub(super) fn arrival(self, rng: &mut Rng) -> Duration {
        let share_within = 1.0 - (-Self::STEEPNESS).exp();
        let at = -(1.0 - rng.f64() * share_within).ln() / Self::STEEPNESS;
        self.over.mul_f64(at.clamp(0.0, 1.0))
    }

    /// How long somebody takes for the next thing: between half of the average and one and a half.
    pub(super) fn pause(self, rng: &mut Rng) -> Duration {
        self.think.mul_f64(0.5 + rng.f64())
    }

    /// The times of somebody who does so many things one after the other.
    pub(super) fn times(self, how_many: usize, rng: &mut Rng) -> Vec<Duration> {
        let mut next = self.arrival(rng);
        let mut time = || {
            let now = next;
            next += self.pause(rng);
            now
        };
        (0..how_many).map(|_| time()).collect()
    }
}

/// Draws what these students want: so many courses each, one section of each. Which sections are popular is drawn, too.
pub(super) fn draw(
    students: impl IntoIterator<Item = usize>,
    courses: usize,
    popularity: f64,
    sections: &[Section],
    rush: Rush,
    rng: &mut Rng,
) -> Vec<Visit> {
    let mut by_rank: Vec<usize> = (0..sections.len()).collect();
    rng.shuffle(&mut by_rank);
    let curve = Popularity::new(by_rank.len(), popularity);
    let visit = |student| {
        let wanted = wishes(courses, sections, &by_rank, &curve, rng);
        Visit { student, wants: rush.times(wanted.len(), rng).into_iter().zip(wanted).collect() }
    };
    students.into_iter().map(visit).collect()
}

fn wishes(courses: usize, sections: &[Section], by_rank: &[usize], curve: &Popularity, rng: &mut Rng) -> Vec<usize> {
    let mut wanted: Vec<usize> = Vec::with_capacity(courses);
    // A steep curve draws the same ones again and again, and there may be fewer courses than somebody wants.
    for _ in 0..courses * 50 {
        if wanted.len() == courses {
            break;
        }
        let Some(&section) = by_rank.get(curve.draw(rng)) else { break };
        let course = &sections[section].course_id;
        if !wanted.iter().any(|&other| sections[other].course_id == *course) {
            wanted.push(section);
        }
    }
    wanted
}

#[cfg(test)]
mod tests {
    use super::super::campus::tests::sections;
    use super::*;

    const RUSH: Rush = Rush { over: Duration::from_secs(60), think: Duration::from_secs(2) };

    fn drawn(seed: u64) -> Vec<Visit> {
        draw(0..500, 4, 1.0, &sections(20), RUSH, &mut Rng::with_seed(seed))
    }

    #[test]
    fn the_same_seed_draws_the_same() {
        assert_eq!(drawn(1), drawn(1));
        assert_ne!(drawn(1), drawn(2));
    }

    #[test]
    fn everybody_wants_different_courses_one_after_the_other() {
        let sections = sections(20);
        for Visit { wants, .. } in drawn(3) {
            let mut courses: Vec<_> = wants.iter().map(|&(_, section)| &sections[section].course_id).collect();
            courses.sort();
            courses.dedup();
            assert_eq!(courses.len(), 4);
            assert!(wants.is_sorted());
            assert!(wants[0].0 <= RUSH.over);
        }
    }

    #[test]
    fn most_come_as_registration_opens() {
        let early = drawn(4).iter().filter(|visit| visit.wants[0].0 < RUSH.over / 4).count();
        assert!((290..350).contains(&early), "{early}");
    }

    #[test]
    fn where_there_are_fewer_courses_than_somebody_wants_they_want_those() {
        let visits = draw(0..3, 5, 1.0, &sections(2), RUSH, &mut Rng::with_seed(1));
        assert!(visits.iter().all(|visit| visit.wants.len() == 2));
        assert!(draw(0..3, 5, 1.0, &[], RUSH, &mut Rng::with_seed(1)).iter().all(|visit| visit.wants.is_empty()));
    }
}
