//! A store of which any call can fail, or never come back.

use std::future::{Future, pending};

use keyward::store::{AsyncStore, Cursor, Ram, Store, StoreError};

/// What goes wrong with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It does nothing, and says so.
    FailsBefore,
    /// It does what it is asked, and says that it failed.
    FailsAfter,
    /// It says that it failed; what it was asked is there when power comes back, unless another
    /// write was confirmed.
    FailsHidden,
    /// Its future is dropped before it does anything.
    DroppedBefore,
    /// Its future is dropped behind what it does.
    DroppedAfter,
    /// Its future is dropped; what it was asked is there when power comes back, unless another
    /// write was confirmed.
    DroppedHidden,
}

impl Fault {
    /// All that can go wrong with a write.
    pub const ALL: [Self; 6] = [
        Self::FailsBefore,
        Self::FailsAfter,
        Self::FailsHidden,
        Self::DroppedBefore,
        Self::DroppedAfter,
        Self::DroppedHidden,
    ];
    /// All that can go wrong with a call that changes nothing.
    pub const READS: [Self; 2] = [Self::FailsBefore, Self::DroppedBefore];
}

/// What is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are the calls of a store")]
pub enum Call {
    Read,
    Append,
    Begin,
    Stage,
    Publish,
    Counter,
    Advance,
}

/// Which calls go wrong, and how.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// The number of the first call that does.
    pub at: usize,
    /// How.
    pub fault: Fault,
    /// How many calls of that kind do, that one included.
    pub times: u32,
}

/// Bytes of a log: little more than what a lock with such tables must have.
pub const BYTES: usize = 7200;

/// A store of which calls go wrong by a plan, with hardware that counts its writes.
#[derive(Clone)]
pub struct Faulty {
    log: Ram<BYTES>,
    /// What the log is once power has failed.
    later: Option<Ram<BYTES>>,
    counter: u64,
    plan: Option<Plan>,
    kind: Option<Call>,
    /// The calls since the plan was made.
    pub calls: Vec<Call>,
}

impl Default for Faulty {
    fn default() -> Self {
        Self::new()
    }
}

impl Faulty {
    /// An empty store that works.
    pub const fn new() -> Self {
        let calls = Vec::new();
        Self { log: Ram::new(), later: None, counter: 0, plan: None, kind: None, calls }
    }

    /// The store as it is when power comes back, with a plan from its first call on.
    #[must_use]
    pub fn powered(mut self, plan: Option<Plan>) -> Self {
        self.log = self.later.take().unwrap_or(self.log);
        Self { plan, kind: None, calls: Vec::new(), ..self }
    }

    fn fault(&mut self, call: Call) -> Option<Fault> {
        let index = self.calls.len();
        self.calls.push(call);
        let plan = self.plan.as_mut()?;
        let is_hit = match self.kind {
            None => index == plan.at,
            Some(kind) => kind == call,
        };
        if !is_hit {
            return None;
        }
        let fault = plan.fault;
        self.kind = Some(call);
        plan.times -= 1;
        if plan.times == 0 {
            (self.plan, self.kind) = (None, None);
        }
        Some(fault)
    }

    async fn call<T>(
        &mut self,
        call: Call,
        act: impl FnOnce(&mut Ram<BYTES>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let fault = self.fault(call);
        match fault {
            None => {
                let done = act(&mut self.log)?;
                if matches!(call, Call::Append | Call::Publish) {
                    self.later = None;
                }
                return Ok(done);
            }
            Some(Fault::FailsBefore | Fault::DroppedBefore) => {}
            Some(Fault::FailsAfter | Fault::DroppedAfter) => drop(act(&mut self.log)?),
            Some(Fault::FailsHidden | Fault::DroppedHidden) => {
                let mut later = self.log.clone();
                drop(act(&mut later)?);
                self.later = Some(later);
            }
        }
        self.end(fault).await
    }

    async fn end<T>(&self, fault: Option<Fault>) -> Result<T, StoreError> {
        match fault {
            Some(Fault::DroppedBefore | Fault::DroppedAfter | Fault::DroppedHidden) => {
                pending().await
            }
            _ => Err(StoreError::Failed),
        }
    }
}

impl AsyncStore for Faulty {
    const CAPACITY: usize = BYTES;
    const OVERHEAD: usize = <Ram<BYTES> as Store>::OVERHEAD;

    async fn read(
        &mut self,
        at: Cursor,
        out: &mut [u8],
    ) -> Result<Option<(usize, Cursor)>, StoreError> {
        self.call(Call::Read, |log| Store::read(log, at, out)).await
    }

    async fn append(&mut self, record: &[u8]) -> Result<(), StoreError> {
        self.call(Call::Append, |log| Store::append(log, record)).await
    }

    async fn begin(&mut self) -> Result<(), StoreError> {
        self.call(Call::Begin, Store::begin).await
    }

    async fn stage(&mut self, record: &[u8]) -> Result<(), StoreError> {
        self.call(Call::Stage, |log| Store::stage(log, record)).await
    }

    async fn publish(&mut self) -> Result<(), StoreError> {
        self.call(Call::Publish, Store::publish).await
    }

    async fn counter(&mut self) -> Result<Option<u64>, StoreError> {
        let counter = self.counter;
        self.call(Call::Counter, |_log| Ok(Some(counter))).await
    }

    async fn advance(&mut self, to: u64) -> Result<(), StoreError> {
        let fault = self.fault(Call::Advance);
        if !matches!(fault, Some(Fault::FailsBefore | Fault::DroppedBefore)) {
            assert!(to >= self.counter, "it never goes back");
            self.counter = to;
        }
        match fault {
            None => Ok(()),
            fault => self.end(fault).await,
        }
    }
}

/// Polls a future once; nothing here waits but what is to be dropped.
pub(super) fn once<T>(future: impl Future<Output = T>) -> Option<T> {
    use std::{
        pin::pin,
        task::{Context, Poll, Waker},
    };
    match pin!(future).as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => Some(done),
        Poll::Pending => None,
    }
}
