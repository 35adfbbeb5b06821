//! Power fails while the bolt moves, and the door loses nothing by it.
//!
//! The lock's host is a process of its own, see `host.rs`; the story starts it, kills it without
//! warning, and starts it again. The exit status is 0 only if every scene comes out as its line
//! says.

mod host;

use std::{
    collections::BTreeSet,
    env,
    error::Error,
    fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{self, Child, ChildStdin, ChildStdout, Command, ExitCode, Stdio},
};

use chacha20::ChaCha20Rng;
use keyward::{
    Ask, Caveats, Challenge, Channel, Grant, Right, Rights, Seconds, Target, Unclaimed, Valid,
    id::{LockId, Nonce},
};
use keyward_testkit::world::{Capability, Holder, Owner, Settings};
use rand_core::SeedableRng;

use host::{Host, hex, today, unhex};

type Failed = Box<dyn Error>;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let ended = match arguments.as_slice() {
        [host, place] if host == "host" => Host::start(place.into()).and_then(Host::serve),
        _ => story(),
    };
    ended.map_or_else(
        |error| {
            eprintln!("power_failure: {error}");
            ExitCode::FAILURE
        },
        |()| ExitCode::SUCCESS,
    )
}

/// The door as the world sees it: a process that can lose its power.
struct Door {
    place: PathBuf,
    process: Child,
    cable: ChildStdin,
    lines: BufReader<ChildStdout>,
}

impl Door {
    fn powered(place: &Path) -> Result<Self, Failed> {
        let mut process = Command::new(env::current_exe()?)
            .arg("host")
            .arg(place)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let cable = process.stdin.take().ok_or("no cable")?;
        let lines = BufReader::new(process.stdout.take().ok_or("no cable")?);
        Ok(Self { place: place.into(), process, cable, lines })
    }

    fn say(&mut self, line: &str) -> Result<(), Failed> {
        Ok(writeln!(self.cable, "{line}")?)
    }

    fn hear(&mut self) -> Result<String, Failed> {
        let mut line = String::new();
        self.lines.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }
}

struct Story {
    door: Door,
    owner: Owner,
    rng: ChaCha20Rng,
    nonces: Vec<Nonce>,
    scenes: u32,
    wrong: u32,
}

const FLAT: LockId = LockId(*b"flat-12a");

fn story() -> Result<(), Failed> {
    let place = env::temp_dir().join(format!("keyward-power-failure-{}", process::id()));
    fs::create_dir(&place)?;
    let mut rng = ChaCha20Rng::seed_from_u64(2026);
    let owner = Owner::new(today(), &mut rng);
    let door = Door::powered(&place)?;
    let mut story = Story { door, owner, rng, nonces: Vec::new(), scenes: 0, wrong: 0 };
    println!("keyward: a door whose power fails. Its host is a process, and is killed.\n");
    let told = story.tell();
    story.door.process.kill()?;
    story.door.process.wait()?;
    fs::remove_dir_all(&place)?;
    println!("\n{} scenes, {} came out otherwise", story.scenes, story.wrong);
    told.and(if story.wrong == 0 { Ok(()) } else { Err("a scene came out otherwise".into()) })
}

impl Story {
    fn tell(&mut self) -> Result<(), Failed> {
        let [company, lost, courier, guest, brigade] = [(); 5].map(|()| Holder::new(&mut self.rng));
        self.claim()?;
        let theirs = self.owner.grant(&company.public(), 1, &granted()?);
        let stolen = company.delegate(&theirs, &lost.public(), 0, &Caveats::narrowing());
        let once = Caveats::narrowing().uses(1)?;
        let parcel = company.delegate(&theirs, &courier.public(), 0, &once);
        let twice = self.owner.grant(&guest.public(), 0, &granted()?.uses(2)?);
        let glass = self.owner.grant_emergency(&brigade.public(), &granted()?);

        self.owner.revoke([lost.public().name().into()], today());
        self.connect()?;
        let list = self.owner.library.list.clone().unwrap_or_default();
        let got = self.send(&list)?;
        self.expect("the company loses a phone; a visitor tells", &got, "Taken(List)");

        let got = self.visit(&parcel, &courier)?;
        self.expect("the courier, for one parcel: the bolt moves", &got, "unlocking, entry 4");
        let got = self.power_fails()?;
        self.expect("POWER FAILS; the start tells what it cut", &got, "interrupted: entry 4");
        let got = self.door.hear()?;
        self.expect("the door may be open: before all else", &got, "securing");
        self.door.say("done")?;
        let got = self.visit(&parcel, &courier)?;
        self.expect("the courier again: the use is spent", &got, "denied: UsesSpent (430)");
        let got = self.visit(&stolen, &lost)?;
        self.expect("whoever found the phone", &got, "denied: KeyRevoked (402)");

        let got = self.visit(&twice, &guest)?;
        self.expect("a guest: the bolt moves", &got, "unlocking, entry 5");
        let got = self.moved()?;
        self.expect("its switch reports", &got, "OPENS");
        let got = self.door.hear()?;
        self.expect("nobody closes the door: a second later", &got, "securing");
        let got = self.power_fails()?;
        self.expect("POWER FAILS before it is locked", &got, "interrupted: nothing");
        let got = self.door.hear()?;
        self.expect("the door may be open: before all else", &got, "securing");
        self.door.say("done")?;
        self.connect()?;
        let got = self.power_fails()?;
        self.expect("POWER FAILS while the door is locked", &got, "interrupted: nothing");
        let got = self.visit(&twice, &guest)?;
        self.expect("the guest again: nothing else is due", &got, "unlocking, entry 6");
        let got = self.moved()?;
        self.expect("its switch reports", &got, "OPENS");
        self.door.say("closed")?;
        let got = self.door.hear()?;
        self.expect("the guest closes the door", &got, "securing");
        self.door.say("done")?;

        let (given, seen): (_, BTreeSet<_>) = (self.nonces.len(), self.nonces.iter().collect());
        let got = format!("{given} challenges, {} nonces", seen.len());
        let wanted = format!("{given} challenges, {given} nonces");
        self.expect("four starts, a generator that gives zeros", &got, &wanted);

        let log = self.door.place.join("store/log");
        let mut bytes = fs::read(&log)?;
        bytes[100] ^= 1;
        fs::write(log, bytes)?;
        let got = self.power_fails()?;
        self.expect("a bit of the log rots, POWER FAILS", &got, "StateRolledBack (194)");
        let got = self.door.hear()?;
        self.expect("the door may be open: before all else", &got, "securing");
        self.door.say("done")?;
        let got = self.visit(&twice, &guest)?;
        self.expect("the guest: all uses would be new", &got, "denied: UnknownIssuer (200)");
        let got = self.visit(&glass, &brigade)?;
        self.expect("the fire brigade: the bolt moves", &got, "unlocking, break-glass");
        let got = self.moved()?;
        self.expect("its switch reports", &got, "OPENS");
        Ok(())
    }

