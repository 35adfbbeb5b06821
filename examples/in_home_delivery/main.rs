//! A parcel is delivered inside a home, and everything that must not happen doesn't.
//!
//! The actors (owner's back end, company, courier's phone, camera, doors) exchange nothing but
//! bytes. The exit status is 0 only if every scene comes out as its line says.

use std::{process::ExitCode, time::Instant};

use keyward::{
    Ask, Caveats, Challenge, Channel, Denial, Grant, Now, Origin, PublicKey, Right, Rights, Roles,
    Seconds, SigningKey, Target, Time, Valid,
    caveat::FirstUse,
    role,
    schedule::{Dates, Weekdays, Window},
    time::Uptime,
};
use keyward_testkit::world::{Capability, Clerk, Door, Holder, START, Verdict, WAY_IN, World};

mod dispute;

fn main() -> ExitCode {
    let mut story = Story { world: World::new(2026), scenes: 0, wrong: 0 };
    println!("keyward: an in-home delivery. Nobody below is online but the owner's back end.\n");
    let (parcel, company) = story.issue();
    story.deliver(&parcel);
    story.attack(&parcel, &company);
    story.others();
    story.trust();
    for (scene, told, came_out) in dispute::Dispute::new().settle() {
        story.scenes += 1;
        story.wrong += u32::from(!came_out);
        println!("{scene:<44} {told}{}", if came_out { "" } else { "   <- WRONG" });
    }
    println!("\n{} scenes, {} came out otherwise", story.scenes, story.wrong);
    if story.wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

struct Story {
    world: World,
    scenes: u32,
    wrong: u32,
}

/// What a phone brings to a door beside its token.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Brings {
    Status,
    Witness,
    StatusAndWitness,
}

impl Story {
    /// The owner grants a company entry; the company sends one courier, once, for 15 minutes.
    fn issue(&mut self) -> (Capability, Capability) {
        let world = &mut self.world;
        let camera = world.camera.key.public();
        let year = Valid { from: START, lasts: Seconds::days(365) };
        let grant =
            Caveats::grant(Rights::of(Right::UNLOCK), &[Target::Lock(world.flat.id())], year)
                .and_then(|grant| grant.witness(1, &[camera])?.fresh(Seconds::minutes(5)))
                .and_then(|grant| grant.max_open(Seconds(30)));
        let company = world.owner.grant(&world.company.public(), 1, &grant.unwrap());
        say("owner", "grants the company the flat's door, for a year, under the camera's eye");
        size("token", &company.token);

        let window = Valid { from: START, lasts: Seconds::minutes(15) };
        let once = Caveats::narrowing().valid(window).and_then(|caveats| caveats.uses(1)).unwrap();
        let parcel = world.company.delegate(&company, &world.courier.public(), 0, &once);
        say("company", "passes it on to a courier, for one parcel and 15 minutes");
        size("token", &parcel.token);
        (parcel, company)
    }

    /// The door challenges, the camera agrees, the courier presents, the door opens.
    fn deliver(&mut self, parcel: &Capability) {
        let world = &mut self.world;
        world.wait(240);
        let challenge = world.flat.connect(Channel::Radio, world.now());
        say("door", "challenges the phone that stands before it");
        size("challenge", &challenge);
        let ask = Ask { lock: world.flat.id(), right: Right::UNLOCK, parameter: b"" };
        let request =
            world.courier.request(parcel, ask, &challenge, Channel::Radio, &mut world.rng);
        let witness = world.camera.agree(&request).unwrap();
        say("camera", "agrees to this very request: it is recording");
        size("witness", &witness);
        let status = world.owner.attest(Time(world.now.0 - 60), None);
        say("phone", "adds the owner's status, a minute old, and signs");
        size("status", &status);
        let presentation = world.courier.present(&request, &[witness], Some(&status));
        size("presentation", &presentation);
        let begin = Instant::now();
        let (_answer, verdict) = world.flat.present(&presentation, world.now());
        let took = begin.elapsed().as_micros();
        self.expect("the courier, in time, under the camera's eye", &verdict, None);
        println!("{:>14} {took} µs for five signatures and every rule", "");
        self.world.flat.secure();
        say("door", "closes and locks itself; no token is needed for that");
        println!();
    }

