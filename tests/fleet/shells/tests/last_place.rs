//! Two threads of an instance that is alone ask for the last place, at every moment at which the one can find the other.

mod common;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};
use std::time::Duration;

use common::alone_again;
use halfopen::{FnClock, Outcome};

/// How long the first thread waits for the second where that may have to wait for the first.
const PATIENCE: Duration = Duration::from_millis(100);

/// The time, set by hand. Its owner's n-th reading lasts until another thread has asked, or for [`PATIENCE`].
struct Doorway {
    owner: ThreadId,
    ms: AtomicU64,
    readings_left: AtomicU64,
    met: AtomicBool,
    call_in: Mutex<Sender<()>>,
    has_asked: Mutex<Receiver<()>>,
}

impl Doorway {
    fn read(&self) -> u64 {
        let mine = thread::current().id() == self.owner;
        if mine
            && self.readings_left.load(Ordering::Relaxed) > 0
            && self.readings_left.fetch_sub(1, Ordering::Relaxed) == 1
        {
            self.call_in.lock().unwrap().send(()).unwrap();
            self.met.store(self.has_asked.lock().unwrap().recv_timeout(PATIENCE).is_ok(), Ordering::Relaxed);
        }
        self.ms.load(Ordering::Relaxed)
    }
}

/// Of two places one is taken by a probe of an earlier time alone, and one of the two threads gets the other. Gives whether the
/// second asked while the first read the time; `None` where it does not read it so often.
fn meet_at_reading(number: u64) -> Option<bool> {
    let ((call_in, called), (tell, has_asked)) = (channel(), channel());
    let doorway = Arc::new(Doorway {
        owner: thread::current().id(),
        ms: AtomicU64::new(0),
        readings_left: AtomicU64::new(0),
        met: AtomicBool::new(false),
        call_in: Mutex::new(call_in),
        has_asked: Mutex::new(has_asked),
    });
    let read = Arc::clone(&doorway);
    let set = |ms| doorway.ms.store(ms, Ordering::Relaxed);
    let instance = alone_again(FnClock::new(move || read.read()), set, 2);

    let breaker = &instance.breaker;
    let admitted = thread::scope(|scope| {
        let second = scope.spawn(move || {
            let admitted = called.recv().is_ok() && breaker.acquire_ticket().is_ok();
            // Nobody waits any more where the first was not to be held up.
            let _ = tell.send(());
            admitted
        });
        doorway.readings_left.store(number, Ordering::Relaxed);
        let first = breaker.acquire_ticket().is_ok();
        if doorway.readings_left.swap(0, Ordering::Relaxed) > 0 {
            doorway.call_in.lock().unwrap().send(()).unwrap();
            second.join().unwrap();
            return None;
        }
        Some(usize::from(first) + usize::from(second.join().unwrap()))
    })?;
    assert_eq!(admitted, 1, "met at reading {number} of the time");
    // Nothing is kept of the one that was turned away.
    breaker.settle_ticket(instance.earlier, Outcome::Ignored);
    assert_eq!([(); 2].map(|()| breaker.acquire_ticket().is_ok()), [true, false], "met at reading {number}");
    Some(doorway.met.load(Ordering::Relaxed))
}

#[test]
fn two_threads_of_an_instance_that_is_alone_never_both_take_the_last_place() {
    let met: Vec<bool> = (1..).map_while(meet_at_reading).collect();
    assert!(met.contains(&true), "the second thread must have asked in the middle of the first one's request: {met:?}");
}
