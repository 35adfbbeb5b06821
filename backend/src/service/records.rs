//! What the service writes down beside what its gate remembers: revocations, and the logs of locks.
//!
//! One file of `redb`'s. A thread of its own writes; all that is asked for while it waits for the
//! disk goes into its next write together. An answer comes when the disk has confirmed. What the
//! disk has failed is refused, and the next that is asked finds the file opened anew.
//!
//! What is denied, and the list that says so, are those of one domain's epoch; the next begins with
//! nothing denied.
//!
//! Nothing is erased here. An entry that comes without its private part is completed by the same
//! one with it, whoever was first; so a part that is erased elsewhere comes back if somebody brings
//! it.

mod devices;
mod file;
mod older;

use std::{
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
};

use keyward::{
    Entry, PublicKey, Scope, SignatureFault, Status,
    id::{KeyId, Serial},
    receipt::{Disclosed, Head, Log, Receipt},
    role,
    status::{Revoked, SerialFloor},
};
use redb::{
    Database, ReadTransaction, ReadableDatabase, ReadableTable, Table, TableDefinition,
    WriteTransaction,
};
use tokio::sync::oneshot;

use crate::{directory::Door, fold::Denied, state::StateError};
use devices::{Change, Device, Keys};
use file::File;

/// The records. Clones share them.
#[derive(Clone)]
pub struct Records {
    scope: Scope,
    file: Arc<File>,
    jobs: SyncSender<Job>,
    denied: Arc<Mutex<Vec<Denied>>>,
}

/// What became of an entry of a lock's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It is held from now on; or its private part is, where it was held without.
    New,
    /// It was held.
    Already,
    /// Another is held in its place, or it doesn't hang together with its neighbours: two
    /// histories.
    Fork,
    /// No key has signed it that was the lock's at its number or came later, as far as its card and
    /// the changes that are held tell; or it changes a key that wasn't the one in force.
    Unsigned(SignatureFault),
}

struct Job {
    work: Work,
    done: oneshot::Sender<Result<Kept, StateError>>,
}

enum Work {
    Deny { key: DeniedKey, token: Vec<u8> },
    List { key: ScopeKey, list: Vec<u8> },
    Entry { key: EntryKey, entry: Vec<u8>, change: Option<(ChangeKey, [u8; 64])> },
}

/// Domain, epoch.
type ScopeKey = [u8; 40];

/// Domain, epoch, what a link or key begins with.
type DeniedKey = [u8; 48];

/// Domain, lock, log, sequence.
type EntryKey = [u8; 49];

/// Domain, lock, sequence.
type ChangeKey = [u8; 48];

const DENIED: TableDefinition<'_, DeniedKey, &[u8]> =
    TableDefinition::new("denied by epoch and prefix");
const LISTS: TableDefinition<'_, ScopeKey, &[u8]> = TableDefinition::new("lists by epoch");
const ENTRIES: TableDefinition<'_, EntryKey, &[u8]> = TableDefinition::new("entries");
/// Old and new device key.
const CHANGES: TableDefinition<'_, ChangeKey, [u8; 64]> = TableDefinition::new("changes");

impl Records {
    /// Opens the file, or makes it, readable by this user alone where the system is a Unix. One that
    /// is there keeps its mode. What is denied is what was in `scope`, the service's domain and
    /// epoch; a file of a form that named none is taken for one of `scope`.
    ///
    /// # Errors
    /// [`StateError::Unavailable`] while another process holds it; [`StateError::Corrupt`].
    pub fn open(path: impl AsRef<Path>, scope: Scope) -> Result<Self, StateError> {
        let file = Arc::new(File::open(path.as_ref())?);
        let denied = file.with(|base| begin(base, &scope))?;
        let (jobs, asked) = sync_channel(QUEUE);
        let writer = Arc::clone(&file);
        thread::Builder::new()
            .name("keyward-records".into())
            .spawn(move || write(&writer, &asked))
            .map_err(down)?;
        Ok(Self { scope, file, jobs, denied: Arc::new(Mutex::new(denied)) })
    }

