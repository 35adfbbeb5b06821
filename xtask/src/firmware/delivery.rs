//! The in-home delivery at a lock on emulated silicon, told as it goes.
//!
//! Owner, company, courier and camera are those of the testkit; between them and the lock there are
//! bytes alone.

use chacha20::ChaCha20Rng;
use keyward::{
    Ask, Card, Caveats, Challenge, Channel, Denial, Epoch, Receipt, Right, Rights, Seconds, Target,
    Time, Valid,
    ledger::Outcome,
    receipt::{Head, Log},
};
use keyward_testkit::world::{Camera, Capability, Holder, Owner, START, Settings};
use rand_core::{Rng, SeedableRng};

use super::{
    machine::Off,
    silicon::{DOOR, Found, Hello, Powered, Silicon, Told, same},
};

/// What a delivery has shown.
#[derive(Clone, Copy, Debug, Default)]
pub struct Report {
    pub scenes: u32,
    pub wrong: u32,
    /// Bytes of memory that the lock takes.
    pub lock: u32,
    /// Bytes of memory that the image takes at most: the lock, its buffer, stack and statics.
    pub memory: u32,
    /// Instructions of the opening under the camera's eye, with five signatures and a receipt.
    pub opening: u64,
    /// Those of the same, sealed.
    pub sealed: u64,
}

/// Runs a delivery, and prints it.
///
/// # Errors
/// Where the image dies. What comes out otherwise than it must is counted.
pub fn deliver(board: &Silicon<'_>) -> Result<Report, String> {
    let mut rng = ChaCha20Rng::seed_from_u64(2026);
    let owner = Owner::new(START, &mut rng);
    let (company, courier) = (Holder::new(&mut rng), Holder::new(&mut rng));
    let camera = Camera::new(DOOR, &mut rng);
    let (receipts, report) = (Vec::new(), Report::default());
    let now = START;
    let (opening, sealed) = (0, 0);
    let mut story = Story {
        board,
        now,
        owner,
        company,
        courier,
        camera,
        rng,
        receipts,
        opening,
        sealed,
        report,
    };
    let mut on = board.power(None)?;
    if let Err(Off) = story.tell(&mut on) {
        return Err(on.why());
    }
    let (memory, counts) = on.stop()?;
    let took = |place: usize| counts.stretches.get(place).copied().unwrap_or(0);
    story.report.memory = memory;
    (story.report.opening, story.report.sealed) = (took(story.opening), took(story.sealed));
    let mut on = board.power(None)?;
    if let Err(Off) = story.after(&mut on) {
        return Err(on.why());
    }
    on.stop()?;
    Ok(story.report)
}

struct Story<'e> {
    board: &'e Silicon<'e>,
    now: Time,
    owner: Owner,
    company: Holder,
    courier: Holder,
    camera: Camera,
    rng: ChaCha20Rng,
    receipts: Vec<Vec<u8>>,
    /// Which of what is measured are the openings.
    opening: usize,
    sealed: usize,
    report: Report,
}

/// How a phone comes to the door.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Comes {
    Rightly,
    /// The camera's picture is dark.
    Unseen,
    /// With a key of his own.
    AsThief,
    Sealed,
}

