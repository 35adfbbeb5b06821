//! Polling without a runtime.

use core::{
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};

/// What became of a future that was polled so often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dropped<T> {
    /// It was ready.
    Done(T),
    /// It wasn't, and was dropped.
    Pending,
}

/// Polls a future to its end. It must make progress whenever it is polled.
pub fn drive<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(done) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return done;
        }
    }
}

/// Polls a future so often, and drops it if it isn't ready then.
pub fn drop_after<T>(future: impl Future<Output = T>, polls: usize) -> Dropped<T> {
    let mut future = pin!(future);
    for _ in 0..polls {
        if let Poll::Ready(done) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return Dropped::Done(done);
        }
    }
    Dropped::Pending
}
