//! The board: the newest seats of each term that somebody asks for, read once for all, and told to who follows them.
//!
//! A read is no older than [`FRESH`] when it is answered, and whoever comes while the store is being asked waits for that answer.
//! A term that somebody follows is read again and again by one task, which ends with the last follower. A follower is told by
//! a cell that holds only the newest seats, so a slow one makes nobody wait and nothing pile up.

use crate::precondition::digest_tag;
use actix_web::http::header::HeaderValue;
use actix_web::rt::{self, time::sleep};
use actix_web::web::Bytes;
use enrollment_core::ids::TermId;
use enrollment_core::registration::{SeatChanges, SeatCount, SeatCounts};
use enrollment_core::{Error, Subject};
use serde::Serialize;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};
use tokio::sync::{Mutex as AsyncMutex, watch};
use tracing::warn;

/// For how long seats that were read are those of now: a quarter of a second, so followers are told at most four times in one.
const FRESH: Duration = Duration::from_millis(250);

/// As many terms are kept although nobody asks for them just now.
const KEPT: usize = 64;

/// The newest seats of terms.
pub(crate) struct Board {
    counts: Arc<dyn SeatCounts>,
    terms: Mutex<HashMap<TermId, Arc<Term>>>,
    closed: AtomicBool,
}

/// What the board knows of a term.
pub(super) struct Term {
    id: TermId,
    /// The last read. Locked while the store is asked.
    read: AsyncMutex<Option<(Instant, Arc<Seats>)>>,
    news: watch::Sender<News>,
    /// Lives as long as the task that reads the term for its followers.
    reading: Mutex<Weak<()>>,
}

/// What followers are told.
#[derive(Clone)]
pub(super) enum News {
    /// There is nothing yet.
    Nothing,
    /// The seats are another number.
    Seats(Arc<Seats>),
    /// There will be no more.
    Over,
}

/// The seats of a term, in every form in which they are sent, made once for all.
pub(crate) struct Seats {
    /// Counted up by each change.
    pub(super) number: u64,
    sections: Vec<SeatCount>,
    /// The event that tells them all.
    pub(super) whole: Bytes,
    /// The event that tells what has changed since the number before.
    pub(super) changes: Bytes,
    tag: HeaderValue,
}

const SEATS: &str = "event: seats\ndata: ";
const CHANGES: &str = "event: changes\ndata: ";
const END: &str = "\n\n";

impl Seats {
    fn after(before: Option<&Self>, term_id: TermId, sections: Vec<SeatCount>) -> serde_json::Result<Self> {
        let whole = event(SEATS, &super::TermSeats { term_id, sections: &sections })?;
        let old = before.map_or(&[][..], |before| &before.sections);
        let changes = event(CHANGES, &SeatChanges::between(old, &sections))?;
        let number = before.map_or(1, |before| before.number + 1);
        let tag = digest_tag(&whole);
        Ok(Self { number, sections, whole, changes, tag })
    }

    /// As JSON: what the event's data is.
    pub(super) fn body(&self) -> Bytes {
        self.whole.slice(SEATS.len()..self.whole.len() - END.len())
    }

    pub(super) fn tag(&self) -> HeaderValue {
        self.tag.clone()
    }
}

fn event(begin: &str, data: &impl Serialize) -> serde_json::Result<Bytes> {
    let mut event = begin.as_bytes().to_vec();
    serde_json::to_writer(&mut event, data)?;
    event.extend(END.as_bytes());
    Ok(event.into())
}

/// Somebody who follows a term.
pub(super) struct Follower {
    board: Arc<Board>,
    term: Arc<Term>,
    pub(super) news: watch::Receiver<News>,
    /// The seats at the beginning.
    pub(super) first: Arc<Seats>,
}

impl Board {
    pub(crate) fn new(counts: Arc<dyn SeatCounts>) -> Self {
        Self { counts, terms: Mutex::default(), closed: AtomicBool::new(false) }
    }

    /// The seats of a term, as they were at most [`FRESH`] ago.
    pub(super) async fn seats(&self, term: TermId) -> Result<Arc<Seats>, Error> {
        self.read(&self.term(term)).await
    }

    /// Follows the seats of a term, from those of now on.
    pub(super) async fn follow(self: Arc<Self>, term: TermId) -> Result<Follower, Error> {
        let term = self.term(term);
        // Before the first seats are read, so that nothing is missed between.
        let news = term.news.subscribe();
        let first = self.read(&term).await?;
        if self.closed.load(Ordering::SeqCst) {
            return Err(Error::Busy);
        }
        let follower = Follower { board: self, term, news, first };
        follower.keep_reading();
        Ok(follower)
    }

    /// Ends all streams, for a server that stops; new ones are refused.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        lock(&self.terms).values().for_each(|term| drop(term.news.send_replace(News::Over)));
    }

    fn term(&self, id: TermId) -> Arc<Term> {
        let mut terms = lock(&self.terms);
        if terms.len() >= KEPT && !terms.contains_key(&id) {
            terms.retain(|_, term| Arc::strong_count(term) > 1);
        }
        let term = terms.entry(id).or_insert_with(|| {
            let (news, _) = watch::channel(News::Nothing);
            Arc::new(Term { id, read: AsyncMutex::default(), news, reading: Mutex::default() })
        });
        Arc::clone(term)
    }

    async fn read(&self, term: &Term) -> Result<Arc<Seats>, Error> {
        let mut read = term.read.lock().await;
        if let Some((at, seats)) = &*read
            && at.elapsed() < FRESH
        {
            return Ok(Arc::clone(seats));
        }
        // They are at least as new as the moment before they were asked for.
        let at = Instant::now();
        let sections = self.counts.of_term(term.id).await.inspect_err(|error| {
            if let Error::NotFound(Subject::Term) = error {
                term.news.send_replace(News::Over);
                lock(&self.terms).remove(&term.id);
            }
        })?;
        let before = read.take().map(|(_, seats)| seats);
        let seats = match before {
            Some(before) if before.sections == sections => before,
            before => {
                let seats = Seats::after(before.as_deref(), term.id, sections);
                Arc::new(seats.map_err(|error| Error::Internal(Box::new(error)))?)
            }
        };
        *read = Some((at, Arc::clone(&seats)));
        term.tell(&seats);
        Ok(seats)
    }
}

impl Term {
    fn tell(&self, seats: &Arc<Seats>) {
        self.news.send_if_modified(|news| {
            let is_new = match news {
                News::Nothing => true,
                News::Seats(told) => told.number != seats.number,
                News::Over => false,
            };
            if is_new {
                *news = News::Seats(Arc::clone(seats));
            }
            is_new
        });
    }
}

impl Follower {
    /// Sees to it that somebody reads the term.
    pub(super) fn keep_reading(&self) {
        let mut reading = lock(&self.term.reading);
        if reading.upgrade().is_none() {
            let alive = Arc::new(());
            *reading = Arc::downgrade(&alive);
            rt::spawn(keep_reading(Arc::clone(&self.board), Arc::clone(&self.term), alive));
        }
    }
}

/// Reads a term again and again, until nobody follows it any more.
async fn keep_reading(board: Arc<Board>, term: Arc<Term>, _alive: Arc<()>) {
    loop {
        sleep(FRESH).await;
        {
            let mut reading = lock(&term.reading);
            if term.news.receiver_count() == 0 {
                // Whoever comes from now on begins anew.
                *reading = Weak::new();
                return;
            }
        }
        if let Err(error) = board.read(&term).await {
            // It may be there again the next time.
            warn!(%error, term = %term.id, "could not read the seats that are followed");
        }
    }
}

/// What these mutexes hold is whole at any moment.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
