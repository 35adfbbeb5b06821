//! A disputed second entry, and the audit that settles it.
//!
//! The courier's company says that he came in once that day. What the door says is carried out by
//! phones, sealed to the owner; the auditor trusts no phone.

use keyward::{
    Ask, Caveats, Channel, OpeningKey, OpeningKeys, Receipt, Request, Right, Rights, Seconds,
    Target, Valid,
    id::EvidenceId,
    ledger::Outcome,
    receipt::{About, Disclosed, Entry, Log},
    recording::Closed,
    seal::{Context, open},
    text,
};
use keyward_audit::{Audit, Book, Finding, Missing, Mode, Statements, Teller};
use keyward_testkit::world::{Capability, World};

use crate::say;

/// Two entries on one day, one of them denied by those who made it.
pub(crate) struct Dispute {
    world: World,
    /// The tokens of the two visits, as the company has them.
    parcels: Vec<Capability>,
    /// What the courier's phone was told by the door.
    receipts: Vec<Vec<u8>>,
    /// What the camera says of its recordings.
    recordings: Vec<Vec<u8>>,
}

impl Dispute {
    /// The day: a parcel at nine, and somebody at four.
    pub(crate) fn new() -> Self {
        let mut world = World::new(2027);
        world.owner.keep_log(world.now, &mut world.rng);
        let _taken = world.flat.visit(&world.owner.library, world.now());
        let mut day =
            Self { world, parcels: Vec::new(), receipts: Vec::new(), recordings: Vec::new() };
        day.visit();
        day.world.wait(7 * 3600);
        day.visit();
        day
    }

    /// The courier delivers: a token for one entry, the camera's word, a receipt.
    fn visit(&mut self) {
        let World { owner, company, courier, camera, flat, rng, now, .. } = &mut self.world;
        let valid = Valid { from: *now, lasts: Seconds::minutes(15) };
        let targets = [Target::Lock(flat.id())];
        let grant = Caveats::grant(Rights::of(Right::UNLOCK), &targets, valid)
            .and_then(|grant| grant.witness(1, &[camera.key.public()]))
            .unwrap();
        let granted = owner.grant(&company.public(), 1, &grant);
        let once = Caveats::narrowing().uses(1).unwrap();
        let parcel = company.delegate(&granted, &courier.public(), 0, &once);
        let present = keyward::Now::exactly(*now);
        let challenge = flat.connect(Channel::Radio, present);
        let ask = Ask { lock: flat.id(), right: Right::UNLOCK, parameter: b"" };
        let request = courier.request(&parcel, ask, &challenge, Channel::Radio, rng);
        let agreed = camera.agree(&request).unwrap();
        let presentation = courier.present(&request, std::slice::from_ref(&agreed), None);
        let recorded = flat.present(&presentation, present).1.unwrap();
        self.receipts.push(flat.receipt(&recorded));
        // Afterwards the camera closes what it named before there was anything to see.
        let core = Request::decode(&request).unwrap().core().unwrap();
        let closed = Closed {
            core: *core.as_bytes(),
            evidence: EvidenceId(agreed[34..50].try_into().unwrap()),
            hash: [0xca; 32],
            from: *now,
            until: now.after(90),
        };
        let draft = closed.draft(&camera.key.public()).unwrap();
        self.recordings.push(draft.sign(&camera.key).unwrap().as_bytes().to_vec());
        self.parcels.push(parcel);
        flat.secure();
    }

    /// Carries the log out, audits it twice, and prints what the auditor says. Each scene is what
    /// is tried, what is told of it, and whether it came out so.
    pub(crate) fn settle(mut self) -> Vec<(&'static str, &'static str, bool)> {
        println!();
        say("company", "says that its courier was in the flat once, at nine");
        let now = self.world.now();
        let carried = self.world.flat.sealed_log(now);
        let bytes: usize = carried.iter().map(Vec::len).sum();
        say("courier", "carries the door's log to the owner, sealed");
        println!("{:>14} ({} entries: {bytes} bytes)", "", carried.len());
        let mut scenes = vec![
            ("the courier reads what he carries", "can't", !self.opens(&carried)),
            ("his phone holds a receipt of each entry", "genuine", self.told()),
        ];
        let entries: Vec<_> = carried
            .iter()
            .map(|sealed| self.world.owner.opened(self.world.flat.id(), sealed).unwrap())
            .collect();
        let second = entries.iter().rposition(|entry| is_opening(entry)).unwrap();
        let mut without = entries.clone();
        let last = without.remove(second);
        let number = Entry::decode(&last).unwrap().receipt.unverified().sequence;
        // What came behind, so that somebody has something to hang on to.
        self.world.owner.publish_keyset(self.world.now);
        let _later = self.world.flat.visit(&self.world.owner.library, now);
        let whole = self.world.flat.sealed_log(now);
        let whole: Vec<_> = whole
            .iter()
            .map(|sealed| self.world.owner.opened(self.world.flat.id(), sealed).unwrap())
            .collect();
        without.extend(whole.iter().skip(entries.len()).cloned());
        let withheld = self.audit(&without, false);
        let named = withheld.iter().any(|finding| {
            matches!(finding, Finding::Gap { from, until, why: Missing::Withheld, .. }
                if (*from, *until) == (number, number))
        });
        scenes.push(("he leaves the second entry out", "gap named: withheld", named));
        say("guest", "carries the whole log out the day after; the auditor says:");
        let findings = self.audit(&whole, true);
        let is_whole = findings.iter().all(|finding| matches!(finding, Finding::Whole { .. }));
        let sound = is_whole && self.names(&last);
        scenes.push(("who came at four", "settled: the courier", sound));
        scenes
    }