    fn attack(&mut self, parcel: &Capability, company: &Capability) {
        let both = Brings::StatusAndWitness;
        let verdict = self.try_door(parcel, Who::Courier, Which::Flat, both);
        self.expect("the courier once more", &verdict, Some("UsesSpent"));

        let unused = self.parcel(company);
        let verdict = self.try_door(&unused, Who::Courier, Which::Cellar, Brings::Status);
        self.expect("the courier at the cellar", &verdict, Some("OtherTarget"));

        let verdict = self.try_right(&unused, Right::HOLD_OPEN);
        self.expect("the courier asks to hold the door open", &verdict, Some("RightNotGranted"));

        let wider = Caveats::narrowing().rights(Rights(u32::MAX)).unwrap();
        let more = self.world.company.delegate(company, &self.world.courier.public(), 0, &wider);
        let verdict = self.try_right(&more, Right::HOLD_OPEN);
        self.expect("the company writes him more rights", &verdict, Some("RightNotGranted"));

        let verdict = self.stripped(&unused);
        self.expect("he strips the limit to one use", &verdict, Some("LinkSignature"));

        let verdict = self.frozen_camera(&unused);
        self.expect("he freezes the camera, replays its word", &verdict, Some("WitnessSignature"));

        let verdict = self.try_door(&unused, Who::Courier, Which::Flat, Brings::Status);
        self.expect("he jams the camera", &verdict, Some("WitnessMissing"));

        let verdict = self.try_door(&unused, Who::Courier, Which::Flat, Brings::Witness);
        self.expect("he leaves the owner's news behind", &verdict, Some("StatusMissing"));

        let verdict = self.replayed(&unused);
        self.expect("a bystander replays what he heard", &verdict, Some("HolderSignature"));

        let verdict = self.try_door(&unused, Who::Thief, Which::Flat, both);
        self.expect("a thief has the token, not the key", &verdict, Some("HolderSignature"));

        self.world.wait(15 * 60);
        let verdict = self.try_door(&unused, Who::Courier, Which::Flat, both);
        self.expect("the courier, a quarter of an hour late", &verdict, Some("Expired"));
        println!();
    }

    fn others(&mut self) {
        let unlock = Rights::of(Right::UNLOCK);
        let (flat, year) = (self.world.flat.id(), Valid { from: START, lasts: Seconds::days(365) });

        let cleaner = Holder::new(&mut self.world.rng);
        let tuesdays = Window::weekly(Weekdays::day(1), 9 * 60, 180);
        let holidays = Dates { first: 20_811, days: 9 };
        let grant = Caveats::grant(unlock, &[Target::Lock(flat)], year)
            .and_then(|grant| grant.schedule(&[tuesdays], &[holidays]));
        let weekly = self.world.owner.grant(&cleaner.public(), 0, &grant.unwrap());
        size("a cleaner's token", &weekly.token);
        let verdict = self.try_with(&weekly, &cleaner);
        self.expect("the cleaner, Tuesday 10:15 in Berlin", &verdict, None);
        self.world.wait(86_400);
        let verdict = self.try_with(&weekly, &cleaner);
        self.expect("the cleaner, on Wednesday", &verdict, Some("OutsideSchedule"));
        self.world.wait(34 * 86_400);
        let verdict = self.try_with(&weekly, &cleaner);
        self.expect("the cleaner, on a Tuesday of the holidays", &verdict, Some("ExceptedDate"));

        let (guest, first, second) = self.two_phones(flat);
        let verdict = self.try_with(&guest[0], &first);
        self.expect("a guest, with the first phone", &verdict, None);
        let verdict = self.try_with(&guest[1], &second);
        self.expect("the guest, with the second phone", &verdict, None);
        let verdict = self.try_with(&guest[1], &second);
        self.expect("the guest, a third time of two", &verdict, Some("UsesSpent"));

        let visitor = Holder::new(&mut self.world.rng);
        let week = Valid { from: self.world.now, lasts: Seconds::days(7) };
        let grant = Caveats::grant(unlock, &[Target::Group(WAY_IN)], week).unwrap();
        let way_in = self.world.owner.grant(&visitor.public(), 0, &grant);
        let verdict = self.present(&way_in, &visitor, Which::Street, Right::UNLOCK);
        self.expect("a visitor, one token, at the street door", &verdict, None);
        let verdict = self.present(&way_in, &visitor, Which::Flat, Right::UNLOCK);
        self.expect("the visitor, same token, at the flat", &verdict, None);
        let verdict = self.present(&way_in, &visitor, Which::Cellar, Right::UNLOCK);
        self.expect("the visitor, same token, at the cellar", &verdict, Some("OtherTarget"));
    }

