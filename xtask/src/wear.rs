//! How ten years at a door wear its flash: a real lock over a simulated flash of two halves.
//!
//! A day has 20 openings: by tokens of one link and of three whose uses are counted, and without a
//! challenge. Half of the tables is live all the time. Two openings a day bring a status; a list
//! of 32 entries comes each month, a keyset each quarter, and power fails each month.

use std::{cell::RefCell, collections::VecDeque, rc::Rc, thread};

use chacha20::ChaCha20Rng;
use keyward::{
    Ask, Caveats, Channel, Denial, Grant, Now, Origin, Request, Right, Rights, Seconds, Target,
    Time, Token, Valid,
    id::{Counter, LockId},
    ledger::Outcome,
    status::Revoked,
    store::{Cursor, Store, StoreError},
    tables::{Capacity, Tables},
};
use keyward_store::{
    flash::BlockingFlashLog,
    sim::{Behaviour, Erasing, Flash},
};
use keyward_testkit::world::{Capability, Door, Holder, Owner, START, Settings};
use rand_core::SeedableRng;

/// Bytes of a page.
const PAGE: usize = 4096;

/// Erases that each page must bear: half of what a small microcontroller's flash is promised for.
const MOST_ERASES: u32 = 5000;

/// Seconds from one new token to the next. A day has two such parts, of ten openings each.
const PART: u64 = 43_200;
const OPENINGS_IN_A_PART: u64 = 10;

/// Wears the flash for so many days: `--days N`, ten years by default.
pub fn run(arguments: &[String]) -> Result<(), String> {
    let days: u64 = match arguments {
        [] => 3650,
        [flag, number] if flag == "--days" => {
            number.parse().map_err(|_| format!("{number}: not a number"))?
        }
        _ => return Err("usage: cargo xtask wear [--days N]".into()),
    };
    println!("Two halves of pages of {PAGE} bytes; tables of C counts and L lanes, half full.");
    // The largest tables that fit: with one count more, or with a fifth lane, they don't compile.
    let settings: [(&str, Wear); 4] = [
        ("2 pages a half, write unit 4, tables 17/4", worn::<4, 8192, Tables<17, 4>>),
        ("2 pages a half, write unit 8, tables 14/4", worn::<8, 8192, Tables<14, 4>>),
        ("3 pages a half, write unit 4, tables 64/16", worn::<4, 12_288, Tables<64, 16>>),
        ("3 pages a half, write unit 8, tables 64/16", worn::<8, 12_288, Tables<64, 16>>),
    ];
    let mut worst = 0;
    for (name, wear) in settings {
        let (plain, kept) = thread::scope(|scope| {
            let plain = scope.spawn(|| wear(days, false));
            let kept = wear(days, true);
            (plain.join().map_err(|_| "a thread panicked".to_owned()), kept)
        });
        let (plain, kept) = (plain??, kept?);
        println!("\n{name}");
        println!("openings: {}", plain.openings);
        println!("bytes_per_opening: {:.0}", plain.bytes_per_opening());
        println!("replacements: {}", plain.replacements);
        println!("erases_per_page: {}", plain.erases);
        println!("bytes_per_opening_with_retention: {:.0}", kept.bytes_per_opening());
        println!("replacements_with_retention: {}", kept.replacements);
        println!("erases_per_page_with_retention: {}", kept.erases);
        println!("records_without_room_to_be_retained: {}", kept.dropped);
        worst = worst.max(plain.erases).max(kept.erases);
    }
    println!("\nmost_erases: {worst} of {MOST_ERASES}");
    if worst > MOST_ERASES { Err("a page wears out".into()) } else { Ok(()) }
}

type Wear = fn(u64, bool) -> Result<Report, String>;

struct Report {
    openings: u64,
    programmed: u64,
    replacements: u64,
    erases: u32,
    dropped: u64,
}

impl Report {
    fn bytes_per_opening(&self) -> f64 {
        self.programmed as f64 / self.openings as f64
    }
}

/// A log whose decisions and outcomes outlive a replacement until they are acknowledged, at
/// midnight. The copies are for whoever fetches receipts; the lock doesn't see them.
struct Acknowledged<S> {
    log: S,
    retains: bool,
    unread: Unread,
    /// Bytes of the log that is staged.
    staged: usize,
    replacements: u64,
    dropped: u64,
}

/// The records since midnight, in reach of whoever acknowledges them.
type Unread = Rc<RefCell<Vec<Vec<u8>>>>;

/// Decision and outcome.
const KINDS: [u8; 2] = [8, 9];
/// Marks a copy's kind.
const COPY: u8 = 0x80;

impl<S: Store> Acknowledged<S> {
    /// What stays free for openings behind the copies.
    const RESERVE: usize = S::CAPACITY / 8;

