//! A lock's host: the clock, the files and the bolt around the lock itself.

use std::{
    path::Path,
    time::{Duration, Instant, SystemTime},
};

use keyward::{
    Denial, Lock, Now, Seconds, SigningKey, Time,
    ledger::Outcome,
    lock::{Acted, Anchor, Recorded, Restored},
    role,
    store::StoreError,
    time::{Interval, Uptime},
};
use keyward_store::file::FileStore;

use super::{Kept, Place, Which, bolt::Bolt, denied, is_fault, outcome_name};
use crate::{
    fail::{Failure, Result},
    files,
    name::lock_name,
    terminal::{aside, plain},
};

/// A lock that has started, in its directory.
pub(crate) struct Host {
    pub(crate) place: Place,
    pub(crate) kept: Kept,
    pub(crate) lock: Lock<'static, FileStore>,
    pub(super) bolt: Bolt,
    pub(super) anchor: Option<Anchor>,
    /// Why the lock does nothing.
    pub(crate) fault: Option<Denial>,
    /// The entry of a decision whose outcome nobody knows.
    interrupted: Option<u64>,
    is_unclaimed: bool,
    /// Within which time the door must be secured that break-glass has opened.
    pub(super) glass_within: Option<Seconds>,
    started: Instant,
}

/// The file that says that a life is being ended.
const ENDING: &str = "ending";

impl Host {
    /// Starts a lock, as it does when power comes on: what was cut off is ended, and a door that
    /// may be open is secured before all else. What there was to do is told on standard error.
    pub(crate) fn start(which: &Which) -> Result<Self> {
        let mut host = Self::woken(which, false)?;
        host.recover()?;
        Ok(host)
    }

    /// The same for a lock that is to be reset, whatever its store holds.
    pub(crate) fn start_to_reset(which: &Which) -> Result<Self> {
        let mut host = Self::woken(which, true)?;
        host.secure_first();
        Ok(host)
    }

    /// Starts a lock to be looked at, and moves nothing. Of one that nobody owns it ends what was
    /// cut off, for what it shows is of its present life.
    pub(crate) fn start_to_show(which: &Which) -> Result<Self> {
        let mut host = Self::woken(which, false)?;
        if host.is_unclaimed {
            host.recover()?;
        }
        Ok(host)
    }

    fn woken(which: &Which, wipes: bool) -> Result<Self> {
        let started = Instant::now();
        let place = Place::of(&which.dir)?;
        let kept = Kept::read(&place)?;
        let anchor = files::read(&place.file("anchor")).ok();
        let anchor = anchor.and_then(|bytes| Anchor::decode(&bytes, &kept.secret()));
        let store = store(&place, anchor.is_some(), wipes)?;
        let mut lock = Lock::new(kept.identity(), kept.secret(), store);
        if let Some(keys) = kept.opening_keys() {
            lock.set_opening_keys(keys);
        }
        let bolt = Bolt::new(place.file("bolt"), which.bolt.clone());
        let (mut interrupted, mut is_unclaimed, mut fault) = (None, false, None);
        match lock.restore(anchor.as_ref()) {
            Ok(Restored::Unclaimed) => is_unclaimed = true,
            Ok(Restored::Claimed { interrupted: entry }) => {
                interrupted = entry.map(|entry| entry.0);
            }
            Err(denial) if is_fault(&denial) => fault = Some(denial),
            Err(denial) => return Err(denied(denial)),
        }
        Ok(Self {
            place,
            kept,
            lock,
            bolt,
            anchor,
            fault,
            interrupted,
            is_unclaimed,
            glass_within: None,
            started,
        })
    }

    fn recover(&mut self) -> Result<()> {
        let is_ending = self.place.file(ENDING).exists();
        if self.is_unclaimed {
            if is_ending {
                // The reset was cut off: nothing of a former life is used again.
                self.new_life(None)?;
                self.tell("a reset was cut off; the lock is new, by another identity");
            }
            return self.kept.show(&self.place);
        }
        if let Some(entry) = self.interrupted {
            self.tell(&format!("entry {entry} was cut off: nobody knows whether the bolt moved"));
        }
        if let Some(fault) = &self.fault {
            let (name, code) = (fault.name(), fault.code());
            self.tell(&format!("{name} ({code}): it does nothing; `keyward why {code}` explains"));
        }
        let secured = self.secure_first();
        match self.fault {
            Some(Denial::Releasing) if secured => {
                self.new_life(None)?;
                self.tell("a release was cut off and is done now; the lock is new");
                Ok(())
            }
            Some(_) => Ok(()),
            None => {
                // A reset that was cut off before it began is none.
                if is_ending {
                    self.place.remove(ENDING)?;
                }
                self.keep_anchor()
            }
        }
    }

    /// Secures a door that may be open; whether nothing is due any more.
    fn secure_first(&mut self) -> bool {
        if self.lock.relock_within(self.now()).is_none() {
            return true;
        }
        self.tell("the door is secured first");
        let outcome = self.secure();
        if outcome != Outcome::Done {
            self.tell(&format!("securing the door: {}", outcome_name(outcome)));
        }
        outcome == Outcome::Done
    }

    /// Throws the bolt, for no token.
    pub(crate) fn secure(&mut self) -> Outcome {
        let bolt = &self.bolt;
        let outcome = self.lock.secure(|| bolt.secured());
        self.glass_within.take_if(|_| outcome == Outcome::Done);
        outcome
    }