    /// Keys rotate, are lost and are stolen. Whoever comes to the door carries the news in.
    fn trust(&mut self) {
        println!();
        let flat = self.world.flat.id();
        let week = Valid { from: self.world.now, lasts: Seconds::days(7) };
        let grant = Caveats::grant(Rights::of(Right::UNLOCK), &[Target::Lock(flat)], week).unwrap();
        let world = &mut self.world;
        let (guest, company) = (Holder::new(&mut world.rng), world.company.public());
        let theirs = world.owner.grant(&company, 1, &grant);
        let parcels =
            world.company.delegate(&theirs, &world.courier.public(), 0, &Caveats::narrowing());
        let held = world.owner.grant(&guest.public(), 0, &grant);

        let new = SigningKey::generate(&mut world.rng);
        let key = std::mem::replace(&mut world.owner.issuer, new);
        let valid = (week.from, Seconds::days(7));
        world.owner.others.push(Clerk { key, roles: Roles::ISSUE, valid });
        world.owner.publish_keyset(world.now);
        say("owner", "changes the key that issues; the old one serves on for a week");
        self.news(Which::Flat);
        let verdict = self.try_with(&held, &guest);
        self.expect("a token by the old key", &verdict, None);
        let world = &mut self.world;
        let newer = world.owner.grant(&guest.public(), 0, &grant);
        let verdict = self.try_with(&newer, &guest);
        self.expect("a token by the new key", &verdict, None);

        let verdict = self.try_courier(&parcels);
        self.expect("the company's courier", &verdict, None);
        let world = &mut self.world;
        world.owner.revoke([company.name().into()], world.now);
        say("owner", "revokes the company; the next visitor's phone carries the list");
        self.news(Which::Flat);
        let verdict = self.try_courier(&parcels);
        self.expect("the company's courier", &verdict, Some("KeyRevoked"));

        let world = &mut self.world;
        world.owner.revoke([guest.public().name().into()], world.now);
        say("guest", "loses the phone, and is given a token for another");
        self.news(Which::Flat);
        let verdict = self.try_with(&newer, &guest);
        self.expect("whoever found the phone", &verdict, Some("KeyRevoked"));
        let phone = Holder::new(&mut self.world.rng);
        let anew = self.world.owner.grant(&phone.public(), 0, &grant);
        let verdict = self.try_with(&anew, &phone);
        self.expect("the guest, with another phone", &verdict, None);
        self.stolen_roots(&grant);
        self.no_clock();
    }

    /// A thief signs a keyset by both roots; the owner opens the drawer with the cold keys.
    fn stolen_roots(&mut self, grant: &Grant) {
        let world = &mut self.world;
        let thief = Holder::new(&mut world.rng);
        let own = SigningKey::generate(&mut world.rng);
        let mut clerks = [(own.public(), Roles::ISSUE, (START, Seconds::days(9_999)))];
        let forged = world.owner.sign_keyset(u64::MAX, world.now, &mut clerks);
        let honest = std::mem::replace(&mut world.owner.issuer, own);
        let stolen = world.owner.grant(&thief.public(), 0, grant);
        world.owner.issuer = honest;
        say("thief", "has stolen both roots, and signs a keyset of the highest version");
        let now = world.now();
        world.flat.connect(Channel::Radio, now);
        let _taken = world.flat.deliver(&forged, now);
        let verdict = self.try_with(&stolen, &thief);
        self.expect("the thief: the roots rule", &verdict, None);
        let world = &mut self.world;
        world.owner.new_epoch(world.now, &mut world.rng);
        say("owner", "opens the drawer with the cold keys: a new epoch");
        self.news(Which::Flat);
        let verdict = self.try_old_epoch(&stolen, &thief);
        self.expect("the thief", &verdict, Some("UnknownIssuer"));
        let guest = Holder::new(&mut self.world.rng);
        let held = self.world.owner.grant(&guest.public(), 0, grant);
        let verdict = self.try_with(&held, &guest);
        self.expect("a guest, with a token of the new epoch", &verdict, None);
    }

    /// An honest app would not ask a lock of another epoch.
    fn try_old_epoch(&mut self, held: &Capability, holder: &Holder) -> Verdict {
        let world = &mut self.world;
        let now = world.now();
        let challenge = Challenge::decode(&world.flat.connect(Channel::Radio, now)).unwrap();
        let epoch = Origin::decode(&held.origin).unwrap().scope.epoch;
        let challenge = Challenge { epoch, ..challenge }.encode().unwrap();
        let ask = Ask { lock: world.flat.id(), right: Right::UNLOCK, parameter: b"" };
        let (bytes, rng) = (challenge.as_bytes(), &mut world.rng);
        let request = holder.request(held, ask, bytes, Channel::Radio, rng);
        world.flat.present(&holder.present(&request, &[], None), now).1
    }

