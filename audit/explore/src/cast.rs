//! What may reach the lock: two epochs, two couriers, signed once.

use chacha20::ChaCha20Rng;
use keyward::{
    Ask, Caveats, Now, Origin, Request, Right, Rights, Scope, Seconds, SigningKey, State, Target,
    Time, Token, Valid,
    id::{Counter, LockId},
    lock::Identity,
    role,
    status::Revoked,
};
use keyward_testkit::world::{
    Capability, Door, Holder, Owner, START, Settings, door::Memory, secret,
};
use rand_core::SeedableRng;

/// How old a status may be, in seconds, where one is demanded.
pub const FRESH: u32 = 60;

/// From when on the second token is good, and for how long, in seconds behind the start.
const TERM: (u64, u32) = (20, 30);

/// When the unchallenged request dies, in seconds behind the start, which is its time.
const EXPIRES: u64 = 40;

/// A token, whose it is, and its term.
pub struct Held {
    pub token: Capability,
    pub holder: Holder,
    pub valid: Valid,
}

/// An unchallenged presentation, its time, when it dies, and the term of its token.
pub struct Unchallenged {
    pub bytes: Vec<u8>,
    pub time: Time,
    pub expires: Time,
    pub valid: Valid,
}

/// All that is signed before the lock's life begins.
pub struct Cast {
    /// What the lock is, and its store behind the claim.
    pub identity: Identity,
    pub claimed: Memory,
    /// Good for one use; not counted, for a term of 30 seconds, and revoked by the list; good for
    /// one use, in epoch 1; not counted, with a status of the last 60 seconds. All but the second
    /// are good for 30 days.
    pub held: [Held; 4],
    pub unchallenged: Unchallenged,
    /// A list, a keyset, a card of epoch 0; the keyset and card of the claim; the later status.
    pub statements: [Vec<u8>; 6],
    /// The times of the list, the keyset and the later status.
    pub times: [Time; 3],
    /// What an attester says before the list, and once it is out.
    pub statuses: [Vec<u8>; 2],
    /// Domain and epoch that they are of.
    pub scope: Scope,
    /// Who says so.
    pub attester: SigningKey<role::Issuer>,
    /// What the attester knows of: the list, and not the keyset behind it.
    pub newest: State,
    /// Epoch 1 and its keyset, and their time.
    pub epoch: [Vec<u8>; 2],
    pub epoch_at: Time,
}

impl Cast {
    pub fn new() -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let mut owner = Owner::new(START, &mut rng);
        let mut door = Door::new(LockId(*b"explored"), &mut rng);
        let settings = Settings { unchallenged: true, ..Settings::default() };
        door.move_in(&mut owner, settings, Now::exactly(START));
        let old = [owner.library.keyset.clone(), owner.library.cards[&door.id].clone()];
        let month = Valid { from: START, lasts: Seconds::days(30) };
        let mut grant = |owner: &mut Owner, valid: Valid, uses: u32, fresh: bool| {
            let targets = [Target::Lock(door.id)];
            let mut grant = Caveats::grant(Rights::of(Right::UNLOCK), &targets, valid).unwrap();
            if uses > 0 {
                grant = grant.uses(uses).unwrap();
            }
            if fresh {
                grant = grant.fresh(Seconds(FRESH)).unwrap();
            }
            let holder = Holder::new(&mut rng);
            Held { token: owner.grant(&holder.public(), 0, &grant), holder, valid }
        };
        let brief = Valid { from: START.after(TERM.0), lasts: Seconds(TERM.1) };
        let single = grant(&mut owner, month, 1, false);
        let free = grant(&mut owner, brief, 0, false);
        let unchallenged = unchallenged(&grant(&mut owner, month, 0, false), door.id);
        let checked = grant(&mut owner, month, 0, true);
        let times = [START.after(1), START.after(3), START.after(2)];
        let earlier = owner.attest(START.after(1), None);
        owner.revoke([Revoked::from(free.holder.public().name())], times[0]);
        let list = owner.library.list.clone().unwrap();
        let (scope, newest) = (owner.scope(), owner.state(times[2]));
        let status = owner.attest(times[2], None);
        let attester = SigningKey::from_secret(owner.attester.expose_secret());
        owner.publish_keyset(times[1]);
        let keyset = owner.library.keyset.clone();
        owner.publish_card(door.id, times[1]);
        let card = owner.library.cards[&door.id].clone();
        let mut drawn = ChaCha20Rng::seed_from_u64(2);
        let epoch_at = START.after(4);
        owner.new_epoch(epoch_at, &mut drawn);
        let epoch = [owner.library.epochs[1].clone(), owner.library.keyset.clone()];
        let [first, second] = old;
        let later = grant(&mut owner, month, 1, false);
        Self {
            identity: door.identity(),
            claimed: door.lock.into_store(),
            held: [single, free, later, checked],
            unchallenged,
            statements: [list, keyset, card, first, second, status.clone()],
            times,
            statuses: [earlier, status],
            scope,
            attester,
            newest,
            epoch,
            epoch_at,
        }
    }

    pub fn secret(&self) -> keyward::secret::DeviceSecret {
        secret(&self.identity)
    }
}

fn unchallenged(held: &Held, lock: LockId) -> Unchallenged {
    let origin = Origin::decode(&held.token.origin).unwrap();
    let token = Token::decode(&held.token.token).unwrap();
    let ask = Ask { lock, right: Right::UNLOCK, parameter: b"" };
    let (time, expires) = (START, START.after(EXPIRES));
    let request = Request::unchallenged(&origin, &token, ask, Counter(1000), time, expires);
    let draft = request.unwrap().present(&[], None).unwrap();
    let bytes = draft.sign(&held.holder.key).unwrap().as_bytes().to_vec();
    Unchallenged { bytes, time, expires, valid: held.valid }
}
