//! The embedded store: one file, one process, no set-up.
//!
//! A thread writes. All marks that wait when it is done with the last share its next commit, which
//! is on the disk before any of them is answered. Power may fail at any byte: the file then has the
//! old state or the new one (`redb`'s own two-slot commit).
//!
//! An old copy of the file that somebody puts back is taken for the newest: challenges live for
//! half a minute, but counted uses are regained by it. Serials are not.

mod table;

use std::{
    ops::Range,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use keyward::{Scope, id::KeyId};
use tokio::sync::{mpsc, oneshot};

use super::{
    Mark, Name, State, StateError, Value, Verdict,
    clock::{Clock, Present},
    rules,
};
use crate::serials::Serials;
use table::{Error, File, Tables};

/// A store in a file. Clones share it; the last one closes it.
#[derive(Clone)]
pub struct Redb {
    jobs: mpsc::Sender<Job>,
    fault: Fault,
    patience: Duration,
}

/// What failed last.
type Fault = Arc<Mutex<Option<StateError>>>;

/// What the writer is asked.
enum Job {
    Read(Vec<Name>, Reply<Vec<Value>>),
    Mark(Mark, Reply<Verdict>),
    Reserve(Name, u32, Reply<Range<u64>>),
}

type Reply<T> = oneshot::Sender<Result<T, StateError>>;

impl Redb {
    /// Opens the file, or makes it.
    ///
    /// # Errors
    /// [`StateError::Unavailable`] while another process holds the file, or where it can't be made;
    /// [`StateError::Corrupt`].
    pub fn open(path: impl AsRef<Path>, clock: impl Clock) -> Result<Self, StateError> {
        let (path, fault) = (path.as_ref().to_path_buf(), Fault::default());
        let file = File::open(&path, &clock)?;
        let (jobs, queue) = mpsc::channel(QUEUE);
        let writer = Writer { path, clock, fault: Arc::clone(&fault), file: Some(file) };
        let thread = std::thread::Builder::new().name("keyward-redb".into());
        let spawned = thread.spawn(move || writer.work(queue));
        let _detached = spawned.map_err(|error| StateError::Unavailable(error.to_string()))?;
        Ok(Self { jobs, fault, patience: PATIENCE })
    }

    async fn ask<T>(&self, job: impl FnOnce(Reply<T>) -> Job) -> Result<T, StateError> {
        let (reply, answer) = oneshot::channel();
        let late = || StateError::Unavailable("the disk is too slow".into());
        let asked = async {
            self.jobs.send(job(reply)).await.map_err(|_| self.fault())?;
            answer.await.map_err(|_| self.fault())?
        };
        tokio::time::timeout(self.patience, asked).await.map_err(|_| late())?
    }

    /// Why the writer has dropped a job.
    fn fault(&self) -> StateError {
        let fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        fault.clone().unwrap_or_else(|| StateError::Unavailable("the writer has ended".into()))
    }
}

impl State for Redb {
    async fn read(&self, names: &[Name]) -> Result<Vec<Value>, StateError> {
        self.ask(|reply| Job::Read(names.to_vec(), reply)).await
    }

    async fn mark(&self, mark: &Mark) -> Result<Verdict, StateError> {
        rules::check(mark)?;
        self.ask(|reply| Job::Mark(mark.clone(), reply)).await
    }
}

impl Serials for Redb {
    async fn reserve(
        &self,
        scope: &Scope,
        issuer: KeyId,
        count: u32,
    ) -> Result<Range<u64>, StateError> {
        self.ask(|reply| Job::Reserve(rules::serials(scope, issuer), count, reply)).await
    }
}

struct Writer<C> {
    path: PathBuf,
    clock: C,
    fault: Fault,
    /// None after a failure, until it is opened anew.
    file: Option<File>,
}

impl<C: Clock> Writer<C> {
    fn work(mut self, mut queue: mpsc::Receiver<Job>) {
        let mut jobs = Vec::new();
        while queue.blocking_recv_many(&mut jobs, BATCH) > 0 {
            match self.commit(&mut jobs) {
                Ok(answers) => answers.into_iter().for_each(|answer| answer()),
                // Who waits finds his job dropped, and looks here why.
                Err(error) => {
                    *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                    jobs.clear();
                }
            }
        }
    }

    /// Does all jobs in one commit, and returns what is to be answered. What fails leaves the file
    /// to be opened anew: whether it was written nobody knows.
    fn commit(&mut self, jobs: &mut Vec<Job>) -> Result<Vec<Answer>, StateError> {
        let file = match self.file.take() {
            Some(file) => file,
            None => File::open(&self.path, &self.clock)?,
        };
        let present = self.clock.present();
        let answers = file.commit(|tables| {
            jobs.drain(..).map(|job| job.run(tables, &present)).collect::<Result<Vec<_>, Error>>()
        })?;
        self.file = Some(file);
        Ok(answers)
    }
}

/// Sends an answer once what it says is durable.
type Answer = Box<dyn FnOnce() + Send>;

impl Job {
    fn run(self, tables: &mut Tables<'_>, present: &Present) -> Result<Answer, Error> {
        Ok(match self {
            Self::Read(names, reply) => answer(reply, Ok(tables.read(&names)?)),
            Self::Mark(mark, reply) => answer(reply, Ok(tables.mark(&mark)?)),
            Self::Reserve(name, count, reply) => {
                answer(reply, tables.reserve(&name, count, present)?)
            }
        })
    }
}

fn answer<T: Send + 'static>(reply: Reply<T>, answer: Result<T, StateError>) -> Answer {
    // Who has lost patience isn't there any more.
    Box::new(move || drop(reply.send(answer)))
}

/// Jobs that wait for the writer, at most: a second of a fast disk.
const QUEUE: usize = 16_384;

/// Jobs of one commit, at most: it takes milliseconds.
const BATCH: usize = 2048;

/// How long a caller waits for the disk.
const PATIENCE: Duration = Duration::from_secs(5);
