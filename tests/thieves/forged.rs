//! What a thief signs with the keys that he has.

use keyward::{
    Caveats, Origin, PublicKey, Rights, Roles, Seconds, SigningKey, State, Status, Target, Time,
    Token, Valid,
    card::{self, CardOrder},
    id::{CardVersion, KeysetVersion, ListNumber, Nonce, Serial},
    key::role::Grantor,
    lock::Identity,
    role,
    status::{ListOrder, Revoked, SerialFloor},
};
use keyward_testkit::{
    statements::{CardOf, ClaimOf, Deed, Home},
    world::{Capability, Holder, START, World},
};

const ALL: Roles = Roles::ISSUE.and(Roles::ATTEST).and(Roles::REVOKE).and(Roles::ENROL);

/// A token for the flat, by whatever key: these rights, from the start on, for a day.
pub(crate) fn granted<R: Grantor>(
    world: &World,
    by: &SigningKey<R>,
    serial: u64,
    to: &Holder,
    rights: Rights,
) -> Capability {
    let valid = Valid { from: START, lasts: Seconds::days(1) };
    aimed(world, by, serial, to, rights, (Target::Lock(world.flat.id), valid))
}

/// A token by whatever key, for whatever target and time.
pub(crate) fn aimed<R: Grantor>(
    world: &World,
    by: &SigningKey<R>,
    serial: u64,
    to: &Holder,
    rights: Rights,
    (target, valid): (Target, Valid),
) -> Capability {
    let grant = Caveats::grant(rights, &[target], valid).unwrap();
    let (scope, key) = (world.owner.scope(), by.public());
    let draft = Token::issue(scope, &key, Serial(serial), &to.public(), 0, &grant).unwrap();
    let token = draft.sign(by).unwrap().as_bytes().to_vec();
    let origin = Origin::new(scope, &key).encode().unwrap().as_bytes().to_vec();
    Capability { origin, token }
}

/// A list by a key, whatever it says.
pub(crate) fn list(
    world: &World,
    by: &SigningKey<role::Issuer>,
    (order, at): ((u64, u64), u64),
    entries: &[Revoked],
    floors: &[SerialFloor],
) -> Vec<u8> {
    let keyset = KeysetVersion(order.0);
    let list = ListOrder { keyset, number: ListNumber(order.1) };
    let state = State { keyset, list, at: Time(at) };
    let scope = world.owner.scope();
    let draft = Status::revoke(scope, &by.public(), state, entries, floors, None).unwrap();
    draft.sign(by).unwrap().as_bytes().to_vec()
}

/// A status by a key, whatever it says.
pub(crate) fn status(
    world: &World,
    by: &SigningKey<role::Issuer>,
    at: u64,
    nonce: Option<&Nonce>,
) -> Vec<u8> {
    let (scope, state) = (world.owner.scope(), world.owner.state(Time(at)));
    let draft = Status::attest(scope, &by.public(), state, nonce).unwrap();
    draft.sign(by).unwrap().as_bytes().to_vec()
}

/// A card of the flat by a key, with a change.
pub(crate) fn card(
    world: &World,
    by: &SigningKey<role::Issuer>,
    order: (u64, u64),
    change: impl FnOnce(&mut card::Draft<'_>),
) -> Vec<u8> {
    let unclaimed = world.flat.unclaimed();
    let mut draft = card::Draft {
        scope: world.owner.scope(),
        order: CardOrder { keyset: KeysetVersion(order.0), version: CardVersion(order.1) },
        at: START,
        lock: world.flat.id,
        groups: &[],
        device: unclaimed.device,
        sealing: None,
        sealed_only: false,
        unchallenged: false,
        zone: None,
        nonce: unclaimed.nonce,
    };
    change(&mut draft);
    let draft = draft.by(&by.public()).unwrap();
    draft.sign(by).unwrap().as_bytes().to_vec()
}

/// A keyset of one issuer for everything, by the owner's roots.
pub(crate) fn own_keyset(
    world: &World,
    key: &PublicKey<role::Issuer>,
    version: u64,
    at: u64,
) -> Vec<u8> {
    let valid = (Time(0), Seconds(u32::MAX));
    world.owner.sign_keyset(version, Time(at), &mut [(*key, ALL, valid)])
}

/// The owner's claim of a lock in another life.
pub(crate) fn claim_of(home: &Home, life: Identity) -> Deed {
    let device = *life.device.as_bytes();
    let card = CardOf { device, life: life.nonce.0, ..home.card(1, 1) };
    let claim = ClaimOf { card: card.bytes(), ..home.claim() };
    claim.over(claim.bytes(life).unwrap())
}
