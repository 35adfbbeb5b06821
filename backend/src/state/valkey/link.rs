//! The connection to the server that is believed in, and what is known of it.

use std::{
    future::Future,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use redis::{Client, aio::MultiplexedConnection};
use tokio::sync::Mutex as Turn;

use super::{Options, fit, scripts};
use crate::state::{
    StateError,
    clock::{Clock, Present},
    rules,
};

/// A connection to one run of a server.
pub(super) struct Link {
    connection: MultiplexedConnection,
    run: String,
    /// The store's floor when it was connected to, as scripts write it.
    lost: String,
    first_serial: u64,
    looked: Mutex<Instant>,
    looking: AtomicBool,
}

impl Link {
    pub(super) fn connection(&self) -> MultiplexedConnection {
        self.connection.clone()
    }

    pub(super) fn run(&self) -> &str {
        &self.run
    }

    pub(super) fn lost(&self) -> &str {
        &self.lost
    }

    pub(super) const fn first_serial(&self) -> u64 {
        self.first_serial
    }
}

/// The connection that is open, if one is, and how a new one is made.
pub(super) struct Links {
    client: Client,
    options: Options,
    clock: Box<dyn Clock>,
    open: Mutex<Option<Arc<Link>>>,
    known: Mutex<Known>,
    /// Whoever connects does it alone.
    turn: Turn<Option<(Instant, StateError)>>,
}

/// What this node saw confirmed: so many marks, by this run of the server.
#[derive(Clone, Default)]
struct Known {
    run: String,
    marks: u64,
    /// Its floor `lost`.
    lost: String,
}

impl Links {
    pub(super) fn new(options: Options, clock: impl Clock) -> Result<Self, StateError> {
        let client = Client::open(options.url.as_str())?;
        let (open, known, turn) = (Mutex::default(), Mutex::default(), Turn::default());
        Ok(Self { client, options, clock: Box::new(clock), open, known, turn })
    }

    pub(super) const fn options(&self) -> &Options {
        &self.options
    }

    pub(super) fn present(&self) -> Present {
        self.clock.present()
    }

    /// Waits for something as long as the options say.
    pub(super) async fn patient<T>(
        &self,
        work: impl Future<Output = Result<T, StateError>>,
    ) -> Result<T, StateError> {
        let late = |_| {
            // Who is silent for so long is left: the next call meets him, or another, anew.
            *lock(&self.open) = None;
            StateError::Unavailable("no answer in time".into())
        };
        tokio::time::timeout(self.options.patience, work).await.map_err(late)?
    }

    /// Takes note of what a link has confirmed. An answer that comes when the node has gone over to
    /// another server confirms nothing: that one was asked without knowing of it.
    ///
    /// # Errors
    /// [`StateError::Unavailable`] for such an answer.
    pub(super) fn confirmed(&self, link: &Link, marks: u64) -> Result<(), StateError> {
        let mut known = lock(&self.known);
        if known.run != link.run {
            return Err(StateError::Unavailable("confirmed by a server that was left".into()));
        }
        known.marks = known.marks.max(marks);
        Ok(())
    }

    /// The open connection, or a new one.
    pub(super) async fn link(self: &Arc<Self>) -> Result<Arc<Link>, StateError> {
        if let Some(link) = self.open_link() {
            self.look_again(&link);
            return Ok(link);
        }
        let mut turn = self.turn.lock().await;
        if let Some(link) = self.open_link() {
            return Ok(link);
        }
        // All who wait are told the same, instead of trying one after the other.
        if let Some((_, error)) = turn.as_ref().filter(|(at, _)| at.elapsed() < PAUSE) {
            return Err(error.clone());
        }
        match self.connect().await {
            Ok(link) => {
                *turn = None;
                *lock(&self.open) = Some(Arc::clone(&link));
                Ok(link)
            }
            Err(error) => {
                *turn = Some((Instant::now(), error.clone()));
                Err(error)
            }
        }
    }

    /// Leaves a connection that failed, unless another has taken its place.
    pub(super) fn leave(&self, link: &Arc<Link>) {
        let mut open = lock(&self.open);
        if open.as_ref().is_some_and(|open| Arc::ptr_eq(open, link)) {
            *open = None;
        }
    }

    /// The open connection, unless nobody has looked for so long that it may be another server's
    /// by now, or an unfit one's: whoever has slept connects anew, and looks first.
    fn open_link(&self) -> Option<Arc<Link>> {
        let fresh = |link: &Arc<Link>| {
            lock(&link.looked).elapsed() < self.options.look_every.saturating_mul(2)
        };
        lock(&self.open).clone().filter(fresh)
    }

    async fn connect(&self) -> Result<Arc<Link>, StateError> {
        let mut connection = self.client.get_multiplexed_async_connection().await?;
        let server = fit::first(&mut connection).await?;
        let present = self.clock.present();
        let known = lock(&self.known).clone();
        let restarted = present.after_all_shown();
        let mut call = scripts().adopt.key(format!("{}state", self.options.prefix));
        call.key(format!("{}runs", self.options.prefix));
        call.arg(&server.run).arg(u8::from(server.promoted)).arg(&known.run).arg(known.marks);
        call.arg(restarted.after(fit::MAX_LAG * 1000).get()).arg(restarted.get()).arg(&known.lost);
        call.arg(u8::from(self.options.founded));
        let (marks, lost): (u64, String) = call.invoke_async(&mut connection).await?;
        *lock(&self.known) = Known { run: server.run.clone(), marks, lost: lost.clone() };
        Ok(Arc::new(Link {
            connection,
            run: server.run,
            lost,
            first_serial: rules::first_serial(&present),
            looked: Mutex::new(Instant::now()),
            looking: AtomicBool::new(false),
        }))
    }

    /// Looks at the server's settings now and then, beside the calls; leaves one that is unfit.
    fn look_again(self: &Arc<Self>, link: &Arc<Link>) {
        let due = lock(&link.looked).elapsed() >= self.options.look_every;
        if !due || link.looking.swap(true, Ordering::AcqRel) {
            return;
        }
        let (links, link) = (Arc::clone(self), Arc::clone(link));
        tokio::spawn(async move {
            let mut connection = link.connection();
            let looked = tokio::time::timeout(links.options.patience, fit::again(&mut connection));
            match looked.await {
                Ok(Ok(server)) if server.run == link.run => {
                    *lock(&link.looked) = Instant::now();
                    link.looking.store(false, Ordering::Release);
                }
                _ => links.leave(&link),
            }
        });
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is behind these locks is whole at any moment.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How long a failure to connect is told to all who ask.
const PAUSE: Duration = Duration::from_millis(50);