    /// Within which time the door must be secured: by the lock's own duty, or by this host's.
    pub(crate) fn relock_within(&self) -> Option<Seconds> {
        self.lock.relock_within(self.now()).or(self.glass_within)
    }

    /// Waits until the door must be secured, within so long at most, and secures it.
    pub(crate) fn secure_in_time(&mut self, within: Seconds) -> Outcome {
        let due = Instant::now() + Duration::from_secs(within.0.into());
        loop {
            let left = self.lock.relock_within(self.now());
            let left = left.map_or(Duration::MAX, |left| Duration::from_secs(left.0.into()));
            let left = left.min(due.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                return self.secure();
            }
            std::thread::sleep(left.min(Duration::from_millis(200)));
        }
    }

    /// Ends this life, and begins the next by another identity and secret. Returns what a release
    /// has recorded, and what was kept of the life before.
    ///
    /// `ending` is durable before anything is erased, and the anchor goes before the journal.
    /// Whoever finds an empty journal beside `ending` thus knows that the identity is of a former
    /// life.
    pub(super) fn new_life(&mut self, acted: Option<Acted>) -> Result<(Option<Recorded>, Kept)> {
        files::replace_private(&self.place.file(ENDING), b"")?;
        self.place.remove("anchor")?;
        self.anchor = None;
        let next = self.kept.next();
        let (identity, secret) = (next.identity(), next.secret());
        let recorded = match acted {
            Some(acted) => Some(self.lock.release(acted, identity, secret).map_err(denied)?),
            None => self.lock.reset(identity, secret).map(|()| None).map_err(denied)?,
        };
        next.keep(&self.place)?;
        self.place.remove(ENDING)?;
        self.place.forget_damaged()?;
        next.show(&self.place)?;
        if let Some(keys) = next.opening_keys() {
            self.lock.set_opening_keys(keys);
        }
        (self.fault, self.is_unclaimed) = (None, true);
        Ok((recorded, std::mem::replace(&mut self.kept, next)))
    }

    /// Ends this life by hand.
    pub(crate) fn reset(&mut self) -> Result<()> {
        self.new_life(None).map(drop)
    }

    /// Keeps the anchor anew where what it says has changed.
    pub(crate) fn keep_anchor(&mut self) -> Result<()> {
        let Ok(anchor) = self.lock.anchor() else { return Ok(()) };
        if self.anchor != Some(anchor) {
            let bytes = anchor.encode(&self.kept.secret())?;
            files::replace_private(&self.place.file("anchor"), bytes.as_bytes())?;
            self.anchor = Some(anchor);
        }
        Ok(())
    }

    /// The anchor, where the lock does nothing and only break-glass is left.
    pub(super) fn broken(&self) -> Option<Anchor> {
        self.anchor.filter(|_| self.fault.is_some())
    }

    /// The key that signs for the lock.
    pub(crate) const fn device(&self) -> &SigningKey<role::Device> {
        self.kept.device()
    }

    /// Whether nobody owns it.
    pub(crate) const fn is_unclaimed(&self) -> bool {
        self.is_unclaimed
    }

    /// Whether the bolt is thrown, by what is known.
    pub(crate) fn bolt_stands(&self) -> Option<&'static str> {
        self.bolt.stands()
    }

    /// The name that its owner gave it; of an unclaimed one the directory's.
    pub(crate) fn name(&self) -> String {
        let named = self.lock.trust().map(|trust| trust.lock()).ok();
        let named = named.or(self.anchor.map(|anchor| anchor.lock));
        named.map_or_else(|| last_name(self.place.path()), |lock| lock_name(&lock))
    }

    /// The present.
    pub(crate) fn now(&self) -> Now {
        clock(self.started)
    }

    /// The clock, to be asked anew.
    pub(super) fn clock(&self) -> impl FnMut() -> Now + use<> {
        let started = self.started;
        move || clock(started)
    }

    /// Tells what nobody asked for.
    pub(crate) fn tell(&self, sentence: &str) {
        aside(&plain(&format!("{}: {sentence}", self.name())));
    }
}

fn last_name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// The system's clock, which is trusted, and ticks since the start.
fn clock(started: Instant) -> Now {
    let ticks = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    Now { time: Interval::exactly(today()), uptime: Uptime(ticks), drift_ppm: 100 }
}

fn today() -> Time {
    Time(SystemTime::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_secs()))
}

/// Opens the journal. A damaged one is put aside where the anchor keeps the lock from taking an
/// empty log for a new life, and wiped where the lock is reset.
fn store(place: &Place, has_anchor: bool, wipes: bool) -> Result<FileStore> {
    let path = place.file("store");
    let opened = match FileStore::open(&path) {
        Err(StoreError::Corrupt) if wipes => {
            files::replace_private(&place.file(ENDING), b"")?;
            FileStore::wipe(&path)
        }
        Err(StoreError::Corrupt) if has_anchor => {
            let kept = place.put_aside(today().0)?;
            aside(&format!("{}: damaged, put aside as {}", path.display(), kept.display()));
            FileStore::open(&path)
        }
        opened => opened,
    };
    let directory = place.path().display();
    opened.map_err(|error| match error {
        StoreError::Corrupt => Failure::trouble(format!(
            "{directory}: the store is damaged; `keyward lock reset {directory} --yes` helps"
        )),
        _ => Failure::trouble(format!("{directory}: the store can't be read or written")),
    })
}