    /// All that is denied in this epoch.
    pub fn denied(&self) -> Vec<Denied> {
        self.denied.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Denies a link or key from the next list on; durable when it returns.
    ///
    /// # Errors
    /// Any [`StateError`].
    pub async fn deny(&self, denied: Denied) -> Result<(), StateError> {
        let key = denied_key(&self.scope, denied.entry.0);
        let token = denied.token;
        let token = token.map(|(issuer, serial)| [&issuer.0[..], &serial.0.to_be_bytes()].concat());
        self.ask(Work::Deny { key, token: token.unwrap_or_default() }).await?;
        let mut all = self.denied.lock().unwrap_or_else(PoisonError::into_inner);
        match all.iter_mut().find(|held| held.entry == denied.entry) {
            Some(held) if held.token != denied.token => held.token = None,
            Some(_) => {}
            None => all.push(denied),
        }
        Ok(())
    }

    /// The newest list of this epoch that was kept.
    ///
    /// # Errors
    /// Any [`StateError`].
    pub fn list(&self) -> Result<Option<Vec<u8>>, StateError> {
        self.read(|transaction| {
            let table = transaction.open_table(LISTS).map_err(down)?;
            let list = table.get(scope_key(&self.scope)).map_err(down)?;
            Ok(list.map(|list| list.value().to_vec()))
        })
    }

    /// The serial floors of the newest list, for a [`Revoker`](crate::issuer::Revoker).
    ///
    /// # Errors
    /// Any [`StateError`].
    pub fn floors(&self) -> Result<Vec<SerialFloor>, StateError> {
        let Some(list) = self.list()? else { return Ok(Vec::new()) };
        let status = Status::decode(&list).map_err(damaged)?;
        Ok(status.unverified_list().into_iter().flat_map(|list| list.unverified_floors()).collect())
    }

    /// Keeps a list of this epoch that was signed.
    ///
    /// # Errors
    /// Any [`StateError`].
    pub async fn keep_list(&self, list: &[u8]) -> Result<(), StateError> {
        let key = scope_key(&self.scope);
        self.ask(Work::List { key, list: list.to_vec() }).await.map(drop)
    }

    /// How many entries of one of a door's logs are held, and the number of the last one.
    ///
    /// # Errors
    /// Any [`StateError`].
    pub fn extent(&self, door: &Door, log: Log) -> Result<(u64, Option<u64>), StateError> {
        self.read(|transaction| {
            let table = transaction.open_table(ENTRIES).map_err(down)?;
            let (first, last) = (entry_key(door, log, 0), entry_key(door, log, u64::MAX));
            let (mut count, mut end) = (0, None);
            for row in table.range(first..=last).map_err(down)? {
                let (key, _) = row.map_err(down)?;
                let sequence = key.value().last_chunk().map(|bytes| u64::from_be_bytes(*bytes));
                (count, end) = (count + 1, sequence);
            }
            Ok((count, end))
        })
    }

    /// An entry of one of a door's logs, as it is held.
    ///
    /// # Errors
    /// Any [`StateError`].
    pub fn entry(
        &self,
        door: &Door,
        log: Log,
        sequence: u64,
    ) -> Result<Option<Vec<u8>>, StateError> {
        self.read(|transaction| {
            let table = transaction.open_table(ENTRIES).map_err(down)?;
            let held = table.get(entry_key(door, log, sequence)).map_err(down)?;
            Ok(held.map(|entry| entry.value().to_vec()))
        })
    }

    /// Keeps an entry of a door's log that the key in force at its number has signed, or one that
    /// came later. `device` is its card's; the others follow from that by the changes that are held
    /// (SPEC.md section 24.6).
    ///
    /// # Errors
    /// Any [`StateError`]; nothing is known to be kept then.
    pub async fn keep(
        &self,
        door: Door,
        device: PublicKey<role::Device>,
        bytes: &[u8],
    ) -> Result<Kept, StateError> {
        let entry = Entry::decode(bytes).map_err(damaged)?;
        let public = entry.receipt.unverified();
        let number = public.sequence.0;
        // A change of the key is signed by both, over its own place in the log.
        let change = match entry.receipt.rotation(&door.domain) {
            Ok(keys) => keys.map(|[old, new]| Change { number, old, new }),
            Err(fault) => return Ok(Kept::Unsigned(fault)),
        };
        let signed = match Keys::judging(device, &self.changes(&door)?, change) {
            Some(keys) => keys.verify(&door.domain, &entry.receipt),
            None => Err(SignatureFault::Mismatch),
        };
        if let Err(fault) = signed {
            return Ok(Kept::Unsigned(fault));
        }
        let key = entry_key(&door, public.log(), number);
        let change = change.map(|Change { number, old, new }| {
            (change_key(&door, number), joined(&[old.as_bytes(), new.as_bytes()]))
        });
        self.ask(Work::Entry { key, entry: bytes.to_vec(), change }).await
    }

    fn changes(&self, door: &Door) -> Result<Vec<Change>, StateError> {
        self.read(|transaction| {
            let table = transaction.open_table(CHANGES).map_err(down)?;
            let (first, last) = (change_key(door, 0), change_key(door, u64::MAX));
            let mut changes = Vec::new();
            for row in table.range(first..=last).map_err(down)? {
                let (key, keys) = row.map_err(down)?;
                changes.push(change_of(&key.value(), &keys.value())?);
            }
            Ok(changes)
        })
    }

    fn read<T>(
        &self,
        work: impl FnOnce(&ReadTransaction) -> Result<T, StateError>,
    ) -> Result<T, StateError> {
        self.file.with(|base| work(&base.begin_read().map_err(down)?))
    }

    async fn ask(&self, work: Work) -> Result<Kept, StateError> {
        let (done, answer) = oneshot::channel();
        let full = |_| StateError::Unavailable("too much to write down".into());
        self.jobs.try_send(Job { work, done }).map_err(full)?;
        let gone = |_| StateError::Unavailable("the writer is gone".into());
        answer.await.map_err(gone)?
    }
}

/// Makes what the file lacks, and reads what is denied.
fn begin(base: &Database, scope: &Scope) -> Result<Vec<Denied>, StateError> {
    let transaction = base.begin_write().map_err(down)?;
    older::bring_up_to_date(&transaction, scope)?;
    let mut denied = Vec::new();
    {
        let table = transaction.open_table(DENIED).map_err(down)?;
        transaction.open_table(LISTS).map_err(down)?;
        transaction.open_table(ENTRIES).map_err(down)?;
        transaction.open_table(CHANGES).map_err(down)?;
        let (first, last) = (denied_key(scope, [0; 8]), denied_key(scope, [0xff; 8]));
        for row in table.range(first..=last).map_err(down)? {
            let (key, token) = row.map_err(down)?;
            let entry = Revoked(key.value().last_chunk().copied().unwrap_or_default());
            denied.push(Denied { entry, token: token_of(token.value())? });
        }
    }
    transaction.commit().map_err(down)?;
    Ok(denied)
}

/// The writer's life: as long as somebody can ask.
fn write(file: &File, asked: &Receiver<Job>) {
    while let Ok(first) = asked.recv() {
        let jobs: Vec<_> = [first].into_iter().chain(asked.try_iter().take(TOGETHER)).collect();
        let written = file.with(|base| together(base, &jobs));
        for (place, job) in jobs.into_iter().enumerate() {
            let answer = match &written {
                Ok(answers) => answers.get(place).copied().ok_or_else(|| damaged("no answer")),
                Err(error) => Err(error.clone()),
            };
            // Whoever asked may be gone.
            let _told = job.done.send(answer);
        }
    }
}

/// Writes all of it, or nothing.
fn together(base: &Database, jobs: &[Job]) -> Result<Vec<Kept>, StateError> {
    let transaction = base.begin_write().map_err(down)?;
    let answers = jobs.iter().map(|job| one(&transaction, &job.work)).collect::<Result<_, _>>()?;
    transaction.commit().map_err(down)?;
    Ok(answers)
}

fn one(transaction: &WriteTransaction, work: &Work) -> Result<Kept, StateError> {
    match work {
        Work::Deny { key, token } => {
            let mut table = transaction.open_table(DENIED).map_err(down)?;
            // Who begins alike is denied by one entry; then it is of no one token, and stays.
            let held = table.get(key).map_err(down)?.map(|held| held.value() == token.as_slice());
            let token = if held == Some(false) { &[][..] } else { token.as_slice() };
            table.insert(key, token).map_err(down)?;
        }
        Work::List { key, list } => {
            let mut table = transaction.open_table(LISTS).map_err(down)?;
            table.insert(key, list.as_slice()).map_err(down)?;
        }
        Work::Entry { key, entry, change } => {
            let mut table = transaction.open_table(ENTRIES).map_err(down)?;
            let kept = fits(&table, key, entry)?;
            if kept == Kept::New {
                table.insert(key, entry.as_slice()).map_err(down)?;
                if let Some((key, keys)) = change {
                    let mut table = transaction.open_table(CHANGES).map_err(down)?;
                    table.insert(key, keys).map_err(down)?;
                }
            }
            return Ok(kept);
        }
    }
    Ok(Kept::New)
}

/// Whether an entry hangs together with what is held: in its place, before it and behind.
fn fits(
    table: &Table<'_, EntryKey, &'static [u8]>,
    key: &EntryKey,
    entry: &[u8],
) -> Result<Kept, StateError> {
    let entry = Entry::decode(entry).map_err(damaged)?;
    let receipt = entry.receipt;
    if let Some(held) = table.get(key).map_err(down)? {
        let held = Entry::decode(held.value()).map_err(damaged)?;
        // Whoever carries an entry can leave out what it tells, and nobody can make it up: the
        // receipt names it by its hash.
        return Ok(match held.receipt.hash() == receipt.hash() {
            false => Kept::Fork,
            true if tells(&entry) && !tells(&held) => Kept::New,
            true => Kept::Already,
        });
    }
    let follows = |before: Head, after: &Receipt<'_>| before.step(after).is_ok();
    let behind_it = match at(key, -1) {
        None => follows(Head::START, &receipt),
        Some(key) => match table.get(key).map_err(down)? {
            Some(before) => follows(Head::behind(&read(before.value())?), &receipt),
            None => true,
        },
    };
    let before_it = match at(key, 1).map(|key| table.get(key).map_err(down)).transpose()?.flatten()
    {
        Some(after) => follows(Head::behind(&receipt), &read(after.value())?),
        None => true,
    };
    Ok(if behind_it && before_it { Kept::New } else { Kept::Fork })
}

fn tells(entry: &Entry<'_>) -> bool {
    matches!(entry.disclosed(), Ok(Disclosed::Told(_)))
}

fn read(entry: &[u8]) -> Result<Receipt<'_>, StateError> {
    Ok(Entry::decode(entry).map_err(damaged)?.receipt)
}