    fn stage_copies(&mut self) -> Result<(), StoreError> {
        let unread = self.unread.take();
        for record in unread {
            let staged = self.staged + record.len() + S::OVERHEAD;
            if staged + Self::RESERVE > S::CAPACITY {
                self.dropped += 1;
                continue;
            }
            let mut copy = record.clone();
            copy[0] |= COPY;
            self.log.stage(&copy)?;
            self.staged = staged;
            self.unread.borrow_mut().push(record);
        }
        Ok(())
    }
}

impl<S: Store> Store for Acknowledged<S> {
    const CAPACITY: usize = S::CAPACITY;
    const OVERHEAD: usize = S::OVERHEAD;

    fn read(&mut self, at: Cursor, out: &mut [u8]) -> Result<Option<(usize, Cursor)>, StoreError> {
        let mut at = at;
        while let Some((length, next)) = Store::read(&mut self.log, at, out)? {
            if out[0] & COPY == 0 {
                return Ok(Some((length, next)));
            }
            at = next;
        }
        Ok(None)
    }

    fn append(&mut self, record: &[u8]) -> Result<(), StoreError> {
        Store::append(&mut self.log, record)?;
        if self.retains && KINDS.contains(&record[0]) {
            self.unread.borrow_mut().push(record.to_vec());
        }
        Ok(())
    }

    fn begin(&mut self) -> Result<(), StoreError> {
        self.staged = 0;
        Store::begin(&mut self.log)
    }

    fn stage(&mut self, record: &[u8]) -> Result<(), StoreError> {
        self.staged += record.len() + S::OVERHEAD;
        Store::stage(&mut self.log, record)
    }

    fn publish(&mut self) -> Result<(), StoreError> {
        self.stage_copies()?;
        self.replacements += 1;
        Store::publish(&mut self.log)
    }
}

type Log<const WRITE: usize, const HALF: usize> = BlockingFlashLog<Flash<WRITE, PAGE>, HALF>;

/// Wears a flash of two halves out, and tells how far it is.
fn worn<const WRITE: usize, const HALF: usize, T: Capacity>(
    days: u64,
    retains: bool,
) -> Result<Report, String> {
    let behaviour = Behaviour { erasing: Erasing::Upward, marginal: false, ecc: false };
    let flash = Flash::<WRITE, PAGE>::new(2 * HALF / PAGE, behaviour, 1);
    let log = Log::<WRITE, HALF>::open(flash).map_err(|error| format!("{error:?}"))?;
    let unread = Unread::default();
    let store = Acknowledged {
        log,
        retains,
        unread: Rc::clone(&unread),
        staged: 0,
        replacements: 0,
        dropped: 0,
    };
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let mut owner = Owner::new(START, &mut rng);
    let mut door = Door::<_, T>::over(LockId(*b"flat-12a"), store, &mut rng);
    let settings = Settings { groups: Vec::new(), unchallenged: true };
    door.move_in(&mut owner, settings, Now::exactly(START));
    let mut life = Life::new::<T>(owner, rng, door.id);
    for day in 0..days {
        let midnight = START.after(day * 86_400);
        unread.borrow_mut().clear();
        if day % 91 == 0 {
            life.quarter(midnight);
        }
        if day % 30 == 0 {
            life.month(midnight);
            door.visit(&life.owner.library, Now::exactly(midnight));
            let (restarted, restored) = door.restarted(None, |store| {
                let log = Log::<WRITE, HALF>::open(store.log.into_inner()).expect("a sound flash");
                Acknowledged { log, ..store }
            });
            restored.map_err(|denial| format!("day {day}: {denial}"))?;
            door = restarted;
        }
        for part in 0..2 {
            let denied = life.part(&mut door, midnight.after(part * PART));
            denied.map_err(|denial| format!("day {day}: {denial}"))?;
        }
    }
    let (held, floor) = (door.lock.memory(), life.heard);
    let live = (held.counts(floor).count(), held.lanes(floor).count());
    if live != (T::COUNTS / 2, T::LANES / 2) {
        return Err(format!("live: {live:?}, not half of the tables"));
    }
    let store = door.lock.into_store();
    let (replacements, dropped) = (store.replacements, store.dropped);
    let flash = store.log.into_inner();
    let erased: u64 = flash.erases().iter().map(|erases| u64::from(*erases)).sum();
    Ok(Report {
        openings: life.openings,
        programmed: flash.steps() - erased * PAGE as u64,
        replacements,
        erases: flash.erases().iter().copied().max().unwrap_or_default(),
        dropped,
    })
}

/// The owner, the holders, and what they hold.
struct Life {
    owner: Owner,
    rng: ChaCha20Rng,
    door: LockId,
    /// The company, its contractor, and a person.
    holders: [Holder; 3],
    /// Tokens whose uses are counted, and how many of them are live at a time.
    counted: VecDeque<Capability>,
    live: usize,
    /// Those who come without a challenge.
    others: Vec<(Holder, Capability)>,
    parts: u64,
    openings: u64,
    /// When the last status was signed.
    heard: Time,
}

