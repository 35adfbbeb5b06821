//! A lock's host: the part that embedders copy.
//!
//! Its directory holds the lock's `store`, its `secret` and its `anchor`. Over its cable it takes
//! lines of a word and of bytes in hexadecimal, and says in lines what it does.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    process,
    sync::mpsc::{self, Receiver},
    thread,
    time::{Duration, Instant, SystemTime},
};

use keyward::{
    Channel, Denial, Lock, Now, Presentation, Right, Seconds, SigningKey, Time,
    id::{ClaimNonce, Nonce},
    ledger::Outcome,
    lock::{Anchor, Bundle, Handled, Identity, Order, Rejected, Restored, Session},
    role,
    secret::DeviceSecret,
    store::StoreError,
    time::{Interval, Uptime},
};
use keyward_store::file::FileStore;

use crate::Failed;

/// What a host keeps of a lock's life beside the store: its key, the name of the life, and what
/// the lock alone knows.
struct Kept([u8; 80]);

impl Kept {
    fn drawn() -> io::Result<Self> {
        Ok(Self(random()?))
    }

    fn identity(&self) -> Identity {
        let key = SigningKey::<role::Device>::from_secret(self.part::<32>(0));
        Identity { device: key.public(), nonce: ClaimNonce(*self.part(32)), claim_key: None }
    }

    fn secret(&self) -> DeviceSecret {
        DeviceSecret::new(*self.part(48))
    }

    fn part<const N: usize>(&self, at: usize) -> &[u8; N] {
        self.0[at..].first_chunk().expect("it lies within")
    }
}

/// A lock's host: a clock, a cable, a motor, and the lock in its directory.
pub(crate) struct Host {
    place: PathBuf,
    kept: Kept,
    anchor: Option<Anchor>,
    lock: Lock<'static, FileStore>,
    session: Option<Session>,
    lines: Receiver<String>,
    started: Instant,
}

impl Host {
    /// Power comes on.
    ///
    /// # Errors
    /// Where nothing can be read or written.
    pub(crate) fn start(place: PathBuf) -> Result<Self, Failed> {
        let kept = match fs::read(place.join("secret")) {
            Ok(bytes) => Kept(bytes.as_slice().try_into()?),
            Err(_) => Kept::drawn()?,
        };
        let anchor = fs::read(place.join("anchor")).ok();
        let anchor = anchor.and_then(|bytes| Anchor::decode(&bytes, &kept.secret()));
        let log = place.join("store");
        let store = match FileStore::open(&log) {
            // It is put aside. The anchor keeps the lock from taking an empty log for a new life.
            Err(StoreError::Corrupt) if anchor.is_some() => {
                fs::rename(&log, place.join(format!("damaged-{}", today().0)))?;
                FileStore::open(&log)
            }
            store => store,
        };
        let store = store.map_err(|error| format!("the store: {error:?}"))?;
        let mut lock = Lock::new(kept.identity(), kept.secret(), store);
        let restored = lock.restore(anchor.as_ref());
        let (lines, started) = (lines(), Instant::now());
        let mut host = Self { place, kept, anchor, lock, session: None, lines, started };
        match restored {
            Ok(Restored::Unclaimed) => {
                // A reset may have been cut off: nothing of a former life is used again.
                host.kept = Kept::drawn()?;
                keep(&host.place.join("secret"), &host.kept.0)?;
                let (identity, secret) = (host.kept.identity(), host.kept.secret());
                host.lock = Lock::new(identity, secret, host.lock.into_store());
                host.lock.restore(None)?;
                println!("unclaimed {}", hex(host.lock.unclaimed().encode()?.as_bytes()));
            }
            Ok(Restored::Claimed { interrupted }) => {
                host.keep_anchor()?;
                let interrupted = interrupted.map(|entry| format!("entry {}", entry.0));
                println!("interrupted: {}", interrupted.as_deref().unwrap_or("nothing"));
            }
            // It denies all; a host that runs on secures the door, and breaks glass by the anchor.
            Err(denial) => println!("{} ({})", denial.name(), denial.code()),
        }
        Ok(host)
    }

    /// Serves its cable, and the duty to secure the door before anything else.
    pub(crate) fn serve(mut self) -> Result<(), Failed> {
        loop {
            let left = self.lock.relock_within(self.now());
            if left == Some(Seconds(0)) {
                self.lock.secure(|| turn(&self.lines, "securing"));
                continue;
            }
            let wait = left.map_or(Duration::MAX, |left| Duration::from_secs(left.0.into()));
            if let Ok(line) = self.lines.recv_timeout(wait) {
                let mut words = line.split(' ');
                let word = words.next().unwrap_or_default();
                self.take(word, &words.map(unhex).collect::<Vec<_>>())?;
            }
        }
    }

