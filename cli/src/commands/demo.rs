//! `keyward demo`: an in-home delivery in one process, step by step, by the testkit's world.

use std::time::Duration;

use clap::Args;
use keyward::{
    Ask, Caveats, Channel, Denial, Narrowing, Right, Rights, Seconds, Target, Valid, receipt::Log,
};
use keyward_audit::{Audit, Book, Mode, Statements, Teller};
use keyward_testkit::world::{Capability, Holder, Verdict, World};
use serde_json::{Value, json};

use crate::{
    app::{App, line},
    fail::{Failure, Result},
    object,
};

/// Tells an in-home delivery step by step: a parcel, a thief, a revoked company, an audit
#[derive(Args, Debug)]
pub(crate) struct DemoCommand {
    /// Prints what is exchanged too, for `keyward show`
    #[arg(long)]
    objects: bool,
    /// Waits so many seconds before each step
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    pause: u64,
}

impl DemoCommand {
    pub(crate) fn run(self, app: &App) -> Result<()> {
        let mut demo =
            Demo { world: World::new(2026), told: Vec::new(), json: app.json, options: self };
        demo.tell()?;
        if app.json {
            line(&json!({ "steps": demo.told }).to_string());
        }
        Ok(())
    }
}

/// The world, and what was told of it.
struct Demo {
    world: World,
    told: Vec<Value>,
    json: bool,
    options: DemoCommand,
}

impl Demo {
    fn tell(&mut self) -> Result<()> {
        self.world.owner.keep_log(self.world.now, &mut self.world.rng);
        self.news();
        self.say(
            "A flat with a lock and a camera; an owner who is away; a company that delivers; its \
             courier. Only the owner's office is online, now and then.",
        );
        let company = self.company()?;
        let parcel = self.parcel(&company)?;
        let came = self.visit(&parcel, Who::Courier);
        self.heard(
            "The courier stands at the door. It challenges his phone; the camera agrees that it is \
             recording; the phone signs; the lock verifies five signatures and every condition, \
             makes the use durable, and then the bolt moves.",
            &came,
            None,
        )?;
        let again = self.visit(&parcel, Who::Courier);
        self.heard(
            "He tries the same token again. It was for one entry.",
            &again,
            Some("UsesSpent"),
        )?;
        let second = self.parcel(&company)?;
        let stolen = self.visit(&second, Who::Thief);
        self.heard(
            "A thief has copied the next token from his phone, but not his key.",
            &stolen,
            Some("HolderSignature"),
        )?;
        self.world.camera.recording = false;
        let frozen = self.visit(&second, Who::Courier);
        self.world.camera.recording = true;
        self.heard(
            "Somebody jams the camera's radio and walks in behind the courier: a camera that \
             isn't recording agrees to nothing.",
            &frozen,
            Some("WitnessMissing"),
        )?;
        self.world.wait(3600);
        let late = self.visit(&second, Who::Courier);
        self.heard("An hour later the token is over.", &late, Some("Expired"))?;
        let third = self.parcel(&company)?;
        self.world.owner.revoke([self.world.company.public().name().into()], self.world.now);
        self.news();
        let revoked = self.visit(&third, Who::Courier);
        self.heard(
            "The owner ends the contract. The neighbour's phone carries the signed list to the \
             door, though the neighbour can't read or change a thing in it.",
            &revoked,
            Some("KeyRevoked"),
        )?;
        self.audit()
    }

    fn company(&mut self) -> Result<Capability> {
        let World { owner, company, camera, flat, now, .. } = &mut self.world;
        let year = Valid { from: *now, lasts: Seconds::days(365) };
        let (unlock, flat) = (Rights::of(Right::UNLOCK), [Target::Lock(flat.id())]);
        let grant = Caveats::grant(unlock, &flat, year)?.witness(1, &[camera.key.public()])?;
        let granted = owner.grant(&company.public(), 1, &grant.max_open(Seconds(30))?);
        self.say(
            "The owner's office grants the company a token: this one door, for a year, only while \
             the camera agrees, and to be relocked after 30 seconds.",
        );
        self.hand("token", &granted.token)?;
        Ok(granted)
    }

    fn parcel(&mut self, company: &Capability) -> Result<Capability> {
        let World { company: office, courier, now, .. } = &mut self.world;
        let window = Valid { from: *now, lasts: Seconds::minutes(15) };
        let once: Narrowing = Caveats::narrowing().valid(window)?.uses(1)?;
        let parcel = office.delegate(company, &courier.public(), 0, &once);
        self.say(
            "The company hands it on to a courier, narrowed to one entry within 15 minutes. It \
             asks nobody: a link can only take away.",
        );
        self.hand("token", &parcel.token)?;
        Ok(parcel)
    }