impl Story<'_> {
    fn tell(&mut self, on: &mut Powered) -> Result<(), Off> {
        let hello = on.hello(self.board)?;
        self.report.lock = hello.size;
        self.expect(
            "the lock starts, its flash erased",
            hello.found == Found::Nothing,
            "unclaimed",
        );
        self.claim(on)?;
        let (company, parcel) = self.grants();
        self.wait(on, 240)?;
        let told = self.opens(on, &parcel, Comes::Rightly)?;
        self.receipt("the courier, under the camera's eye", told);
        on.secure()?;
        say("door", "closes and locks itself");
        let told = self.opens(on, &parcel, Comes::Rightly)?;
        self.denied("the courier once more", &told, "UsesSpent");
        let other = self.parcel(&company);
        let told = self.opens(on, &other, Comes::Unseen)?;
        self.denied("he jams the camera", &told, "WitnessMissing");
        let told = self.opens(on, &other, Comes::AsThief)?;
        self.denied("a thief has the token, not the key", &told, "HolderSignature");
        self.owner.seal(DOOR, self.board.opening.public(), true, self.now);
        self.news(on, "a card that demands sealed requests")?;
        let told = self.opens(on, &other, Comes::Rightly)?;
        self.denied("the courier, for all to read", &told, "SealedOnly");
        let told = self.opens(on, &other, Comes::Sealed)?;
        self.receipt("the courier, sealed", told);
        self.owner.revoke([self.company.public().name().into()], self.now);
        self.news(on, "a list with the company on it")?;
        let told = self.opens(on, &self.parcel(&company), Comes::Sealed)?;
        self.denied("the company's next courier", &told, "KeyRevoked");
        self.whole(on)?;
        say("power", "fails, the bolt drawn");
        Ok(())
    }

    /// What a lock knows that was without power.
    fn after(&mut self, on: &mut Powered) -> Result<(), Off> {
        let Hello { found, due, .. } = on.hello(self.board)?;
        self.expect("the lock starts anew", found == Found::Lock, "as it was");
        self.expect("nobody knows how long the door was open", due, "secures it first");
        on.secure()?;
        self.wait(on, 60)?;
        self.whole(on)
    }

    fn claim(&mut self, on: &mut Powered) -> Result<(), Off> {
        self.wait(on, 0)?;
        let shown = self.board.unclaimed();
        let is_own = shown.encode().is_ok_and(|own| on.show().is_ok_and(|s| s == own.as_bytes()));
        self.expect("the lock shows its key and its life", is_own, "its own");
        self.owner.enrol(shown, DOOR, Settings::default(), self.now);
        let library = &self.owner.library;
        let (epoch, card) = (&library.epochs[0], &library.cards[&DOOR]);
        let key = &self.board.claim_key;
        let claim = Epoch::decode(epoch).ok().zip(Card::decode(card).ok());
        let claim = claim.and_then(|(epoch, card)| {
            shown.claim(self.owner.domain, &epoch, &card, &key.public()).ok()?.sign(key).ok()
        });
        let claim = claim.map(|claim| claim.as_bytes().to_vec()).unwrap_or_default();
        let parts = [claim, epoch.clone(), library.keyset.clone(), card.clone()];
        let size: usize = parts.iter().map(Vec::len).sum();
        let told = on.claim(&parts)?;
        self.expect("the owner claims it by the key in its box", told == Told::Taken, "claimed");
        say("", &format!("(claim, epoch, keyset, card: {size} bytes)"));
        Ok(())
    }

    fn grants(&mut self) -> (Capability, Capability) {
        let year = Valid { from: START, lasts: Seconds::days(365) };
        let camera = self.camera.key.public();
        let grant = Caveats::grant(Rights::of(Right::UNLOCK), &[Target::Lock(DOOR)], year)
            .and_then(|grant| grant.witness(1, &[camera])?.fresh(Seconds::minutes(5)))
            .and_then(|grant| grant.max_open(Seconds(30)))
            .expect("a grant");
        let company = self.owner.grant(&self.company.public(), 1, &grant);
        say("owner", "grants the company the flat's door, under the camera's eye");
        let parcel = self.parcel(&company);
        say("company", "passes it on to a courier, for one parcel and 15 minutes");
        (company, parcel)
    }

    fn parcel(&self, company: &Capability) -> Capability {
        let window = Valid { from: self.now, lasts: Seconds::minutes(15) };
        let once = Caveats::narrowing().valid(window).and_then(|caveats| caveats.uses(1));
        self.company.delegate(company, &self.courier.public(), 0, &once.expect("caveats"))
    }

    /// A phone connects, asks its camera, and presents.
    fn opens(&mut self, on: &mut Powered, held: &Capability, comes: Comes) -> Result<Told, Off> {
        self.wait(on, 1)?;
        let challenge = on.connect()?;
        let ask = Ask { lock: DOOR, right: Right::UNLOCK, parameter: b"" };
        let request = self.courier.request(held, ask, &challenge, Channel::Radio, &mut self.rng);
        self.camera.recording = comes != Comes::Unseen;
        let witness: Vec<_> = self.camera.agree(&request).into_iter().collect();
        let status = self.owner.attest(Time(self.now.0 - 60), None);
        let thief = Holder::new(&mut self.rng);
        let presentation = match comes {
            Comes::AsThief => thief.forge(&request, &witness, Some(&status)),
            _ => self.courier.present(&request, &witness, Some(&status)),
        };
        let message = match comes {
            Comes::Sealed => self.courier.seal(&request, &presentation, &self.owner, &mut self.rng),
            _ => presentation,
        };
        let place = on.next();
        let told = on.message(&message, || say("bolt", "moves"))?;
        if matches!(told, Told::Receipt(_)) {
            *(if comes == Comes::Sealed { &mut self.sealed } else { &mut self.opening }) = place;
        }
        Ok(told)
    }

    /// A visitor's phone carries what the owner has published.
    fn news(&mut self, on: &mut Powered, what: &str) -> Result<(), Off> {
        self.wait(on, 60)?;
        let challenge = on.connect()?;
        let challenge = Challenge::decode(&challenge).map_err(|_| Off)?;
        let mut all = true;
        for statement in self.owner.library.missing(&challenge) {
            all &= on.message(&statement, || ())? == Told::Taken;
        }
        self.expect(&format!("a visitor brings {what}"), all, "taken in");
        Ok(())
    }

    /// Reads the log: each entry hangs from the one before, and each receipt is in it.
    fn whole(&mut self, on: &mut Powered) -> Result<(), Off> {
        let entries = on.log()?;
        let mut heads = [Some(Head::START); 2];
        for entry in &entries {
            let Ok(receipt) = Receipt::decode(entry) else { return Err(Off) };
            let head = &mut heads[usize::from(receipt.unverified().log() == Log::Denials)];
            *head = head.and_then(|head| head.step(&receipt).ok());
        }
        let told = self.receipts.iter();
        let told = told.filter(|receipt| entries.iter().any(|entry| same(entry, receipt))).count();
        let is_whole = heads.iter().all(Option::is_some) && told == self.receipts.len();
        let what = format!("its log: {} entries, {told} of them told", entries.len());
        self.expect(&what, is_whole, "whole");
        Ok(())
    }

    fn wait(&mut self, on: &mut Powered, seconds: u64) -> Result<(), Off> {
        self.now = self.now.after(seconds);
        let mut random = [0; 16];
        self.rng.fill_bytes(&mut random);
        on.now(self.now, random)
    }

    /// The lock opened, and its receipt says so.
    fn receipt(&mut self, scene: &str, told: Told) {
        let Told::Receipt(bytes) = told else {
            return self.expect(scene, false, &format!("{told:?}"));
        };
        let key = self.board.device.public();
        let says = Receipt::decode(&bytes).ok().and_then(|receipt| {
            let public = receipt.verify(&self.owner.domain, &key).ok()?;
            Some(matches!(public.event, keyward::receipt::Event::Opening { outcome, .. }
                if outcome == Outcome::Done))
        });
        self.expect(scene, says == Some(true), "OPENS, and signs a receipt");
        self.receipts.push(bytes);
    }

    fn denied(&mut self, scene: &str, told: &Told, name: &str) {
        let code = match told {
            Told::Denied(code) => *code,
            other => return self.expect(scene, false, &format!("{other:?}")),
        };
        let found = Denial::ALL.iter().find(|(number, _)| *number == code);
        let is = found.map_or("?", |(_, name)| name);
        self.expect(scene, is == name, &format!("denied: {is} ({code})"));
    }

    fn expect(&mut self, scene: &str, came_out: bool, told: &str) {
        self.report.scenes += 1;
        self.report.wrong += u32::from(!came_out);
        println!("{scene:<44} {told}{}", if came_out { "" } else { "   <- WRONG" });
    }
}

fn say(who: &str, what: &str) {
    println!("{who:>14} {what}");
}