    fn take(&mut self, word: &str, parts: &[Vec<u8>]) -> Result<(), Failed> {
        let now = self.now();
        match (word, parts) {
            ("claim", [claim, epoch, keyset, card]) => {
                let bundle = Bundle { claim, epoch, keyset, card, list: None };
                let taken = self.lock.verify_claim(&bundle, true, now)?.commit()?;
                self.keep_anchor()?;
                println!("taken: {taken:?}");
            }
            ("connect", _) => {
                let session = match self.broken() {
                    Some(anchor) => anchor.challenge(Nonce(random()?), Channel::Radio, now),
                    // As weak as a generator can be: the lock's nonces bear that.
                    None => self.lock.challenge([0; 16], Channel::Radio, now)?,
                };
                println!("challenge {}", hex(session.challenge().encode()?.as_bytes()));
                self.session = Some(session);
            }
            ("message", [message]) => {
                let logged = self.message(&mut message.clone());
                self.keep_anchor()?;
                println!("{logged}");
            }
            ("closed", _) => {
                self.lock.secure(|| turn(&self.lines, "securing"));
            }
            _ => println!("what?"),
        }
        Ok(())
    }

    /// Takes whatever a phone brings, and returns what the log says of it.
    fn message(&mut self, message: &mut [u8]) -> String {
        let (broken, now, started) = (self.broken(), self.now(), self.started);
        let Some(session) = &mut self.session else { return "no link".into() };
        let (lines, entry) = (&self.lines, self.lock.head(keyward::receipt::Log::Events).next.0);
        let bolt = |order: &Order<'_>, why: &str| match order.right() {
            Right::UNLOCK => turn(lines, &format!("unlocking, {why}")),
            Right::LOCK => turn(lines, &format!("locking, {why}")),
            // This door can do no more.
            _ => Outcome::Unknown,
        };
        let handled = match broken {
            // An anchor keeps no duty to relock: with a `MaxOpen` in emergency tokens that takes a
            // timer of the host's own.
            Some(anchor) => Presentation::decode(message)
                .map_err(Denial::from)
                .and_then(|it| anchor.open(session, &it, now, |order| bolt(order, "break-glass")))
                .map(outcome)
                .map_err(Rejected::Denial),
            None => {
                let why = format!("entry {entry}");
                let clock = || clock(started);
                let handled = self.lock.handle(session, message, clock, |order| bolt(order, &why));
                handled.map(|handled| match handled {
                    Handled::Recorded(recorded) => outcome(recorded.outcome),
                    other => format!("{other:?}"),
                })
            }
        };
        // The phone is told `Handled::answer` or `Rejected::answer`, the log all of it.
        handled.unwrap_or_else(|rejected| match rejected {
            Rejected::Denial(no) => format!("denied: {} ({})", no.name(), no.code()),
            Rejected::Refusal(no) => format!("refused: {} ({})", no.name(), no.code()),
        })
    }

    /// The anchor, where the lock does nothing and only break-glass is left.
    fn broken(&self) -> Option<Anchor> {
        self.anchor.filter(|_| self.lock.trust().is_err())
    }

    /// Keeps the anchor anew where what it says has changed.
    fn keep_anchor(&mut self) -> Result<(), Failed> {
        let Ok(anchor) = self.lock.anchor() else { return Ok(()) };
        if self.anchor != Some(anchor) {
            let bytes = anchor.encode(&self.kept.secret())?;
            keep(&self.place.join("anchor"), bytes.as_bytes())?;
            self.anchor = Some(anchor);
        }
        Ok(())
    }

    fn now(&self) -> Now {
        clock(self.started)
    }
}

/// A clock that this host trusts, and ticks since its start.
fn clock(started: Instant) -> Now {
    let ticks = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    Now { time: Interval::exactly(today()), uptime: Uptime(ticks), drift_ppm: 100 }
}

fn outcome(outcome: Outcome) -> String {
    if outcome == Outcome::Done { "OPENS".into() } else { format!("{outcome:?}") }
}

pub(crate) fn today() -> Time {
    let since = SystemTime::UNIX_EPOCH.elapsed();
    Time(since.expect("a clock that is set").as_secs())
}

/// Turns the motor; the bolt's switch reports its end.
fn turn(switch: &Receiver<String>, order: &str) -> Outcome {
    println!("{order}");
    match switch.recv_timeout(Duration::from_secs(5)).as_deref() {
        Ok("done") => Outcome::Done,
        Ok(_) => Outcome::Jammed,
        Err(_) => Outcome::Unknown,
    }
}

/// What comes over the cable; the host ends with it.
fn lines() -> Receiver<String> {
    let (send, lines) = mpsc::channel();
    thread::spawn(move || {
        let heard = io::stdin().lines().map_while(Result::ok);
        heard.for_each(|line| drop(send.send(line)));
        process::exit(0);
    });
    lines
}

/// Writes a small file for this user alone, durably and at one stroke.
fn keep(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = path.with_extension("new");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    path.parent().map_or(Ok(()), |directory| File::open(directory)?.sync_all())
}

fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes)
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn unhex(text: &str) -> Vec<u8> {
    let pairs = text.as_bytes().chunks(2).map(|pair| str::from_utf8(pair).unwrap_or_default());
    pairs.filter_map(|pair| u8::from_str_radix(pair, 16).ok()).collect()
}
