//! The application: services, settings and endpoints put together.

use crate::docs_page::Docs;
use crate::edge::{self, Edge, Limits};
use crate::endpoint::Endpoint;
use crate::problem::Problem;
use crate::seats::Board;
use crate::{
    Metrics, docs_page, health, history, instructors, keys, metrics, oauth, observe, plan, receipts, reservations,
    roster, seats, section_grades, sections, student_courses,
};
use crate::{bulk, courses, events, grades, holds, offers, permits, students, terms, timetable, waitlist, windows};
use actix_web::body::BoxBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::from_fn;
use actix_web::web::{self, Data, PayloadConfig};
use actix_web::{App, Error};
use enrollment_core::access::{AccessTokens, ApiKeys, Authenticator};
use enrollment_core::catalog::{
    Catalog, Course, Grades, Hold, Instructors, Permit, Reservation, Section, Student, Term, Window,
};
use enrollment_core::chance::Chance;
use enrollment_core::health::Health;
use enrollment_core::ids::IdSource;
use enrollment_core::registration::{History, Offers, Registration, Rehearsals, SeatCounts};
use std::sync::Arc;
use std::time::Duration;

/// What the handlers call.
pub struct Services {
    /// Students.
    pub students: Catalog<Student>,
    /// Holds on students.
    pub holds: Catalog<Hold>,
    /// Permits of students.
    pub permits: Catalog<Permit>,
    /// Courses.
    pub courses: Catalog<Course>,
    /// Terms.
    pub terms: Catalog<Term>,
    /// Registration windows of terms.
    pub windows: Catalog<Window>,
    /// The grade scale.
    pub grades: Grades,
    /// Sections.
    pub sections: Catalog<Section>,
    /// Who teaches sections.
    pub instructors: Instructors,
    /// Reservations of seats.
    pub reservations: Catalog<Reservation>,
    /// Student courses.
    pub registration: Registration,
    /// What students could take.
    pub offers: Offers,
    /// What changes of the catalogue would do.
    pub rehearsals: CatalogRehearsals,
    /// What happened to them.
    pub history: History,
    /// How many seats of each section are taken.
    pub seats: Arc<dyn SeatCounts>,
    /// API keys.
    pub keys: ApiKeys,
    /// Access tokens for them.
    pub tokens: AccessTokens,
    /// Tells who asks.
    pub authenticator: Arc<dyn Authenticator>,
    /// How the store is.
    pub health: Arc<dyn Health>,
    /// Mints the ids of requests that come without one.
    pub ids: Arc<dyn IdSource>,
    /// Draws lots, so that not all who are turned away come again at once.
    pub chance: Arc<dyn Chance>,
}

/// What handlers call to tell what changes of the catalogue would do.
pub struct CatalogRehearsals {
    /// Changes of students.
    pub students: Rehearsals<Student>,
    /// Changes of holds on students.
    pub holds: Rehearsals<Hold>,
    /// Changes of permits of students.
    pub permits: Rehearsals<Permit>,
    /// Changes of courses.
    pub courses: Rehearsals<Course>,
    /// Changes of terms.
    pub terms: Rehearsals<Term>,
    /// Changes of registration windows.
    pub windows: Rehearsals<Window>,
    /// Changes of sections.
    pub sections: Rehearsals<Section>,
    /// Changes of reservations of seats.
    pub reservations: Rehearsals<Reservation>,
}

/// What an operator can choose.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The most bytes that the body of a request may have.
    pub body_limit: usize,
    /// How long a request may take, its body included.
    pub time_limit: Duration,
    /// How long the body of a request may take to arrive.
    pub body_time_limit: Duration,
    /// What is put up with from the network.
    pub edge: Edge,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            body_limit: 256 * 1024,
            time_limit: Duration::from_secs(30),
            body_time_limit: Duration::from_secs(10),
            edge: Edge::default(),
        }
    }
}

/// The API, from which every worker makes its application.
#[derive(Clone)]
pub struct Api {
    services: Data<Services>,
    metrics: Data<Metrics>,
    docs: Data<Docs>,
    seats: Data<Board>,
    limits: Data<Limits>,
    settings: Settings,
}

impl Api {
    /// The API over these services.
    ///
    /// # Errors
    /// When a metric cannot be registered or the API's document cannot be written, which are defects.
    pub fn new(services: Services, settings: Settings) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let metrics = Data::new(Metrics::new(&endpoints())?);
        let docs = Data::new(Docs::new()?);
        let seats = Data::new(Board::new(services.seats.clone()));
        let limits = Data::new(Limits::new(&settings.edge.rates));
        Ok(Self { services: Data::new(services), metrics, docs, seats, limits, settings })
    }

    /// Ends the streams, which would go on for ever. To be called by a server that stops, before it waits for its requests.
    pub fn end_streams(&self) {
        self.seats.close();
    }

    /// The application of one worker.
    pub fn app(
        &self,
    ) -> App<
        impl ServiceFactory<ServiceRequest, Config = (), Response = ServiceResponse<BoxBody>, Error = Error, InitError = ()>
        + use<>,
    > {
        let app = App::new()
            .app_data(self.services.clone())
            .app_data(self.metrics.clone())
            .app_data(self.docs.clone())
            .app_data(self.seats.clone())
            .app_data(self.limits.clone())
            .app_data(self.settings.clone())
            .app_data(PayloadConfig::new(self.settings.body_limit))
            .default_service(web::to(no_route));
        Endpoint::resources(endpoints())
            .into_iter()
            .fold(app, App::service)
            .wrap(from_fn(edge::keep))
            .wrap(self.settings.edge.origins.middleware())
            .wrap(from_fn(observe::observe))
    }
}

/// Every endpoint that there is.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    // A router tries them in this order, so those that are asked most come first.
    [
        student_courses::endpoints(),
        plan::endpoints(),
        waitlist::endpoints(),
        timetable::endpoints(),
        offers::endpoints(),
        students::endpoints(),
        holds::endpoints(),
        permits::endpoints(),
        courses::endpoints(),
        terms::endpoints(),
        windows::endpoints(),
        seats::endpoints(),
        sections::endpoints(),
        instructors::endpoints(),
        grades::endpoints(),
        reservations::endpoints(),
        roster::endpoints(),
        bulk::endpoints(),
        section_grades::endpoints(),
        history::endpoints(),
        events::endpoints(),
        receipts::endpoints(),
        keys::endpoints(),
        oauth::endpoints(),
        health::endpoints(),
        metrics::endpoints(),
        docs_page::endpoints(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

async fn no_route() -> Problem {
    Problem::no_route()
}