    /// The owner enrols the lock, and claims it by touch.
    fn claim(&mut self) -> Result<(), Failed> {
        let shown = self.door.hear()?;
        let shown = unhex(shown.strip_prefix("unclaimed ").unwrap_or_default());
        self.owner.enrol(Unclaimed::decode(&shown)?, FLAT, Settings::default(), today());
        let claim = Unclaimed::claim_by_contact(self.owner.domain)?;
        let library = &self.owner.library;
        let (epoch, keyset, card) = (&library.epochs[0], &library.keyset, &library.cards[&FLAT]);
        let bundle = [claim.as_bytes(), epoch, keyset, card].map(hex).join(" ");
        self.door.say(&format!("claim {bundle}"))?;
        let got = self.door.hear()?;
        self.expect("the owner claims the door by touch", &got, "taken: Claim");
        #[cfg(unix)]
        for name in ["secret", "anchor"] {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(self.door.place.join(name))?.permissions().mode();
            let got = format!("mode {:o}", mode & 0o777);
            self.expect(&format!("it keeps its {name} beside the log"), &got, "mode 600");
        }
        Ok(())
    }

    /// A phone comes, is challenged, and presents.
    fn visit(&mut self, held: &Capability, holder: &Holder) -> Result<String, Failed> {
        let challenge = self.connect()?;
        let ask = Ask { lock: FLAT, right: Right::UNLOCK, parameter: b"" };
        let request = holder.request(held, ask, &challenge, Channel::Radio, &mut self.rng);
        self.send(&holder.present(&request, &[], None))
    }

    fn connect(&mut self) -> Result<Vec<u8>, Failed> {
        self.door.say("connect")?;
        let line = self.door.hear()?;
        let challenge = unhex(line.strip_prefix("challenge ").unwrap_or_default());
        self.nonces.push(Challenge::decode(&challenge)?.nonce);
        Ok(challenge)
    }

    /// Sends what a phone brings; returns what the host says first.
    fn send(&mut self, message: &[u8]) -> Result<String, Failed> {
        self.door.say(&format!("message {}", hex(message)))?;
        self.door.hear()
    }

    /// The bolt's switch reports, and the host goes on.
    fn moved(&mut self) -> Result<String, Failed> {
        self.door.say("done")?;
        self.door.hear()
    }

    /// Kills the host, whatever it is doing, and starts another; returns what that one found.
    fn power_fails(&mut self) -> Result<String, Failed> {
        self.door.process.kill()?;
        self.door.process.wait()?;
        self.door = Door::powered(&self.door.place)?;
        self.door.hear()
    }

    fn expect(&mut self, scene: &str, got: &str, wanted: &str) {
        self.scenes += 1;
        self.wrong += u32::from(got != wanted);
        let mark = if got == wanted { "" } else { "   <- WRONG" };
        println!("{scene:<44} {got}{mark}");
    }
}

/// The flat's door, for a day; it is not to stay open for longer than a second.
fn granted() -> Result<Grant, Failed> {
    let day = Valid { from: today(), lasts: Seconds::days(1) };
    let grant = Caveats::grant(Rights::of(Right::UNLOCK), &[Target::Lock(FLAT)], day)?;
    Ok(grant.max_open(Seconds(1))?)
}