    /// A door without a clock, whose battery was empty.
    fn no_clock(&mut self) {
        self.news(Which::Cellar);
        let world = &mut self.world;
        world.cellar.lock.restart();
        let cellar = world.cellar.id();
        let quarter = Valid { from: world.now, lasts: Seconds::minutes(15) };
        let grant = Caveats::grant(Rights::of(Right::UNLOCK), &[Target::Lock(cellar)], quarter);
        let courier = world.courier.public();
        let held = world.owner.grant(&courier, 0, &grant.unwrap());
        let mut visit = |ticks: u64, at: Option<Time>| {
            let now = Now::ticks(Uptime(ticks * 1000), 100);
            let challenge = world.cellar.connect(Channel::Radio, now);
            let nonce = Challenge::decode(&challenge).unwrap().nonce;
            let ask = Ask { lock: cellar, right: Right::UNLOCK, parameter: b"" };
            let courier = &world.courier;
            let request = courier.request(&held, ask, &challenge, Channel::Radio, &mut world.rng);
            let status = at.map(|at| world.owner.attest(at, Some(&nonce)));
            world.cellar.present(&courier.present(&request, &[], status.as_deref()), now).1
        };
        let blind = visit(10, None);
        let told = visit(11, Some(quarter.from.after(60)));
        let after = visit(900, None);
        self.expect("a door without a clock", &blind, Some("MayHaveExpired"));
        self.expect("told the time over its own nonce", &told, None);
        self.expect("a quarter of an hour later, by its ticks", &after, Some("Expired"));
    }

    /// A visitor's phone brings a door what it lacks; nobody has to trust the phone.
    fn news(&mut self, which: Which) {
        let world = &mut self.world;
        let (now, library) = (world.now(), world.owner.library.clone());
        which.door(world).visit(&library, now);
    }

    fn try_courier(&mut self, held: &Capability) -> Verdict {
        let request = self.ask(held, Which::Flat, Right::UNLOCK);
        let world = &mut self.world;
        let presentation = world.courier.present(&request, &[], None);
        let now = world.now();
        world.flat.present(&presentation, now).1
    }

    /// A second parcel of the same courier, so that each attack has a use left to steal.
    fn parcel(&mut self, company: &Capability) -> Capability {
        let window = Valid { from: self.world.now, lasts: Seconds::minutes(15) };
        let once = Caveats::narrowing().valid(window).and_then(|caveats| caveats.uses(1)).unwrap();
        self.world.company.delegate(company, &self.world.courier.public(), 0, &once)
    }

    /// One link with the uses, and a link to each of the guest's phones below it.
    fn two_phones(&mut self, flat: keyward::id::LockId) -> ([Capability; 2], Holder, Holder) {
        let world = &mut self.world;
        let (first, second) = (Holder::new(&mut world.rng), Holder::new(&mut world.rng));
        let weekend = Valid { from: world.now, lasts: Seconds::days(2) };
        let by = FirstUse { by: world.now.after(86_400), lasts: Seconds::days(1) };
        let grant = Caveats::grant(Rights::of(Right::UNLOCK), &[Target::Lock(flat)], weekend)
            .and_then(|grant| grant.uses(2)?.first_use(by));
        let guest = world.owner.grant(&first.public(), 1, &grant.unwrap());
        let to = |phone: &PublicKey<role::Holder>| {
            first.delegate(&guest, phone, 0, &Caveats::narrowing())
        };
        ([to(&first.public()), to(&second.public())], first, second)
    }

    fn try_door(&mut self, held: &Capability, who: Who, which: Which, brings: Brings) -> Verdict {
        let request = self.ask(held, which, Right::UNLOCK);
        let world = &mut self.world;
        let witnesses: Vec<_> = match brings {
            Brings::Status => Vec::new(),
            _ => world.camera.agree(&request).into_iter().collect(),
        };
        let status =
            (brings != Brings::Witness).then(|| world.owner.attest(Time(world.now.0 - 60), None));
        let presentation = match who {
            Who::Courier => world.courier.present(&request, &witnesses, status.as_deref()),
            Who::Thief => {
                Holder::new(&mut world.rng).forge(&request, &witnesses, status.as_deref())
            }
        };
        let now = world.now();
        which.door(world).present(&presentation, now).1
    }

