//! How ten years at a door wear its flash: a real lock over a simulated flash of two halves.
//!
//! A day has 20 openings: by tokens of one link and of three whose uses are counted, and without a
//! challenge. Half of the tables is live all the time. Two openings a day bring a status; a list
//! of 32 entries comes each month, a keyset each quarter, and power fails each month. At midnight
//! the owner reads the log and acknowledges it.

use std::{collections::VecDeque, thread};

use chacha20::ChaCha20Rng;
use keyward::{
    Ask, Caveats, Channel, Denial, Grant, Now, Origin, Request, Right, Rights, Seconds, Target,
    Time, Token, Valid,
    id::{Counter, LockId},
    ledger::Outcome,
    receipt,
    status::Revoked,
    store::Store,
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
        ("2 pages a half, write unit 4, tables 15/4", worn::<4, 8192, Tables<15, 4>>),
        ("2 pages a half, write unit 8, tables 12/4", worn::<8, 8192, Tables<12, 4>>),
        ("3 pages a half, write unit 4, tables 64/16", worn::<4, 12_288, Tables<64, 16>>),
        ("3 pages a half, write unit 8, tables 64/16", worn::<8, 12_288, Tables<64, 16>>),
    ];
    let mut worst = 0;
    for (name, wear) in settings {
        let report = thread::spawn(move || wear(days)).join();
        let report = report.map_err(|_| "a thread panicked".to_owned())??;
        println!("\n{name}");
        println!("openings: {}", report.openings);
        println!("bytes_per_opening: {:.0}", report.bytes_per_opening());
        println!("erases_per_page: {}", report.erases);
        println!("events_read: {}", report.read);
        println!("events_dropped_unread: {}", report.dropped);
        worst = worst.max(report.erases);
    }
    println!("\nmost_erases: {worst} of {MOST_ERASES}");
    if worst > MOST_ERASES { Err("a page wears out".into()) } else { Ok(()) }
}

type Wear = fn(u64) -> Result<Report, String>;

struct Report {
    openings: u64,
    programmed: u64,
    erases: u32,
    read: u64,
    dropped: u64,
}

impl Report {
    fn bytes_per_opening(&self) -> f64 {
        self.programmed as f64 / self.openings as f64
    }
}

type Log<const WRITE: usize, const HALF: usize> = BlockingFlashLog<Flash<WRITE, PAGE>, HALF>;

/// Wears a flash of two halves out, and tells how far it is.
fn worn<const WRITE: usize, const HALF: usize, T: Capacity>(days: u64) -> Result<Report, String> {
    let behaviour = Behaviour::of(Erasing::Upward);
    let flash = Flash::<WRITE, PAGE>::new(2 * HALF / PAGE, behaviour, 1);
    let log = Log::<WRITE, HALF>::open(flash).map_err(|error| format!("{error:?}"))?;
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let mut owner = Owner::new(START, &mut rng);
    let mut door = Door::<_, T>::over(LockId(*b"flat-12a"), log, &mut rng);
    let settings = Settings { groups: Vec::new(), unchallenged: true };
    door.move_in(&mut owner, settings, Now::exactly(START));
    let mut life = Life::new::<T>(owner, rng, door.id);
    for day in 0..days {
        let midnight = START.after(day * 86_400);
        life.read(&mut door, Now::exactly(midnight))?;
        if day % 91 == 0 {
            life.quarter(midnight);
        }
        if day % 30 == 0 {
            life.month(midnight);
            door.visit(&life.owner.library, Now::exactly(midnight));
            let (restarted, restored) = door.restarted(None, |log| {
                Log::<WRITE, HALF>::open(log.into_inner()).expect("a sound flash")
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
    let flash = door.lock.into_store().into_inner();
    let erased: u64 = flash.erases().iter().map(|erases| u64::from(*erases)).sum();
    Ok(Report {
        openings: life.openings,
        programmed: flash.steps() - erased * PAGE as u64,
        erases: flash.erases().iter().copied().max().unwrap_or_default(),
        read: life.next,
        dropped: life.dropped,
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
    /// The owner, who reads the log, and the number of the next event for him.
    reader: (Holder, Capability),
    next: u64,
    dropped: u64,
}

impl Life {
    fn new<T: Capacity>(owner: Owner, mut rng: ChaCha20Rng, door: LockId) -> Self {
        let holders = [(); 3].map(|()| Holder::new(&mut rng));
        let none = || Capability { origin: Vec::new(), token: Vec::new() };
        let others = (0..T::LANES / 2).map(|_| (Holder::new(&mut rng), none())).collect();
        let (counted, live) = (VecDeque::new(), T::COUNTS / 2);
        let (parts, openings, heard) = (0, 0, START);
        let (reader, next, dropped) = ((Holder::new(&mut rng), none()), 0, 0);
        Self {
            owner,
            rng,
            door,
            holders,
            counted,
            live,
            others,
            parts,
            openings,
            heard,
            reader,
            next,
            dropped,
        }
    }

    /// The owner reads what the lock holds, and acknowledges it.
    fn read<S: Store, T: Capacity>(
        &mut self,
        door: &mut Door<S, T>,
        now: Now,
    ) -> Result<(), String> {
        let wrong = |denial: Denial| format!("reading: {denial}");
        let valid = Valid { from: now.time.lo(), lasts: Seconds::days(1) };
        let targets = [Target::Lock(self.door)];
        let grant = Caveats::grant(Rights::of(Right::READ_LOG), &targets, valid).expect("a grant");
        self.reader.1 = self.owner.grant(&self.reader.0.public(), 0, &grant);
        let mut reader = door.lock.read_log(now).map_err(wrong)?;
        let mut last = None;
        while let Some(entry) = door.lock.next_entry(&mut reader).map_err(wrong)? {
            if let (receipt::Log::Events, head) = entry.head().expect("an entry") {
                let number = head.next.0 - 1;
                self.dropped += number.saturating_sub(self.next);
                self.next = self.next.max(head.next.0);
                last = Some(head);
            }
        }
        let parameter = last.map(|head| head.acknowledgement()).unwrap_or([0; 40]);
        let challenge = door.connect(Channel::Radio, now);
        let ask = Ask { lock: self.door, right: Right::READ_LOG, parameter: &parameter };
        let (phone, held) = &self.reader;
        let request = phone.request(held, ask, &challenge, Channel::Radio, &mut self.rng);
        let recorded = door.present(&phone.present(&request, &[], None), now).1.map_err(wrong)?;
        if recorded.acknowledged() { Ok(()) } else { Err("not acknowledged".into()) }
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
                    let mut presentation = unchallenged(holder, held, self.door, now);
                    let clock = || Now::exactly(now);
                    door.lock.handle_unchallenged(&mut presentation, clock, |_| Outcome::Done)?;
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
