//! What the tests of several threads have in common.

use std::sync::Barrier;
use std::thread;

/// Runs `work` on so many threads at once, and meanwhile `beside` again and again, if there is something; gives what `work`
/// gave.
pub(crate) fn on_threads<T: Send>(
    threads: usize,
    work: impl Fn(usize) -> T + Sync,
    beside: Option<&dyn Fn()>,
) -> Vec<T> {
    let start = Barrier::new(threads);
    thread::scope(|scope| {
        let spawn = |thread| {
            let (start, work) = (&start, &work);
            scope.spawn(move || {
                start.wait();
                work(thread)
            })
        };
        let threads: Vec<_> = (0..threads).map(spawn).collect();
        while let Some(beside) = beside.filter(|_| threads.iter().any(|thread| !thread.is_finished())) {
            beside();
            thread::yield_now();
        }
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}
