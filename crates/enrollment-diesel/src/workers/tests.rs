#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

/// Lends a number, which counts how often it was lent; or nothing.
struct Numbers {
    lent: Mutex<u32>,
    empty: bool,
}

impl Numbers {
    fn new() -> Self {
        Self { lent: Mutex::new(0), empty: false }
    }
}

impl Lender for Numbers {
    type Item = u32;

    fn lend<R>(&self, job: impl FnOnce(Result<&mut u32, StoreError>) -> R) -> R {
        if self.empty {
            return job(Err(StoreError::Busy));
        }
        let mut number = {
            let mut lent = self.lent.lock().unwrap();
            *lent += 1;
            *lent
        };
        job(Ok(&mut number))
    }
}

fn workers(threads: usize, queue: usize) -> Workers<u32> {
    Workers::start("test", threads, queue, Numbers::new()).unwrap()
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

fn poll<F: Future>(future: Pin<&mut F>) -> Option<F::Output> {
    match future.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => Some(answer),
        Poll::Pending => None,
    }
}

/// Something that a job waits for until the test lets it go.
struct Gate(Receiver<()>);

impl Gate {
    fn new() -> (Sender<()>, Self) {
        let (open, closed) = bounded(1);
        (open, Self(closed))
    }

    /// Waits until it is opened; not for ever.
    fn pass(&self) -> Result<(), StoreError> {
        self.0.recv_timeout(Duration::from_secs(30)).map_err(|_| StoreError::Busy)
    }
}

fn until(condition: impl Fn() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < Duration::from_secs(30), "it never happened");
        thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_job_runs_on_a_named_thread_with_what_was_lent_to_it() {
    let workers = workers(1, 1);
    let answer = wait(workers.run(|number| Ok((*number, thread::current().name().map(str::to_owned)))));
    assert_eq!(answer.unwrap(), (1, Some("test-1".to_owned())));
}

#[test]
fn what_cannot_be_lent_is_the_answer() {
    let workers = Workers::start("test", 1, 1, Numbers { lent: Mutex::new(0), empty: true }).unwrap();
    assert!(matches!(wait(workers.run(|number| Ok(*number))), Err(StoreError::Busy)));
}

#[test]
fn a_full_queue_is_refused_at_once() {
    let workers = workers(1, 1);
    let (open, closed) = Gate::new();
    let mut running = Box::pin(workers.run(move |_| closed.pass()));
    assert!(poll(running.as_mut()).is_none());
    until(|| workers.load().busy == 1);
    let mut queued = Box::pin(workers.run(|number| Ok(*number)));
    assert!(poll(queued.as_mut()).is_none());
    assert_eq!(workers.load(), Load { threads: 1, busy: 1, queued: 1, refused: 0 });

    let mut refused = Box::pin(workers.run(|number| Ok(*number)));
    assert!(matches!(poll(refused.as_mut()), Some(Err(StoreError::Busy))));

    open.send(()).unwrap();
    wait(running).unwrap();
    assert_eq!(wait(queued).unwrap(), 2);
    until(|| workers.load() == Load { threads: 1, busy: 0, queued: 0, refused: 1 });
}

#[test]
fn a_job_that_nobody_waits_for_is_not_begun() {
    let workers = workers(1, 2);
    let (open, closed) = Gate::new();
    let mut running = Box::pin(workers.run(move |_| closed.pass()));
    assert!(poll(running.as_mut()).is_none());
    until(|| workers.load().busy == 1);
    let mut abandoned = Box::pin(workers.run(|_| Ok(())));
    assert!(poll(abandoned.as_mut()).is_none());
    drop(abandoned);

    open.send(()).unwrap();
    wait(running).unwrap();
    // Lent to the first and to this, not to the one between.
    assert_eq!(wait(workers.run(|number| Ok(*number))).unwrap(), 2);
}

#[test]
fn a_job_that_was_begun_is_finished_though_its_caller_is_gone() {
    let workers = workers(1, 1);
    let (open, closed) = Gate::new();
    let (done, is_done) = Gate::new();
    let mut running = Box::pin(workers.run(move |_| {
        closed.pass()?;
        done.send(()).unwrap();
        Ok(())
    }));
    assert!(poll(running.as_mut()).is_none());
    until(|| workers.load().busy == 1);
    drop(running);
    open.send(()).unwrap();
    is_done.pass().unwrap();
}

#[test]
fn a_panic_is_an_answer_and_the_thread_lives_on() {
    let workers = workers(1, 1);
    let answer = wait(workers.run(|_| -> Result<(), StoreError> { panic!("on purpose, in a test") }));
    assert!(matches!(answer, Err(StoreError::Panicked)));
    assert!(wait(workers.run(|_| Ok(()))).is_ok());
    until(|| workers.load().busy == 0);
}

#[test]
fn jobs_run_side_by_side() {
    let workers = workers(2, 2);
    let (here, there) = Gate::new();
    let (back, forth) = Gate::new();
    // Each waits for the other, so they finish only if both run.
    let mut one = Box::pin(workers.run(move |_| {
        here.send(()).unwrap();
        forth.pass()
    }));
    assert!(poll(one.as_mut()).is_none());
    wait(workers.run(move |_| {
        back.send(()).unwrap();
        there.pass()
    }))
    .unwrap();
    wait(one).unwrap();
}

#[test]
fn dropping_the_workers_finishes_what_is_queued() {
    let workers = workers(1, 8);
    let done = Arc::new(AtomicUsize::new(0));
    let (open, closed) = Gate::new();
    let mut running = Box::pin(workers.run(move |_| closed.pass()));
    assert!(poll(running.as_mut()).is_none());
    until(|| workers.load().busy == 1);
    // The receivers live on without their futures, which borrow the workers.
    let answers: Vec<_> = (0..5)
        .map(|_| {
            let (done, (answer, answered)) = (Arc::clone(&done), oneshot::channel());
            let job = move |_: &mut u32| Ok(done.fetch_add(1, Ordering::SeqCst));
            workers.send(Box::new(Asked { job, answer })).unwrap();
            answered
        })
        .collect();
    drop(running);
    open.send(()).unwrap();
    drop(workers);
    assert_eq!(done.load(Ordering::SeqCst), 5);
    drop(answers);
}
