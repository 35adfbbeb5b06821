//! What may reach the lock: two epochs, two couriers, signed once.

use chacha20::ChaCha20Rng;
use keyward::{
    Ask, Caveats, Now, Origin, Request, Right, Rights, Scope, Seconds, SigningKey, State, Target,
    Token, Valid,
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

/// A token and whose it is.
pub struct Held {
    pub token: Capability,
    pub holder: Holder,
}

/// All that is signed before the lock's life begins.
pub struct Cast {
    /// What the lock is, and its store behind the claim.
    pub identity: Identity,
    pub claimed: Memory,
    /// Good for one use; not counted, and revoked by the list; good for one use, in epoch 1; not
    /// counted, with a status of the last 60 seconds.
    pub held: [Held; 4],
    /// An unchallenged presentation.
    pub unchallenged: Vec<u8>,
    /// A list, a keyset, a card of epoch 0; the keyset and card of the claim; the later status.
    pub statements: [Vec<u8>; 6],
    /// What an attester says before the list, and once list and keyset are out.
    pub statuses: [Vec<u8>; 2],
    /// Domain and epoch that they are of.
    pub scope: Scope,
    /// Who says so.
    pub attester: SigningKey<role::Issuer>,
    /// What is newest in epoch 0.
    pub newest: State,
    /// Epoch 1 and its keyset.
    pub epoch: [Vec<u8>; 2],
}

impl Cast {
    pub fn new() -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let mut owner = Owner::new(START, &mut rng);
        let mut door = Door::new(LockId(*b"explored"), &mut rng);
        let settings = Settings { unchallenged: true, ..Settings::default() };
        door.move_in(&mut owner, settings, Now::exactly(START));
        let old = [owner.library.keyset.clone(), owner.library.cards[&door.id].clone()];
        let mut grant = |owner: &mut Owner, uses: u32, fresh: bool| {
            let valid = Valid { from: START, lasts: Seconds::days(30) };
            let targets = [Target::Lock(door.id)];
            let mut grant = Caveats::grant(Rights::of(Right::UNLOCK), &targets, valid).unwrap();
            if uses > 0 {
                grant = grant.uses(uses).unwrap();
            }
            if fresh {
                grant = grant.fresh(Seconds(FRESH)).unwrap();
            }
            let holder = Holder::new(&mut rng);
            Held { token: owner.grant(&holder.public(), 0, &grant), holder }
        };
        let (single, free, other) =
            (grant(&mut owner, 1, false), grant(&mut owner, 0, false), grant(&mut owner, 0, false));
        let unchallenged = unchallenged(&other, door.id);
        let checked = grant(&mut owner, 0, true);
        let earlier = owner.attest(START.after(1), None);
        owner.revoke([Revoked::from(free.holder.public().name())], START.after(1));
        let list = owner.library.list.clone().unwrap();
        owner.publish_keyset(START.after(2));
        let keyset = owner.library.keyset.clone();
        let (scope, newest) = (owner.scope(), owner.state(START.after(2)));
        let status = owner.attest(START.after(2), None);
        let attester = SigningKey::from_secret(owner.attester.expose_secret());
        owner.publish_card(door.id, START.after(2));
        let card = owner.library.cards[&door.id].clone();
        let mut drawn = ChaCha20Rng::seed_from_u64(2);
        owner.new_epoch(START.after(3), &mut drawn);
        let epoch = [owner.library.epochs[1].clone(), owner.library.keyset.clone()];
        let [first, second] = old;
        let later = grant(&mut owner, 1, false);
        Self {
            identity: door.identity(),
            claimed: door.lock.into_store(),
            held: [single, free, later, checked],
            unchallenged,
            statements: [list, keyset, card, first, second, status.clone()],
            statuses: [earlier, status],
            scope,
            attester,
            newest,
            epoch,
        }
    }

    pub fn secret(&self) -> keyward::secret::DeviceSecret {
        secret(&self.identity)
    }
}

fn unchallenged(held: &Held, lock: LockId) -> Vec<u8> {
    let origin = Origin::decode(&held.token.origin).unwrap();
    let token = Token::decode(&held.token.token).unwrap();
    let ask = Ask { lock, right: Right::UNLOCK, parameter: b"" };
    let (counter, expires) = (Counter(1000), START.after(600));
    let request = Request::unchallenged(&origin, &token, ask, counter, START, expires).unwrap();
    let draft = request.present(&[], None).unwrap();
    draft.sign(&held.holder.key).unwrap().as_bytes().to_vec()
}
