//! The stream that a follower of a term's seats is sent: server-sent events.

use super::board::{Follower, News, Seats};
use actix_web::rt::time::timeout;
use actix_web::web::Bytes;
use futures_util::stream::{self, Stream};
use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How often something is sent at least, so that both sides and all between know that the other is there.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// The events of a follower, as long as there are any. Nothing is made before it can be sent.
pub(super) fn events(follower: Follower) -> impl Stream<Item = Result<Bytes, Infallible>> {
    stream::unfold(Events { follower, told: None }, |mut events| async move {
        let event = events.next().await?;
        Some((Ok(event), events))
    })
}

struct Events {
    follower: Follower,
    /// The number of the seats that were told last.
    told: Option<u64>,
}

impl Events {
    async fn next(&mut self) -> Option<Bytes> {
        if self.told.is_none() {
            let first = self.follower.first.clone();
            self.told = Some(first.number);
            return Some([retry().as_bytes(), &first.whole].concat().into());
        }
        loop {
            match timeout(HEARTBEAT, self.follower.news.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return None,
                Err(_) => {
                    // A thread that ended took the task with it that read for us.
                    self.follower.keep_reading();
                    return Some(Bytes::from_static(b": nothing has changed\n\n"));
                }
            }
            let news = self.follower.news.borrow_and_update().clone();
            match news {
                News::Nothing => {}
                News::Over => return None,
                News::Seats(seats) => {
                    if let Some(event) = self.tell(&seats) {
                        return Some(event);
                    }
                }
            }
        }
    }

    /// What has changed since the seats that were told last, or all of them where something between was missed.
    fn tell(&mut self, seats: &Seats) -> Option<Bytes> {
        let before = self.told.replace(seats.number);
        if before == Some(seats.number) {
            return None;
        }
        let is_next = before.is_some_and(|before| before + 1 == seats.number);
        Some(if is_next { seats.changes.clone() } else { seats.whole.clone() })
    }
}

/// After how many milliseconds to come again: not all at once, when all are sent away.
fn retry() -> String {
    static FOLLOWERS: AtomicU64 = AtomicU64::new(0);
    format!("retry: {}\n", 1_000 + FOLLOWERS.fetch_add(617, Ordering::Relaxed) % 4_000)
}
