//! `enrollment rehearse`: registration day, tried against an installation before it comes.
//!
//! ```text
//! campus (who and what there is) ─► draw or requests (who wants what) ─► script (who does what, when)
//!        ─► drive (does it, over HTTP) ─► records ─► aftermath (what is there now) ─► report ─► text, page
//! ```
//!
//! All that is planned is planned before the first request, by a seed: `popularity`, `draw`, `requests` and `script` are pure. Each
//! step has a planned time and is taken then, whether or not earlier ones are answered, and latency counts from the plan: a
//! server that stalls is not asked less, and does not look better, for stalling. `report`, `fairness` and `invariants` are pure,
//! too; only `api`, `campus`, `drive` and `aftermath` ask the server.
//!
//! To add something that students do: a variant of `script::Act`, when they do it in `script`, how it is asked in `drive`.

mod aftermath;
mod api;
mod campus;
mod draw;
mod drive;
mod fairness;
mod invariants;
mod latency;
mod page;
mod plots;
mod popularity;
mod record;
mod report;
mod requests;
mod script;
mod seats;
mod text;
mod trust;

pub use api::ApiError;
pub use campus::CampusError;
pub use drive::{Progress, Steps};
pub use fairness::{Fairness, Group};
pub use invariants::Invariant;
pub use latency::Latency;
pub use plots::PlotError;
pub use report::{Cast, Refusal, Rehearsal, Report, Requests, Second};
pub use requests::RequestsError;
pub use script::{Habits, Kind};
pub use seats::Filling;

use api::Api;
use campus::Campus;
use draw::Rush;
use fastrand::Rng;
use script::Script;
use secrecy::SecretString;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;
use thiserror::Error;

/// What is rehearsed.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the server is: `http://host:port`.
    pub url: String,
    /// The API key of a registrar, unless the server lets everybody in.
    pub key: Option<SecretString>,
    /// The code of the term.
    pub term: String,
    /// Who wants what.
    pub wishes: Wishes,
    /// In how much time everybody arrives.
    pub over: Duration,
    /// The time between two things that a student does, on average.
    pub think: Duration,
    /// What students do besides enrolling.
    pub habits: Habits,
    /// The same seed, students and sections make the same rehearsal.
    pub seed: u64,
    /// The most connections at a time.
    pub connections: usize,
}

/// Who wants what.
#[derive(Clone, Debug)]
pub enum Wishes {
    /// It is drawn: so many students want so many courses each, and the *n*-th most popular section is wanted in proportion to 1/*n*
    /// to the power of `popularity`.
    Drawn {
        /// How many students.
        students: usize,
        /// How many courses each of them wants.
        courses: usize,
        /// 0: all sections alike.
        popularity: f64,
    },
    /// It is read from a CSV file.
    File(PathBuf),
}

/// Why there was no rehearsal.
#[derive(Debug, Error)]
pub enum RehearseError {
    /// The server could not be asked.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// There is nothing to rehearse with.
    #[error(transparent)]
    Campus(#[from] CampusError),
    /// The file of requests is wrong.
    #[error(transparent)]
    Requests(#[from] RequestsError),
    /// A defect: latencies cannot be counted.
    #[error("latencies cannot be counted: {0}")]
    Latency(#[from] hdrhistogram::CreationError),
}

/// Rehearses. It enrolls for real, and undoes nothing.
pub async fn rehearse(settings: &Settings, progress: &mut dyn Progress) -> Result<Report, RehearseError> {
    let api = Rc::new(Api::new(&settings.url, settings.connections, settings.key.as_ref())?);
    let mut rng = Rng::with_seed(settings.seed);
    progress.say("reading the term, its open sections and the students");
    let campus = Rc::new(Campus::load(&api, &settings.term).await?);
    let rush = Rush { over: settings.over, think: settings.think };
    let visits = match &settings.wishes {
        Wishes::Drawn { students, courses, popularity } => {
            let who = campus.first_students(*students)?;
            draw::draw(who, *courses, *popularity, &campus.sections, rush, &mut rng)
        }
        Wishes::File(path) => requests::read(path, &campus, rush, &mut rng)?,
    };
    let script = Script::of(&visits, campus.sections.len(), settings.habits, settings.think, &mut rng);
    let records = drive::drive(&api, &script, &campus, progress).await;
    progress.say("reading back what is there now");
    let aftermath = aftermath::read(&api, &campus, &visits).await?;
    Ok(Report::new(settings, &campus, &visits, &script, &records, &aftermath)?)
}