impl Life {
    fn new<T: Capacity>(owner: Owner, mut rng: ChaCha20Rng, door: LockId) -> Self {
        let holders = [(); 3].map(|()| Holder::new(&mut rng));
        let none = || Capability { origin: Vec::new(), token: Vec::new() };
        let others = (0..T::LANES / 2).map(|_| (Holder::new(&mut rng), none())).collect();
        let (counted, live) = (VecDeque::new(), T::COUNTS / 2);
        let (parts, openings, heard) = (0, 0, START);
        Self { owner, rng, door, holders, counted, live, others, parts, openings, heard }
    }

    fn grant(&self, from: Time, lasts: Seconds) -> Grant {
        let valid = Valid { from, lasts };
        let targets = [Target::Lock(self.door)];
        Caveats::grant(Rights::of(Right::UNLOCK), &targets, valid).expect("a grant")
    }

    /// A new keyset, and new tokens for those who come without a challenge.
    fn quarter(&mut self, now: Time) {
        self.owner.publish_keyset(now);
        let grant = self.grant(now, Seconds::days(92));
        for (holder, held) in &mut self.others {
            *held = self.owner.grant(&holder.public(), 0, &grant);
        }
    }

    /// A new list, half full.
    fn month(&mut self, now: Time) {
        let lost = (0..32).map(|_| Revoked::from(Holder::new(&mut self.rng).public().name()));
        self.owner.revoked = lost.collect();
        self.owner.publish_list(now);
    }

    /// Half a day: a new token takes the place of the oldest, which ends now.
    fn part<S: Store, T: Capacity>(
        &mut self,
        door: &mut Door<S, T>,
        start: Time,
    ) -> Result<(), Denial> {
        self.heard = start;
        let token = self.token(start);
        self.counted.push_back(token);
        if self.counted.len() > self.live {
            self.counted.pop_front();
        }
        for opening in 0..OPENINGS_IN_A_PART {
            let now = start.after(opening * 3600);
            let other = usize::try_from(opening).ok().and_then(|opening| opening.checked_sub(1));
            match other.and_then(|other| self.others.get(other)) {
                Some((holder, held)) => {
                    let presentation = unchallenged(holder, held, self.door, now);
                    let clock = || Now::exactly(now);
                    door.lock.handle_unchallenged(&presentation, clock, |_| Outcome::Done)?;
                }
                None => {
                    let status = (opening == 0).then(|| self.owner.attest(now, None));
                    // The newest is used first, with the status that ends the oldest.
                    let held = usize::try_from(opening).unwrap_or(0) % self.counted.len();
                    let held = &self.counted[self.counted.len() - 1 - held];
                    let challenge = door.connect(Channel::Radio, Now::exactly(now));
                    let ask = Ask { lock: self.door, right: Right::UNLOCK, parameter: b"" };
                    let [.., person] = &self.holders;
                    let rng = &mut self.rng;
                    let request = person.request(held, ask, &challenge, Channel::Radio, rng);
                    let presentation = person.present(&request, &[], status.as_deref());
                    door.present(&presentation, Now::exactly(now)).1?;
                }
            }
            self.openings += 1;
        }
        Ok(())
    }

    /// A counted token of one link or, every other time, of three.
    fn token(&mut self, from: Time) -> Capability {
        self.parts += 1;
        let seconds = PART * u64::try_from(self.live).unwrap_or(0);
        let grant = self.grant(from, Seconds(u32::try_from(seconds).unwrap_or(u32::MAX)));
        let [company, contractor, person] = &self.holders;
        if self.parts.is_multiple_of(2) {
            return self.owner.grant(&person.public(), 0, &grant.uses(1000).expect("a grant"));
        }
        let held = self.owner.grant(&company.public(), 2, &grant);
        let held = company.delegate(&held, &contractor.public(), 1, &Caveats::narrowing());
        let counted = Caveats::narrowing().uses(1000).expect("a caveat");
        contractor.delegate(&held, &person.public(), 0, &counted)
    }
}

fn unchallenged(holder: &Holder, held: &Capability, lock: LockId, now: Time) -> Vec<u8> {
    let origin = Origin::decode(&held.origin).expect("an origin");
    let token = Token::decode(&held.token).expect("a token");
    let ask = Ask { lock, right: Right::UNLOCK, parameter: b"" };
    let (counter, expires) = (Counter(now.0), now.after(600));
    let request = Request::unchallenged(&origin, &token, ask, counter, now, expires);
    let request = request.and_then(|request| request.encode()).expect("a request");
    holder.present(request.as_bytes(), &[], None)
}