    /// Whether an entry names the courier.
    fn names(&self, entry: &[u8]) -> bool {
        let told = Entry::decode(entry).unwrap().disclosed();
        let Ok(Disclosed::Told(told)) = told else { return false };
        matches!(told.about, About::Opening(opening)
            if opening.holder == self.world.courier.public().name())
    }

    /// Whether the courier's phone reads an entry, by any key that it has.
    fn opens(&self, carried: &[Vec<u8>]) -> bool {
        let secret = self.world.courier.key.expose_secret();
        let keys = OpeningKeys::new(OpeningKey::from_secret(secret));
        let door = Context::entry(self.world.flat.id());
        let holder = self.world.courier.public().name();
        carried.iter().any(|sealed| {
            let shows = sealed.windows(16).any(|part| part == holder.0);
            shows || open(&keys, &door, &mut sealed.clone()).is_ok()
        })
    }

    /// Whether each receipt verifies by the door's card, and says that it opened.
    fn told(&self) -> bool {
        let card = &self.world.owner.library.cards[&self.world.flat.id()];
        let card = keyward::Card::decode(card).unwrap();
        let domain = self.world.owner.held();
        let card = domain.check_card(&card).unwrap();
        self.receipts.iter().all(|bytes| {
            let receipt = Receipt::decode(bytes).unwrap();
            let public = receipt.verify(&self.world.owner.domain, &card.device().unwrap());
            public.is_ok_and(|public| {
                matches!(public.event, keyward::receipt::Event::Opening { outcome, .. }
                    if outcome == Outcome::Done)
            })
        })
    }

    /// Audits entries with all that the owner, the company and the camera hand over.
    fn audit(&self, entries: &[Vec<u8>], prints: bool) -> Vec<Finding> {
        let owner = &self.world.owner;
        let mut objects: Vec<&[u8]> = owner.library.epochs.iter().map(Vec::as_slice).collect();
        objects.extend(owner.keysets.iter().map(Vec::as_slice));
        objects.push(&owner.library.cards[&self.world.flat.id()]);
        for parcel in &self.parcels {
            objects.extend([parcel.origin.as_slice(), &parcel.token]);
        }
        objects.extend(self.recordings.iter().map(Vec::as_slice));
        objects.extend(self.receipts.iter().map(Vec::as_slice));
        objects.extend(entries.iter().map(Vec::as_slice));
        let lines: Vec<_> = objects.iter().map(|object| line(object)).collect();
        let lines = lines.join("\n");

        let mut statements = Statements::new(owner.domain);
        statements.read_text(lines.as_bytes());
        let trust = statements.verify();
        let mut audit = Audit::new(trust.lock(self.world.flat.id()).unwrap());
        audit.read_text(lines.as_bytes(), &mut ());
        let audited = audit.finish(Mode::Thorough, &mut ());
        if prints {
            let (joins, book) = (audited.joins(), self.book());
            let teller = Teller::new(&audited, &joins, Some(&trust), &book);
            let mut told = Vec::new();
            let mut sink = |sentence: &str| -> Result<(), std::convert::Infallible> {
                told.push(sentence.to_owned());
                Ok(())
            };
            let Ok(()) = teller.tell(Log::Events, &mut sink);
            println!();
            audited.findings().iter().for_each(|finding| println!("  {finding}"));
            let openings = told.iter().filter(|sentence| sentence.contains("was granted"));
            openings.for_each(|sentence| println!("  {sentence}"));
            println!();
        }
        audited.findings().to_vec()
    }

    fn book(&self) -> Book {
        let World { owner, company, courier, camera, .. } = &self.world;
        let mut book = Book::default();
        book.call(company.public().name(), "the company");
        book.call(courier.public().name(), "the courier");
        book.call(camera.key.public().name(), "the hall's camera");
        book.call_issuer(owner.issuer.public().id(), "the owner");
        book
    }
}

fn is_opening(entry: &[u8]) -> bool {
    let disclosed = Entry::decode(entry).unwrap().disclosed();
    matches!(disclosed, Ok(Disclosed::Told(told)) if matches!(told.about, About::Opening(_)))
}

fn line(object: &[u8]) -> String {
    let mut buffer = [0; text::MAX_TEXT];
    text::encode(object, &mut buffer).unwrap().to_owned()
}