    fn visit(&mut self, held: &Capability, who: Who) -> Verdict {
        let World { courier, camera, flat, rng, now, .. } = &mut self.world;
        let present = keyward::Now::exactly(*now);
        let challenge = flat.connect(Channel::Radio, present);
        let ask = Ask { lock: flat.id(), right: Right::UNLOCK, parameter: b"" };
        let request = courier.request(held, ask, &challenge, Channel::Radio, rng);
        let agreed: Vec<_> = camera.agree(&request).into_iter().collect();
        let presentation = match who {
            Who::Courier => courier.present(&request, &agreed, None),
            Who::Thief => Holder::new(rng).forge(&request, &agreed, None),
        };
        let verdict = flat.present(&presentation, present).1;
        flat.secure();
        verdict
    }

    /// A visitor's phone brings the door what it lacks.
    fn news(&mut self) {
        let World { owner, flat, now, .. } = &mut self.world;
        let _taken = flat.visit(&owner.library, keyward::Now::exactly(*now));
    }

    fn audit(&mut self) -> Result<()> {
        self.say(
            "Who was in the flat? The door's entries are chained, signed and sealed to the owner; \
             any phone carries them out. An auditor who trusts no phone reads them.",
        );
        let World { owner, company, courier, camera, flat, now, .. } = &mut self.world;
        let mut objects = owner.library.epochs.clone();
        objects.extend(owner.keysets.iter().cloned());
        objects.extend(owner.library.cards.get(&flat.id()).cloned());
        objects.extend(flat.log(keyward::Now::exactly(*now)));
        let lines = objects.iter().map(|bytes| object::of(bytes)).collect::<Result<Vec<_>>>()?;
        let text = lines.join("\n");
        let mut statements = Statements::new(owner.domain);
        statements.read_text(text.as_bytes());
        let trust = statements.verify();
        let believed = trust.lock(flat.id());
        let mut audit =
            Audit::new(believed.ok_or_else(|| Failure::trouble("the demo has no card"))?);
        audit.read_text(text.as_bytes(), &mut ());
        let audited = audit.finish(Mode::Thorough, &mut ());
        let mut book = Book::default();
        book.call(company.public().name(), "the company");
        book.call(courier.public().name(), "the courier");
        book.call(camera.key.public().name(), "the camera");
        book.call_issuer(owner.issuer.public().id(), "the owner");
        let joins = audited.joins();
        let teller = Teller::new(&audited, &joins, Some(&trust), &book);
        let mut told: Vec<String> = audited.findings().iter().map(ToString::to_string).collect();
        for log in [Log::Events, Log::Denials] {
            let mut sink = |sentence: &str| -> Result<()> {
                told.push(sentence.to_owned());
                Ok(())
            };
            teller.tell(log, &mut sink)?;
        }
        for sentence in told {
            self.step("audit", &sentence);
        }
        self.say("Now with files and pipes of your own: the walk in the README of keyward's cli.");
        Ok(())
    }

    /// Says what happened at the door; anything else than what the story wants is a failure.
    fn heard(&mut self, story: &str, verdict: &Verdict, denied: Option<&str>) -> Result<()> {
        self.say(story);
        let got = verdict.as_ref().err().map(Denial::name);
        let told = match verdict {
            Ok(_) => "the door OPENS".to_owned(),
            Err(denial) => format!("denied: {} ({})", denial.name(), denial.code()),
        };
        self.step("door", &told);
        match got == denied {
            true => Ok(()),
            false => Err(Failure::trouble("the demo came out otherwise than it should")),
        }
    }

    fn say(&mut self, story: &str) {
        std::thread::sleep(Duration::from_secs(self.options.pause));
        if !self.json {
            line("");
        }
        self.step("story", story);
    }

    fn hand(&mut self, kind: &str, bytes: &[u8]) -> Result<()> {
        self.step(kind, &format!("{} bytes", bytes.len()));
        if self.options.objects {
            self.step("text", &object::of(bytes)?);
        }
        Ok(())
    }

    fn step(&mut self, what: &str, text: &str) {
        self.told.push(json!({ what: text }));
        if self.json {
            return;
        }
        match what {
            "story" => wrapped(text).iter().for_each(|text| line(text)),
            "text" => line(text),
            "door" => line(&format!("  -> {text}")),
            "audit" => wrapped(text).iter().for_each(|text| line(&format!("  {text}"))),
            kind => line(&format!("     ({kind}: {text})")),
        }
    }
}

enum Who {
    Courier,
    Thief,
}

/// Lines of at most 78 characters, broken at spaces.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(last) if last.len() + word.len() < 78 => {
                if !last.is_empty() {
                    last.push(' ');
                }
                last.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