/// The key of a neighbour, where it has one.
fn at(key: &EntryKey, step: i64) -> Option<EntryKey> {
    let mut key = *key;
    let sequence = key.last_chunk_mut::<8>()?;
    *sequence = u64::from_be_bytes(*sequence).checked_add_signed(step)?.to_be_bytes();
    Some(key)
}

fn scope_key(scope: &Scope) -> ScopeKey {
    joined(&[&scope.domain.0, &scope.epoch.0.to_be_bytes()])
}

fn denied_key(scope: &Scope, entry: [u8; 8]) -> DeniedKey {
    joined(&[&scope_key(scope), &entry])
}

fn entry_key(door: &Door, log: Log, sequence: u64) -> EntryKey {
    let log = match log {
        Log::Events => 0,
        Log::Denials => 1,
    };
    let parts = [&door.domain.0[..], &door.lock.0, &[log], &sequence.to_be_bytes()];
    joined(&parts)
}

fn change_key(door: &Door, sequence: u64) -> ChangeKey {
    joined(&[&door.domain.0, &door.lock.0, &sequence.to_be_bytes()])
}

fn change_of(key: &ChangeKey, keys: &[u8; 64]) -> Result<Change, StateError> {
    let device = |bytes: Option<&[u8; 32]>| -> Result<Device, StateError> {
        PublicKey::from_bytes(bytes.unwrap_or(&[0; 32])).map_err(damaged)
    };
    let number = key.last_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
    Ok(Change { number, old: device(keys.first_chunk())?, new: device(keys.last_chunk())? })
}

fn joined<const N: usize>(parts: &[&[u8]]) -> [u8; N] {
    let mut out = [0; N];
    out.iter_mut().zip(parts.iter().copied().flatten()).for_each(|(to, from)| *to = *from);
    out
}

fn token_of(bytes: &[u8]) -> Result<Option<(KeyId, Serial)>, StateError> {
    let token = bytes.split_first_chunk().and_then(|(issuer, serial)| {
        Some((KeyId(*issuer), Serial(u64::from_be_bytes(serial.try_into().ok()?))))
    });
    match token {
        None if !bytes.is_empty() => Err(damaged("a revocation")),
        token => Ok(token),
    }
}

fn down(error: impl std::fmt::Display) -> StateError {
    StateError::Unavailable(error.to_string())
}

fn damaged(what: impl std::fmt::Display) -> StateError {
    StateError::Corrupt(what.to_string())
}

/// What may wait for the disk; more is refused.
const QUEUE: usize = 4096;

/// What is written at once, at most.
const TOGETHER: usize = 511;
