//! A lock behind a gateway: whatever its queue delays, doubles or mixes up opens nothing.
//!
//! Challenges and presentations travel through a queue that nobody trusts. The exit status is 0
//! only if every scene comes out as its line says.

use std::{collections::VecDeque, process::ExitCode};

use keyward::{
    Ask, Caveats, Challenge, Channel, Channels, Denial, Grant, Lock, Now, Origin, Request, Right,
    Rights, Seconds, Target, Time, Token, Valid,
    challenge::Answer,
    id::{Counter, LockId},
    ledger::Outcome,
    lock::{Handled, Home, Order, Rejected, SessionId, Sessions},
};
use keyward_testkit::world::{Capability, Door, Holder, START, Settings, World, door::Memory};
use rand_core::Rng;

fn main() -> ExitCode {
    let mut story = Story::new();
    println!("keyward: a door behind a gateway. Its queue may do what it likes.\n");
    story.queue();
    story.channel();
    story.unchallenged();
    println!("\n{} scenes, {} came out otherwise", story.scenes, story.wrong);
    if story.wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What arrives at the lock: by a session's link, or by none.
struct Message {
    arrives: Time,
    session: Option<SessionId>,
    bytes: Vec<u8>,
}

/// A network and a box on the wall; both only carry.
#[derive(Default)]
struct Gateway(VecDeque<Message>);

impl Gateway {
    fn carry(&mut self, session: Option<SessionId>, bytes: &[u8], arrives: Time) {
        self.0.push_back(Message { arrives, session, bytes: bytes.to_vec() });
    }
}

/// The lock and its host. Two phones may be served at a time.
struct Host {
    lock: Lock<'static, Memory, Home>,
    sessions: Sessions<2>,
}

impl Host {
    /// A phone connects by the gateway. What the phone says of its link is of no account: the host
    /// knows that a gateway is remote.
    fn connect(&mut self, random: [u8; 16], now: Now) -> Result<(SessionId, Challenge), Answer> {
        self.sessions.open(&mut self.lock, random, Channel::Remote, now)
    }

    /// Takes a message when it arrives.
    fn take(&mut self, message: &mut Message) -> Result<Handled, Rejected> {
        let (arrives, bytes) = (message.arrives, &mut message.bytes);
        let clock = || Now::exactly(arrives);
        let actuator = |_order: &Order<'_>| Outcome::Done;
        match message.session {
            None => Ok(self.lock.handle_unchallenged(bytes, clock, actuator)?),
            Some(id) => {
                let session = self.sessions.session(id).ok_or(Denial::NoChallenge)?;
                self.lock.handle(session, bytes, clock, actuator)
            }
        }
    }
}

struct Story {
    world: World,
    host: Host,
    gateway: Gateway,
    guest: Holder,
    door: LockId,
    counter: u64,
    scenes: u32,
    wrong: u32,
}

impl Story {
    fn new() -> Self {
        let mut world = World::new(7);
        let settings = Settings { groups: Vec::new(), unchallenged: true };
        let (door, now) = (LockId(*b"garage-1"), world.now());
        let claimed = Door::claimed(door, &mut world.owner, settings, now, &mut world.rng);
        let host = Host { lock: claimed.lock, sessions: Sessions::new() };
        let (guest, gateway) = (Holder::new(&mut world.rng), Gateway::default());
        Self { world, host, gateway, guest, door, counter: START.0, scenes: 0, wrong: 0 }
    }

    /// Answers to challenges: late, doubled, mixed up.
    fn queue(&mut self) {
        let held = self.grant(|grant| grant);
        let (one, challenge) = self.connect().unwrap();
        let answer = self.answer(&held, &challenge, Channel::Remote);
        self.send(Some(one), &answer, 5);
        self.expect("a guest, through the gateway, in 5 s", None);
        let (one, challenge) = self.connect().unwrap();
        let answer = self.answer(&held, &challenge, Channel::Remote);
        self.send(Some(one), &answer, 31);
        self.expect("the answer comes after 31 s", Some("ChallengeExpired"));

        let (one, challenge) = self.connect().unwrap();
        let answer = self.answer(&held, &challenge, Channel::Remote);
        self.send(Some(one), &answer, 1);
        self.send(Some(one), &answer, 2);
        self.expect("the answer comes twice: the first", None);
        self.expect("the answer comes twice: the second", Some("NoChallenge"));

        let (one, first) = self.connect().unwrap();
        let (other, second) = self.connect().unwrap();
        let busy = self.connect().err() == Some(Answer::Busy);
        self.told("a third phone, while two are served", "answer: Busy", busy);
        let first = self.answer(&held, &first, Channel::Remote);
        let second = self.answer(&held, &second, Channel::Remote);
        self.send(Some(other), &first, 1);
        self.send(Some(one), &second, 1);
        self.expect("two answers change places: one", Some("HolderSignature"));
        self.expect("two answers change places: the other", Some("HolderSignature"));
        self.send(Some(other), &second, 3);
        self.send(Some(one), &first, 3);
        self.expect("nothing is spent by that: each at its own", None);
        self.expect("nothing is spent by that: the other, too", None);

        let (gone, challenge) = self.connect().unwrap();
        let answer = self.answer(&held, &challenge, Channel::Remote);
        self.host.sessions.close(gone);
        self.send(Some(gone), &answer, 1);
        self.expect("the link is gone before the answer comes", Some("NoChallenge"));
        println!();
    }

    /// What a gateway is, and what a phone says that it is.
    fn channel(&mut self) {
        let near = Channels::of(Channel::Radio).and(Channel::Contact);
        let nearby = self.grant(|grant| grant.channels(near).unwrap());
        let anywhere = self.grant(|grant| grant.channels(near.and(Channel::Remote)).unwrap());
        for (scene, held, says, denied) in [
            ("a token for radio and touch", &nearby, Channel::Remote, Some("ChannelRefused")),
            (
                "the phone says that it is at the door",
                &nearby,
                Channel::Radio,
                Some("HolderSignature"),
            ),
            ("a token for the network, too", &anywhere, Channel::Remote, None),
            (
                "that token, and the phone says radio",
                &anywhere,
                Channel::Radio,
                Some("HolderSignature"),
            ),
        ] {
            let (id, challenge) = self.connect().unwrap();
            let answer = self.answer(held, &challenge, says);
            self.send(Some(id), &answer, 2);
            self.expect(scene, denied);
            self.host.sessions.close(id);
        }
        println!();
    }

    /// Requests that wait for no challenge: this door's card admits them.
    fn unchallenged(&mut self) {
        let held = self.grant(|grant| grant);
        let request = self.unasked(&held);
        self.send(None, &request, 600);
        self.send(None, &request, 601);
        self.expect("without a challenge, 10 minutes on its way", None);
        self.expect("the same once more", Some("CounterRefused"));

        let (first, second) = (self.unasked(&held), self.unasked(&held));
        self.send(None, &second, 1);
        self.send(None, &first, 2);
        self.expect("two of them change places: the later", None);
        self.expect("two of them change places: the earlier", None);

        let request = self.unasked(&held);
        self.send(None, &request, 901);
        self.expect("a quarter of an hour late", Some("RequestLate"));

        let camera = self.world.camera.key.public();
        let seen = self.grant(|grant| grant.witness(1, &[camera]).unwrap());
        let request = self.unasked(&seen);
        self.send(None, &request, 1);
        self.expect("a token that demands a witness", Some("WitnessUnchallenged"));
        let fresh = self.grant(|grant| grant.fresh(Seconds::minutes(5)).unwrap());
        let request = self.unasked(&fresh);
        self.send(None, &request, 1);
        self.expect("a token that demands a fresh status", Some("StatusMissing"));
        let (id, challenge) = self.connect().unwrap();
        self.host.sessions.close(id);
        let over_nonce = self.world.owner.attest(self.world.now, Some(&challenge.nonce));
        let request = self.unasked_with(&fresh, Some(&over_nonce));
        self.send(None, &request, 1);
        self.expect("with a status over some challenge", Some("StatusNonceUnchallenged"));
        let nearby = self.grant(|grant| grant.channels(Channels::of(Channel::Radio)).unwrap());
        let request = self.unasked(&nearby);
        self.send(None, &request, 1);
        self.expect("a token for radio alone", Some("ChannelRefused"));

        let (flat, now) = (self.world.flat.id, self.world.now());
        let mut request = self.request(&held, flat, None);
        let flat = &mut self.world.flat.lock;
        let verdict = flat.handle_unchallenged(&mut request, || now, |_order| Outcome::Done);
        let verdict = verdict.map_err(Rejected::Denial);
        self.judge("a door whose card admits none", &verdict, Some("UnchallengedRefused"));
    }

    /// This door, for a day, and what the scene demands beside.
    fn grant(&mut self, more: impl FnOnce(Grant) -> Grant) -> Capability {
        let day = Valid { from: START, lasts: Seconds::days(1) };
        let grant = Caveats::grant(Rights::of(Right::UNLOCK), &[Target::Lock(self.door)], day);
        self.world.owner.grant(&self.guest.public(), 0, &more(grant.unwrap()))
    }

    fn connect(&mut self) -> Result<(SessionId, Challenge), Answer> {
        let mut random = [0; 16];
        self.world.rng.fill_bytes(&mut random);
        self.host.connect(random, self.world.now())
    }

    /// What the guest presents; `says` is the link that the phone believes to have.
    fn answer(&mut self, held: &Capability, challenge: &Challenge, says: Channel) -> Vec<u8> {
        let ask = Ask { lock: self.door, right: Right::UNLOCK, parameter: b"" };
        let challenge = challenge.encode().unwrap();
        let rng = &mut self.world.rng;
        let request = self.guest.request(held, ask, challenge.as_bytes(), says, rng);
        self.guest.present(&request, &[], None)
    }

    fn unasked(&mut self, held: &Capability) -> Vec<u8> {
        self.unasked_with(held, None)
    }

    fn unasked_with(&mut self, held: &Capability, status: Option<&[u8]>) -> Vec<u8> {
        self.request(held, self.door, status)
    }

    /// What the guest presents without having been asked, good for an hour.
    fn request(&mut self, held: &Capability, lock: LockId, status: Option<&[u8]>) -> Vec<u8> {
        self.counter += 1;
        let origin = Origin::decode(&held.origin).unwrap();
        let token = Token::decode(&held.token).unwrap();
        let ask = Ask { lock, right: Right::UNLOCK, parameter: b"" };
        let (counter, now) = (Counter(self.counter), self.world.now);
        let expires = now.after(3600);
        let request = Request::unchallenged(&origin, &token, ask, counter, now, expires).unwrap();
        self.guest.present(request.encode().unwrap().as_bytes(), &[], status)
    }

    /// The gateway takes so many seconds.
    fn send(&mut self, session: Option<SessionId>, bytes: &[u8], seconds: u64) {
        self.gateway.carry(session, bytes, self.world.now.after(seconds));
    }

    /// The next message arrives; `denied` is the rule that it breaks.
    fn expect(&mut self, scene: &str, denied: Option<&str>) {
        let mut message = self.gateway.0.pop_front().unwrap();
        self.world.now = self.world.now.max(message.arrives);
        let verdict = self.host.take(&mut message);
        self.judge(scene, &verdict, denied);
    }

    fn judge(&mut self, scene: &str, verdict: &Result<Handled, Rejected>, denied: Option<&str>) {
        let (got, told) = match verdict {
            Ok(_) => (None, "OPENS".to_owned()),
            Err(Rejected::Denial(no)) => {
                (Some(no.name()), format!("denied: {} ({})", no.name(), no.code()))
            }
            Err(Rejected::Refusal(no)) => (Some(no.name()), format!("refused: {}", no.name())),
        };
        self.told(scene, &told, got == denied);
    }

    fn told(&mut self, scene: &str, told: &str, right: bool) {
        self.scenes += 1;
        self.wrong += u32::from(!right);
        let mark = if right { "" } else { "   <- WRONG" };
        println!("{scene:<44} {told}{mark}");
    }
}
