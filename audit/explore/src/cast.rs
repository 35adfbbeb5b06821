//! What may reach the lock: two epochs, two couriers, signed once.

use chacha20::ChaCha20Rng;
use keyward::{
    Ask, Caveats, Now, Origin, Request, Right, Rights, Seconds, Target, Token, Valid,
    id::{Counter, LockId},
    lock::Identity,
    status::Revoked,
};
use keyward_testkit::world::{
    Capability, Door, Holder, Owner, START, Settings, door::Memory, secret,
};
use rand_core::SeedableRng;

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
    /// Good for one use; not counted, and revoked by the list; good for one use, in epoch 1.
    pub held: [Held; 3],
    /// An unchallenged presentation.
    pub unchallenged: Vec<u8>,
    /// A list, a keyset, a card of epoch 0; the keyset and card of the claim.
    pub statements: [Vec<u8>; 5],
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
        let mut grant = |owner: &mut Owner, uses: u32| {
            let valid = Valid { from: START, lasts: Seconds::days(30) };
            let targets = [Target::Lock(door.id)];
            let mut grant = Caveats::grant(Rights::of(Right::UNLOCK), &targets, valid).unwrap();
            if uses > 0 {
                grant = grant.uses(uses).unwrap();
            }
            let holder = Holder::new(&mut rng);
            Held { token: owner.grant(&holder.public(), 0, &grant), holder }
        };
        let (single, free, other) =
            (grant(&mut owner, 1), grant(&mut owner, 0), grant(&mut owner, 0));
        let unchallenged = unchallenged(&other, door.id);
        owner.revoke([Revoked::from(free.holder.public().name())], START.after(1));
        let list = owner.library.list.clone().unwrap();
        owner.publish_keyset(START.after(2));
        let keyset = owner.library.keyset.clone();
        owner.publish_card(door.id, START.after(2));
        let card = owner.library.cards[&door.id].clone();
        let mut drawn = ChaCha20Rng::seed_from_u64(2);
        owner.new_epoch(START.after(3), &mut drawn);
        let epoch = [owner.library.epochs[1].clone(), owner.library.keyset.clone()];
        let [first, second] = old;
        let later = grant(&mut owner, 1);
        Self {
            identity: door.identity(),
            claimed: door.lock.into_store(),
            held: [single, free, later],
            unchallenged,
            statements: [list, keyset, card, first, second],
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