    fn try_right(&mut self, held: &Capability, right: Right) -> Verdict {
        let request = self.ask(held, Which::Flat, right);
        let world = &mut self.world;
        let witness = world.camera.agree(&request).unwrap();
        let status = world.owner.attest(world.now, None);
        let presentation = world.courier.present(&request, &[witness], Some(&status));
        let now = world.now();
        world.flat.present(&presentation, now).1
    }

    fn try_with(&mut self, held: &Capability, holder: &Holder) -> Verdict {
        self.present(held, holder, Which::Flat, Right::UNLOCK)
    }

    fn present(
        &mut self,
        held: &Capability,
        holder: &Holder,
        which: Which,
        right: Right,
    ) -> Verdict {
        let request = self.ask(held, which, right);
        let world = &mut self.world;
        let presentation = holder.present(&request, &[], None);
        let now = world.now();
        which.door(world).present(&presentation, now).1
    }

    fn ask(&mut self, held: &Capability, which: Which, right: Right) -> Vec<u8> {
        let world = &mut self.world;
        let now = world.now();
        let challenge = which.door(world).connect(Channel::Radio, now);
        let ask = Ask { lock: which.door(world).id(), right, parameter: b"" };
        world.courier.request(held, ask, &challenge, Channel::Radio, &mut world.rng)
    }

    /// The bitmap of the last link loses its `Uses`, and the body its byte.
    fn stripped(&mut self, held: &Capability) -> Verdict {
        let mut token = held.token.clone();
        let signature = token.len() - 64;
        assert_eq!(token[signature - 1], 1, "the number of uses");
        token.remove(signature - 1);
        let bitmap = signature - 1 - 8;
        assert_eq!(token[bitmap], 0b1100, "Valid and Uses");
        token[bitmap] = 0b0100;
        let stripped = Capability { token, origin: held.origin.clone() };
        self.try_door(&stripped, Who::Courier, Which::Flat, Brings::StatusAndWitness)
    }

    /// The witness statement of another request, from before the camera froze.
    fn frozen_camera(&mut self, held: &Capability) -> Verdict {
        let before = self.ask(held, Which::Flat, Right::UNLOCK);
        let old = self.world.camera.agree(&before).unwrap();
        self.world.camera.recording = false;
        let request = self.ask(held, Which::Flat, Right::UNLOCK);
        let world = &mut self.world;
        let fresh = world.camera.agree(&request);
        assert_eq!(fresh, None, "a frozen camera keeps silent");
        let status = world.owner.attest(world.now, None);
        let presentation = world.courier.present(&request, &[old], Some(&status));
        world.camera.recording = true;
        let now = world.now();
        world.flat.present(&presentation, now).1
    }

    /// A presentation that was heard over the air, on a link session of one's own.
    fn replayed(&mut self, held: &Capability) -> Verdict {
        let request = self.ask(held, Which::Flat, Right::UNLOCK);
        let world = &mut self.world;
        let witness = world.camera.agree(&request).unwrap();
        let status = world.owner.attest(world.now, None);
        let heard = world.courier.present(&request, &[witness], Some(&status));
        let now = world.now();
        world.flat.connect(Channel::Radio, now);
        world.flat.present(&heard, now).1
    }

    fn expect(&mut self, scene: &str, verdict: &Verdict, denied: Option<&str>) {
        self.scenes += 1;
        let got = verdict.as_ref().err().map(Denial::name);
        let told = match verdict {
            Ok(_) => String::from("OPENS"),
            Err(denial) => format!("denied: {} ({})", denial.name(), denial.code()),
        };
        let mark = if got == denied { "" } else { "   <- WRONG" };
        self.wrong += u32::from(got != denied);
        println!("{scene:<44} {told}{mark}");
    }
}

#[derive(Clone, Copy)]
enum Who {
    Courier,
    Thief,
}

#[derive(Clone, Copy)]
enum Which {
    Flat,
    Street,
    Cellar,
}

impl Which {
    fn door(self, world: &mut World) -> &mut Door {
        match self {
            Self::Flat => &mut world.flat,
            Self::Street => &mut world.street,
            Self::Cellar => &mut world.cellar,
        }
    }
}

fn say(who: &str, what: &str) {
    println!("{who:>14} {what}");
}

fn size(what: &str, bytes: &[u8]) {
    println!("{:>14} ({what}: {} bytes)", "", bytes.len());
}
