#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;
use diesel::result::Error as DieselError;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

type Batches = Arc<Mutex<Vec<Vec<u32>>>>;

/// Doubles each number, once the gate lets the batch pass. 13 is refused, 7 panics, and 99 loses the connection.
fn doubling(bounds: Bounds) -> (Combiner<u32, u32>, Batches, Sender<()>) {
    let (open, gate) = bounded(1_000);
    let batches = Batches::default();
    let seen = Arc::clone(&batches);
    let carry_out = || {
        let (gate, seen) = (gate.clone(), Arc::clone(&seen));
        move |requests: &[u32]| {
            gate.recv_timeout(Duration::from_secs(30)).expect("the gate opens");
            seen.lock().unwrap().push(requests.to_vec());
            assert!(!requests.contains(&7), "of the test");
            if requests.contains(&13) {
                return Err(StoreError::Database(DieselError::NotFound));
            }
            if requests.contains(&99) {
                return Err(StoreError::Lost(DieselError::BrokenTransactionManager));
            }
            Ok(requests.iter().map(|request| request * 2).collect())
        }
    };
    (Combiner::start("test", bounds, carry_out).unwrap(), batches, open)
}

fn bounds(queue: usize, batch: usize) -> Bounds {
    Bounds { threads: 1, queue, batch }
}

fn poll<F: Future + ?Sized>(future: Pin<&mut F>) -> Option<F::Output> {
    match future.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => Some(answer),
        Poll::Pending => None,
    }
}

/// Waits by asking again: enough for a test, and it needs no runtime.
fn wait<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let began = Instant::now();
    loop {
        if let Some(answer) = poll(future.as_mut()) {
            return answer;
        }
        assert!(began.elapsed() < Duration::from_secs(30), "no answer in time");
        thread::sleep(Duration::from_millis(1));
    }
}

type Asking<'a> = Pin<Box<dyn Future<Output = Result<u32, StoreError>> + 'a>>;

/// Asks, and waits until a thread has that request; then asks for the others, which queue up.
fn queued<'a>(combiner: &'a Combiner<u32, u32>, first: u32, others: &[u32]) -> Vec<Asking<'a>> {
    let ask = |request| {
        let mut asking: Asking<'a> = Box::pin(combiner.ask(request));
        assert!(poll(asking.as_mut()).is_none());
        asking
    };
    let mut all = vec![ask(first)];
    let began = Instant::now();
    while combiner.load().busy == 0 {
        assert!(began.elapsed() < Duration::from_secs(30), "nobody begins");
        thread::sleep(Duration::from_millis(1));
    }
    all.extend(others.iter().copied().map(ask));
    all
}

#[test]
fn a_lone_request_is_carried_out_at_once_by_itself() {
    let (combiner, batches, open) = doubling(bounds(10, 10));
    for request in 1..=3 {
        open.send(()).unwrap();
        assert_eq!(wait(combiner.ask(request)).unwrap(), request * 2);
    }
    assert_eq!(*batches.lock().unwrap(), [[1], [2], [3]]);
}

#[test]
fn what_arrives_meanwhile_is_carried_out_together_in_order_and_each_gets_its_answer() {
    let (combiner, batches, open) = doubling(bounds(100, 4));
    let asking = queued(&combiner, 0, &[1, 2, 3, 4, 5, 6]);
    assert_eq!(combiner.load(), Load { threads: 1, busy: 1, queued: 6, refused: 0 });
    (0..3).for_each(|_| open.send(()).unwrap());
    let answers: Vec<u32> = asking.into_iter().map(|asking| wait(asking).unwrap()).collect();
    assert_eq!(answers, [0, 2, 4, 6, 8, 10, 12]);
    assert_eq!(*batches.lock().unwrap(), [vec![0], vec![1, 2, 3, 4], vec![5, 6]]);
}

#[test]
fn beyond_the_queue_is_busy_at_once() {
    let (combiner, _, open) = doubling(bounds(2, 10));
    let asking = queued(&combiner, 0, &[1, 2]);
    assert!(matches!(poll(pin!(combiner.ask(3))), Some(Err(StoreError::Busy))));
    (0..2).for_each(|_| open.send(()).unwrap());
    assert!(asking.into_iter().all(|asking| wait(asking).is_ok()));
}

#[test]
fn what_nobody_waits_for_is_not_carried_out() {
    let (combiner, batches, open) = doubling(bounds(10, 10));
    let mut asking = queued(&combiner, 0, &[1, 2, 3]);
    drop(asking.remove(2));
    (0..2).for_each(|_| open.send(()).unwrap());
    assert!(asking.into_iter().all(|asking| wait(asking).is_ok()));
    assert_eq!(*batches.lock().unwrap(), [vec![0], vec![1, 3]]);
}

#[test]
fn a_bad_request_takes_no_other_down() {
    for bad in [13, 7] {
        let (combiner, batches, open) = doubling(bounds(10, 10));
        let asking = queued(&combiner, 0, &[1, 2, bad, 4, 5]);
        (0..20).for_each(|_| open.send(()).unwrap());
        let answers: Vec<Option<u32>> = asking.into_iter().map(|asking| wait(asking).ok()).collect();
        assert_eq!(answers, [Some(0), Some(2), Some(4), None, Some(8), Some(10)]);
        let together: Vec<Vec<u32>> =
            [vec![0], vec![1, 2, bad, 4, 5], vec![1, 2], vec![bad, 4, 5], vec![bad], vec![4, 5]].into();
        assert_eq!(*batches.lock().unwrap(), together);
    }
}

#[test]
fn a_lost_connection_is_everybodys_and_nothing_is_tried_again() {
    let (combiner, batches, open) = doubling(bounds(10, 10));
    let asking = queued(&combiner, 0, &[1, 99, 3]);
    (0..2).for_each(|_| open.send(()).unwrap());
    let answers: Vec<_> = asking.into_iter().map(wait).collect();
    assert!(matches!(answers[0], Ok(0)));
    for answer in &answers[1..] {
        let Err(StoreError::Shared(error)) = answer else { panic!("{answer:?}") };
        assert!(matches!(**error, StoreError::Lost(_)), "{error:?}");
    }
    assert_eq!(batches.lock().unwrap().len(), 2);
}

#[test]
fn a_lone_request_gets_its_failure_as_it_is() {
    let (combiner, _, open) = doubling(bounds(10, 10));
    open.send(()).unwrap();
    assert!(matches!(wait(combiner.ask(99)), Err(StoreError::Lost(_))));
}

#[test]
fn what_is_queued_is_finished_before_the_end() {
    let (combiner, batches, open) = doubling(bounds(10, 2));
    let answers: Vec<_> = (0..5)
        .map(|request| {
            let (caller, answered) = oneshot::channel();
            combiner.send(Asked { request, caller }).unwrap();
            answered
        })
        .collect();
    (0..5).for_each(|_| open.send(()).unwrap());
    drop(combiner);
    let answers: Vec<u32> = answers.into_iter().map(|answer| wait(answer).unwrap().unwrap()).collect();
    assert_eq!(answers, [0, 2, 4, 6, 8]);
    assert_eq!(batches.lock().unwrap().concat(), [0, 1, 2, 3, 4]);
}
