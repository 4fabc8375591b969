use super::*;
use chrono::DateTime;
use enrollment_core::actor::Actor;
use enrollment_core::registration::Mode;
use serde_json::{Value, json};
use std::ops::Range;
use std::thread;

const ONE: Lane = Lane(0);
const OTHER: Lane = Lane(1);

/// Puts an attempt of this student for this section into the queue.
fn put(queue: &Queue, number: u128, student: u128, section: u128) -> Answered {
    let command = json!({"enroll": {
        "request": {"target": {"section": Uuid::from_u128(section)}, "grading_basis": "graded"},
        "student_course_id": Uuid::from_u128(number),
    }});
    let (asked, answered) = Asked::new(attempt(number, student, command));
    queue.put(asked).unwrap();
    answered
}

fn attempt(number: u128, student: u128, command: Value) -> Attempt {
    Attempt {
        id: Uuid::from_u128(number).into(),
        actor: Actor::system("test"),
        reason: None,
        at: DateTime::UNIX_EPOCH,
        student_id: Uuid::from_u128(student).into(),
        command: serde_json::from_value(command).unwrap(),
        mode: Mode::Commit,
        idempotency: None,
        caused_by: None,
    }
}

fn queue() -> Queue {
    Queue::new(100, Arc::new(Tally::new()))
}

/// What a lane can take at once.
fn take(queue: &Queue, lane: Lane) -> Vec<Asked> {
    queue.take(lane, 100, Some(Duration::ZERO)).unwrap().batch
}

fn numbers(taken: &[Asked]) -> Vec<u128> {
    taken.iter().map(|asked| asked.attempt.id.uuid().as_u128()).collect()
}

#[test]
fn what_one_lane_has_in_hand_the_other_leaves_in_its_place_with_all_that_is_behind_it() {
    let queue = queue();
    let mut waits = vec![put(&queue, 1, 11, 90)];
    let first = take(&queue, ONE);
    // Of the same section; of its student, for another section; of that section; and of nothing of these.
    let later = [(2, 12, 90), (3, 12, 91), (4, 13, 91), (5, 14, 92)];
    waits.extend(later.map(|(number, student, section)| put(&queue, number, student, section)));
    let other = take(&queue, OTHER);
    assert_eq!((numbers(&first), numbers(&other)), (vec![1], vec![5]));
    assert!(take(&queue, OTHER).is_empty(), "the first lane has it in hand still");
    queue.release(ONE, &first);
    let next = take(&queue, OTHER);
    // The same student's second waits for the next transaction.
    assert_eq!(numbers(&next), [2, 4]);
    assert!(take(&queue, ONE).is_empty());
    queue.release(OTHER, &next);
    assert_eq!(numbers(&take(&queue, ONE)), [3]);
}

#[test]
fn a_lane_may_take_more_of_what_it_has_in_hand_itself() {
    let queue = queue();
    let _waits = [put(&queue, 1, 11, 90), put(&queue, 2, 12, 90)];
    let taken = take(&queue, ONE);
    let _waits_too = put(&queue, 3, 13, 90);
    assert_eq!((numbers(&taken), numbers(&take(&queue, ONE))), (vec![1, 2], vec![3]));
    queue.release(ONE, &taken);
    let _waits_last = put(&queue, 4, 14, 90);
    assert!(take(&queue, OTHER).is_empty(), "the third is not done with");
}

#[test]
fn what_nobody_waits_for_is_in_nobodys_hand() {
    let queue = queue();
    drop(put(&queue, 1, 11, 90));
    assert!(take(&queue, ONE).is_empty());
    let _waits = put(&queue, 2, 11, 90);
    assert_eq!(numbers(&take(&queue, OTHER)), [2]);
}

#[test]
fn a_closed_queue_is_emptied_by_who_can_have_what_is_left() {
    let queue = queue();
    let _waits = put(&queue, 1, 11, 90);
    let taken = take(&queue, ONE);
    let _waits_too = put(&queue, 2, 12, 90);
    queue.close();
    assert!(queue.take(OTHER, 100, None).is_none(), "it is left to who has the section in hand");
    queue.release(ONE, &taken);
    assert_eq!(numbers(&queue.take(ONE, 100, None).unwrap().batch), [2]);
    assert!(queue.take(ONE, 100, None).is_none());
}

