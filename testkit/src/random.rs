//! Random scenes, close to the edge: about half of them open.

use chacha20::ChaCha20Rng;
use keyward::{
    Channel, Right, Roles, Target, Time,
    id::Serial,
    ledger::Uses,
    policy::AppVerdict,
    schedule::{Dates, Weekdays, Window},
    status::SerialFloor,
    zone::Transition,
};
use rand_core::Rng;

use crate::{
    scene::{
        ATTESTER, Attested, EMERGENCY, GROUP, HOLDER, ISSUER, LOCK, Link, Mode, OTHER_GROUP,
        OTHER_LOCK, STRANGER, Scene, WITNESS, issuer_id, key_name, minute,
    },
    world::START,
};

/// A source of choices.
pub struct Dice<'r>(pub &'r mut ChaCha20Rng);

impl Dice<'_> {
    /// One of `0..n`.
    pub fn below(&mut self, n: u64) -> u64 {
        self.0.next_u64() % n
    }

    /// True once in `n`.
    pub fn once_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    /// One of the options.
    pub fn pick<T: Clone>(&mut self, options: &[T]) -> T {
        options[usize::try_from(self.below(options.len() as u64)).unwrap()].clone()
    }

    /// A scene.
    pub fn scene(&mut self) -> Scene {
        let mut scene = Scene::default();
        scene.lo = START.0 + self.below(300);
        scene.hi = match self.below(30) {
            0 => None,
            1 => Some(scene.lo + self.below(90_000)),
            2 => Some(scene.lo + self.below(900)),
            _ => Some(scene.lo + self.below(3)),
        };
        if self.once_in(30) {
            scene.issuer = self.pick(&[EMERGENCY, STRANGER, ATTESTER]);
        }
        let count = u8::try_from(1 + self.below(4)).unwrap();
        scene.links = (0..count).map(|index| self.link(index, count)).collect();
        scene.right = if self.once_in(10) { Right::STATUS } else { Right::UNLOCK };
        scene.mode = self.mode(&scene);
        scene.accepts_unchallenged = !self.once_in(10);
        scene.witnesses = match self.below(12) {
            0 => vec![],
            1 => vec![WITNESS],
            2 => vec![WITNESS + 1, HOLDER],
            _ => vec![WITNESS, WITNESS + 1],
        };
        scene.status = (!self.once_in(8)).then(|| self.status(scene.lo));
        self.trust(&mut scene);
        for index in 0..count {
            if self.once_in(5) {
                let first = Some(Time(START.0 - self.below(200)));
                let spent = u32::try_from(self.below(3)).unwrap();
                scene.history.insert(index, Uses { spent, first });
            }
        }
        scene.app = match self.below(16) {
            0 => None,
            1 => Some(AppVerdict::Fails),
            2 => Some(AppVerdict::UnknownTag),
            _ => Some(AppVerdict::Holds),
        };
        scene
    }

    fn trust(&mut self, scene: &mut Scene) {
        if self.once_in(40) {
            scene.entries[0].from = START.0 + self.below(300);
        }
        if self.once_in(40) {
            scene.entries[1].until = START.0 + self.below(600);
        }
        if self.once_in(60) {
            scene.entries[1].roles = Roles::REVOKE;
        }
        if self.once_in(20) {
            scene.floors = vec![SerialFloor {
                issuer: issuer_id(ISSUER),
                first: Serial(scene.serial + self.below(2)),
            }];
        }
        if self.once_in(20) {
            let number = self.pick(&[HOLDER, HOLDER + 1, WITNESS, HOLDER + 7]);
            scene.revoked = vec![key_name(number).into()];
        }
        if self.once_in(30) {
            scene.groups = vec![OTHER_GROUP];
        }
        let late = self.once_in(12);
        let start = if late { minute(START.0 + 30) } else { minute(START.0 - 86_400) };
        scene.zone = match self.below(20) {
            0 => None,
            _ => Some((
                vec![
                    Transition { at: start, offset: 60 },
                    Transition { at: minute(START.0 + 60), offset: 120 },
                ],
                minute(START.0) + 4 + u32::try_from(self.below(16_000)).unwrap(),
            )),
        };
    }

    fn mode(&mut self, scene: &Scene) -> Mode {
        let channel =
            self.pick(&[Channel::Radio, Channel::Contact, Channel::Remote, Channel::Ranged]);
        match self.below(24) {
            0 => Mode::Challenged { age: None, channel },
            1..6 => Mode::Unchallenged {
                counter: if self.once_in(9) { u64::MAX } else { 5 },
                time: scene.lo + 20 - self.below(1000),
                expires: scene.lo + self.below(400),
            },
            _ => Mode::Challenged { age: Some(self.below(30_500)), channel },
        }
    }

    fn status(&mut self, lo: u64) -> Attested {
        let mut status = Attested::new(lo - self.below(100));
        status.over_nonce = self.once_in(4);
        match self.below(60) {
            0 => status.by = ISSUER,
            1 => status.by = STRANGER,
            2 => status.epoch = 2,
            3 => status.keyset = 4,
            4 => status.list = (3, 8),
            5 => status.list = (2, 9),
            _ => {}
        }
        status
    }

    /// A link whose caveats hold more often than not.
    pub fn link(&mut self, index: u8, count: u8) -> Link {
        let depth = 3 - index - u8::from(count < 4 && index + 1 == count && self.once_in(2));
        let mut link = if index == 0 { Link::grant(depth) } else { Link::plain(depth) };
        if index > 0 || self.once_in(2) {
            link.rights = self.pick(&[link.rights, Some(1), Some(1), Some(9), Some(9), Some(9)]);
            if self.once_in(15) {
                link.rights = Some(8);
            }
            if self.once_in(4) {
                let options = [
                    Target::Lock(LOCK),
                    Target::Group(GROUP),
                    Target::Lock(LOCK),
                    Target::Group(GROUP),
                    Target::Lock(OTHER_LOCK),
                ];
                link.targets = Some(vec![self.pick(&options), Target::Group(OTHER_GROUP)]);
            }
            if self.once_in(3) {
                let from = START.0 - self.below(60);
                link.valid = Some((from, u32::try_from(200 + self.below(1000)).unwrap()));
            }
        }
        if self.once_in(4) {
            link.uses = Some(u32::try_from(1 + self.below(3)).unwrap());
        }
        if self.once_in(6) {
            link.witness = Some(self.pick(&[
                (1, vec![WITNESS]),
                (1, vec![WITNESS, WITNESS + 1]),
                (2, vec![WITNESS, WITNESS + 1]),
                (1, vec![WITNESS, WITNESS + 2]),
                (1, vec![HOLDER, WITNESS + 1]),
            ]));
        }
        if self.once_in(4) {
            link.max_open = Some(u32::try_from(1 + self.below(60)).unwrap());
        }
        if self.once_in(5) {
            link.fresh = Some(u32::try_from(60 + self.below(60)).unwrap());
        }
        if self.once_in(6) {
            link.schedule = Some(self.schedule());
        }
        if self.once_in(6) {
            let lasts = u32::try_from(100 + self.below(300)).unwrap();
            link.first_use = Some((START.0 + 200 + self.below(200), lasts));
        }
        if self.once_in(6) {
            link.channels = Some(self.pick(&[0b0011, 0b0111, 0b1111, 0b1110]));
        }
        if self.once_in(8) {
            link.app = Some((7, b"data".to_vec()));
        }
        link
    }

    fn schedule(&mut self) -> (Vec<Window>, Vec<Dates>) {
        let mut windows = vec![Window::weekly(Weekdays(0b000_0011), 540, 180)];
        if self.once_in(2) {
            windows.push(Window::weekly(Weekdays(0b000_0001), 1320, 1200));
        }
        let week = u8::try_from(((START.0 / 86_400 + 3) / 7) % 2).unwrap();
        if self.once_in(2) {
            windows = vec![Window { every: 2, phase: week, ..windows[0] }];
        }
        if self.once_in(2) {
            windows = vec![Window::weekly(Weekdays::ALL, 0, 1440)];
        }
        if self.once_in(8) {
            windows = vec![Window::weekly(Weekdays::ALL, 603, 60)];
        }
        let day = u32::try_from(START.0 / 86_400).unwrap();
        let dates = if self.once_in(4) {
            vec![Dates { first: day + u32::from(self.once_in(2)), days: 2 }]
        } else {
            Vec::new()
        };
        (windows, dates)
    }
}
