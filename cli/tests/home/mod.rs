//! A domain whose keys are the same in every run, in a folder of its own.

#![allow(dead_code, unreachable_pub, clippy::missing_panics_doc)]

use std::{
    fs,
    path::PathBuf,
    process::{Command, Output},
};

use keyward::{
    Ask, Caveats, Channel, Channels, Grant, Narrowing, Right, Rights, Seconds, Target, Time, Valid,
    caveat::FirstUse,
    schedule::{Dates, Weekdays, Window},
    text,
};
use keyward_testkit::world::{Capability, START, WAY_IN, World};
use tempfile::TempDir;

/// The domain, its folder, and the time at which its story stands.
pub struct Home {
    /// Everybody.
    pub world: World,
    folder: TempDir,
}

/// What a command wrote, and how it ended.
pub struct Said {
    /// On standard output.
    pub out: String,
    /// On standard error.
    pub err: String,
    /// The exit code.
    pub code: i32,
}

/// Half an hour into the story.
pub const AT: &str = "2026-11-24 10:30";

impl Home {
    /// The domain, with its file.
    pub fn new() -> Self {
        let home = Self { world: World::new(12), folder: TempDir::new().unwrap() };
        home.save();
        home
    }

    /// Writes the domain's file anew.
    pub fn save(&self) {
        let library = &self.world.owner.library;
        let mut all: Vec<&[u8]> = library.epochs.iter().map(Vec::as_slice).collect();
        all.extend(self.world.owner.keysets.iter().map(Vec::as_slice));
        all.extend(library.list.as_deref());
        all.extend(library.cards.values().map(Vec::as_slice));
        self.file("domain.kw", &all);
    }

    /// A file's place in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes objects into a file, one a line.
    pub fn file(&self, name: &str, objects: &[&[u8]]) {
        let lines: Vec<_> = objects.iter().map(|bytes| text_of(bytes)).collect();
        fs::write(self.path(name), format!("{}\n", lines.join("\n"))).unwrap();
    }

    /// Runs `keyward` in the folder; what is a path or a version of the moment is left out.
    pub fn run(&self, arguments: &[&str]) -> Said {
        let mut command = Command::new(env!("CARGO_BIN_EXE_keyward"));
        command.current_dir(self.folder.path()).args(arguments);
        for variable in ["KEYWARD_DOMAIN", "KEYWARD_BOOK", "KEYWARD_PASSPHRASE_FILE"] {
            command.env_remove(variable);
        }
        let Output { status, stdout, stderr } =
            command.env("KEYWARD_ZONE", "Europe/Berlin").output().unwrap();
        let (out, err) = (String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap());
        Said { out, err, code: status.code().unwrap() }
    }

    /// Shows a file as of the story's time, with labels for the people in it.
    pub fn show(&self, more: &[&str]) -> Said {
        self.book();
        let mut arguments = vec!["show", "--book", "book", "--at", AT];
        arguments.extend(more);
        self.run(&arguments)
    }

    fn book(&self) {
        let world = &self.world;
        let names = [
            (world.owner.issuer.public().name(), "office"),
            (world.owner.attester.public().name(), "attester"),
            (world.owner.revoker.public().name(), "revoker"),
            (world.owner.enroller.public().name(), "enroller"),
            (world.company.public().name(), "company"),
            (world.courier.public().name(), "courier"),
            (world.camera.key.public().name(), "camera"),
        ];
        let lines: String = names.iter().map(|(name, label)| format!("{name} {label}\n")).collect();
        fs::write(self.path("book"), lines).unwrap();
    }

    /// A token of one link for the company, with a caveat of each kind.
    pub fn with_every_caveat(&mut self) -> Capability {
        let grant = Grant::grant(
            Rights::of(Right::UNLOCK).and(Right::HOLD_OPEN),
            &[Target::Lock(self.world.flat.id), Target::Group(WAY_IN)],
            Valid { from: START, lasts: Seconds::days(30) },
        );
        let grant = grant.unwrap().uses(2).unwrap();
        let grant = grant.witness(1, &[self.world.camera.key.public()]).unwrap();
        let grant = grant.max_open(Seconds(30)).unwrap().fresh(Seconds::minutes(5)).unwrap();
        let tuesdays = Window::weekly(Weekdays(0b1010), 9 * 60, 3 * 60);
        let holidays = Dates { first: 20_811, days: 10 };
        let grant = grant.schedule(&[tuesdays], &[holidays]).unwrap();
        let first = FirstUse { by: START.after(7 * 86_400), lasts: Seconds::days(1) };
        let grant = grant.first_use(first).unwrap();
        let grant = grant.channels(Channels::of(Channel::Radio).and(Channel::Contact)).unwrap();
        let grant = grant.app(7, &[0, 0xff]).unwrap();
        self.world.owner.grant(&self.world.company.public(), 2, &grant)
    }

    /// A token that lasts for a while, for the courier.
    pub fn plain(&mut self, lasts: Seconds) -> Capability {
        let flat = Target::Lock(self.world.flat.id);
        let valid = Valid { from: START, lasts };
        let grant = Caveats::grant(Rights::of(Right::UNLOCK), &[flat], valid).unwrap();
        self.world.owner.grant(&self.world.courier.public(), 1, &grant)
    }

    /// A token of two links, of which the second ends after a quarter of an hour.
    pub fn of_two_links(&mut self) -> Capability {
        let flat = Target::Lock(self.world.flat.id);
        let valid = Valid { from: START, lasts: Seconds::days(7) };
        let grant = Caveats::grant(Rights::of(Right::UNLOCK), &[flat], valid).unwrap();
        let held = self.world.owner.grant(&self.world.company.public(), 1, &grant);
        let valid = Valid { from: START, lasts: Seconds::minutes(15) };
        let narrowing = Narrowing::narrowing().valid(valid).unwrap().uses(1).unwrap();
        self.world.company.delegate(&held, &self.world.courier.public(), 0, &narrowing)
    }

    /// The courier's request at the flat's door, with its challenge.
    pub fn request(&mut self, held: &Capability) -> (Vec<u8>, Vec<u8>) {
        let world = &mut self.world;
        let challenge = world.flat.connect(Channel::Radio, world.now());
        let ask = Ask { lock: world.flat.id, right: Right::UNLOCK, parameter: b"parcel 7\x1b[2J" };
        let channel = Channel::Radio;
        let request = world.courier.request(held, ask, &challenge, channel, &mut world.rng);
        (challenge, request)
    }

    /// The story's time as Unix seconds.
    pub fn at(&self) -> Time {
        START.after(30 * 60)
    }
}

/// An object's text form.
pub fn text_of(bytes: &[u8]) -> String {
    text::encode(bytes, &mut [0; text::MAX_TEXT]).unwrap().to_owned()
}