/// An attempt of each of these students for section 90, of which the first lane takes the first so many and is writing them.
fn written(students: Range<u128>, first: usize) -> (Queue, Vec<Asked>, Vec<Answered>) {
    let queue = queue();
    let mut waits = Vec::new();
    let mut batch = Vec::new();
    for (place, student) in students.enumerate() {
        waits.push(put(&queue, student, student, 90));
        if place + 1 == first {
            batch = take(&queue, ONE);
        }
    }
    queue.is_writing(ONE, first);
    (queue, batch, waits)
}

#[test]
fn what_wants_the_section_that_is_written_is_taken_to_come_after_it() {
    let (queue, first, _waits) = written(11..14, 2);
    let Taken { batch, after } = queue.take(OTHER, 100, Some(Duration::ZERO)).unwrap();
    assert_eq!((numbers(&first), numbers(&batch)), (vec![11, 12], vec![13]));
    queue.release(ONE, &first);
    assert!(queue.is_done(OTHER, after.unwrap()));
    let _waits_too = put(&queue, 14, 14, 90);
    assert!(take(&queue, ONE).is_empty(), "the other lane has the section in hand now");
    queue.is_writing(OTHER, 1);
    assert_eq!(numbers(&take(&queue, ONE)), [14]);
}

#[test]
fn the_same_student_and_who_names_more_than_sections_do_not_come_after_what_is_written() {
    let (queue, _first, _waits) = written(11..12, 1);
    let _waits_too = [put(&queue, 2, 11, 91), put(&queue, 3, 12, 91)];
    let command = json!({"drop": {"student_course_id": Uuid::from_u128(5)}});
    let (mut leaves, _answered) = Asked::new(attempt(4, 13, command));
    leaves.subjects.push(Uuid::from_u128(90));
    queue.put(leaves).unwrap();
    let _waits_last = [put(&queue, 5, 13, 92), put(&queue, 6, 14, 90), put(&queue, 7, 15, 93)];
    assert_eq!(numbers(&take(&queue, OTHER)), [7], "what is free comes first");
    assert!(take(&queue, OTHER).is_empty(), "all others are behind one that is not free");
}

#[test]
fn few_are_not_taken_to_come_after_many() {
    let (queue, _first, _waits) = written(11..16, 4);
    assert!(take(&queue, OTHER).is_empty());
    let _waits_too = put(&queue, 16, 16, 90);
    assert_eq!(numbers(&take(&queue, OTHER)), [15, 16]);
}

#[test]
fn nothing_comes_after_what_leaves_something_in_hand() {
    let (queue, _first, _waits) = written(11..13, 1);
    // Of two in hand, one is decided.
    queue.is_writing(ONE, 2);
    assert!(take(&queue, OTHER).is_empty());
}

#[test]
fn what_was_to_come_after_what_could_not_be_written_is_put_back_in_its_place() {
    let (queue, first, _waits) = written(11..13, 1);
    let Taken { batch, after } = queue.take(OTHER, 100, Some(Duration::ZERO)).unwrap();
    let _waits_too = put(&queue, 13, 13, 90);
    queue.is_not_written(ONE);
    assert!(!queue.is_done(OTHER, after.unwrap()));
    queue.put_back(OTHER, batch);
    assert!(take(&queue, OTHER).is_empty(), "the first lane has it in hand still");
    queue.release(ONE, &first);
    assert_eq!(numbers(&take(&queue, OTHER)), [12, 13]);
}

#[test]
fn who_comes_after_waits_until_all_before_are_answered() {
    let (queue, first, _waits) = written(11..13, 1);
    let Taken { after, .. } = queue.take(OTHER, 100, Some(Duration::ZERO)).unwrap();
    let is_done = thread::scope(|scope| {
        let waits = scope.spawn(|| queue.is_done(OTHER, after.unwrap()));
        thread::sleep(Duration::from_millis(20));
        assert!(!waits.is_finished());
        queue.release(ONE, &first);
        waits.join().unwrap()
    });
    assert!(is_done);
}
