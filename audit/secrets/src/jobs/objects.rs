//! Objects, signed by keys whose secret half is marked.

use std::hint::black_box;

use keyward::{
    Ask, Card, Caveats, Epoch, Keyset, Origin, PublicKey, Request, Right, Rights, Scope, Signature,
    SigningKey, State, Status, Target, Threshold, Time, Token, Unclaimed, Valid, card,
    card::CardOrder,
    epoch::{self, Commitment},
    id::{
        self, CardVersion, ClaimNonce, Counter, DomainId, EvidenceId, KeysetVersion, ListNumber,
        LockId, Nonce, Sequence, Serial,
    },
    key::role::{self, Role},
    keyset,
    ledger::Outcome,
    receipt::{Event, Public},
    recording::Closed,
    seam,
    status::ListOrder,
    time::{Interval, Seconds},
    unsigned::Unsigned,
};

use super::leaves;
use crate::taint;

/// Issued, narrowed and presented.
pub fn tokens() {
    let (holder, guest) = (held::<role::Holder>(2), held::<role::Holder>(3));
    granted::<role::Emergency>(&holder);
    let token = granted::<role::Issuer>(&holder);
    let (token, issuer) = (Token::decode(&token).expect("a token"), held::<role::Issuer>(1));
    let origin = Origin::new(SCOPE, &issuer.public());
    let narrowed = token.attenuate(&origin, &guest.public(), 0, &Caveats::narrowing());
    let narrowed = signed(narrowed.expect("a draft"), &holder);
    let narrowed = Token::decode(&narrowed).expect("a token");
    let request = request(&origin, &narrowed);
    signed(request.present(&[], None).expect("a draft"), &guest);
}

fn granted<G: role::Grantor>(holder: &SigningKey<role::Holder>) -> Vec<u8> {
    let issuer = held::<G>(1);
    let valid = Valid { from: TIME, lasts: Seconds(900) };
    let grant = Caveats::grant(Rights(1), &[Target::Lock(LOCK)], valid).expect("caveats");
    let draft = Token::issue(SCOPE, &issuer.public(), Serial(1), &holder.public(), 1, &grant);
    signed(draft.expect("a draft"), &issuer)
}

fn request<'a>(origin: &Origin, token: &Token<'a>) -> Request<'a> {
    let ask = Ask { lock: LOCK, right: Right::UNLOCK, parameter: &[] };
    let later = Time(TIME.0 + 60);
    Request::unchallenged(origin, token, ask, Counter(1), TIME, later).expect("a request")
}

/// What each other class signs in one step.
pub fn statements() {
    let (issuer, witness) = (held::<role::Issuer>(1), held::<role::Witness>(4));
    let token = granted::<role::Issuer>(&held(2));
    let token = Token::decode(&token).expect("a token");
    let origin = Origin::new(SCOPE, &issuer.public());
    let agreed = request(&origin, &token).agree(EvidenceId([1; 16]), &witness.public());
    signed(agreed.expect("a draft"), &witness);
    let closed = Closed {
        core: [1; 32],
        evidence: EvidenceId([1; 16]),
        hash: [2; 32],
        from: TIME,
        until: TIME,
    };
    signed(closed.draft(&witness.public()).expect("a draft"), &witness);
    let list = ListOrder { keyset: KeysetVersion(1), number: ListNumber(1) };
    let state = State { keyset: KeysetVersion(1), list, at: TIME };
    let nonce = Nonce([7; 16]);
    let status = Status::attest(SCOPE, &issuer.public(), state, Some(&nonce));
    signed(status.expect("a draft"), &issuer);
    let device = held::<role::Device>(5);
    let card = signed(card(&device.public()).by(&issuer.public()).expect("a draft"), &issuer);
    let epoch = epoch();
    let (epoch, card) = (Epoch::decode(&epoch).expect("one"), Card::decode(&card).expect("one"));
    let (claim, lock) = (held::<role::Claim>(6), unclaimed(&device.public()));
    let draft = lock.claim(SCOPE.domain, &epoch, &card, &claim.public());
    signed(draft.expect("a draft"), &claim);
    receipt(&device);
}

fn receipt(device: &SigningKey<role::Device>) {
    let event = Event::Opening { core: &[1; 32], right: Right::UNLOCK, outcome: Outcome::Done };
    let public = Public {
        lock: LOCK,
        epoch: SCOPE.epoch,
        sequence: Sequence(0),
        before: &[0; 32],
        oldest: Sequence(0),
        starts: 1,
        time: Interval::between(TIME, TIME),
        private: None,
        event,
    };
    let draft = seam::draft(SCOPE.domain, device.public(), &public, &[1; 40]).expect("a draft");
    signed(draft.receipt().expect("a draft"), device);
}

/// What several sign, and what is signed elsewhere: a signature over the offered message comes
/// back, and is verified.
pub fn elsewhere() {
    let bytes = epoch();
    let epoch = Epoch::decode(&bytes).expect("an epoch");
    let (cold, root) = (held::<role::Cold>(7), held::<role::Root>(8));
    let signature = foreign(&cold, epoch.to_sign(SCOPE.domain).as_bytes());
    epoch.with_signature(SCOPE.domain, &cold.public(), &signature).expect("it holds");
    let draft = keyset::Draft {
        epoch: SCOPE.epoch,
        version: KeysetVersion(1),
        issued_at: TIME,
        log_to: None,
        issuers: &[],
        zones: &[],
    };
    let bytes = draft.encode().expect("a keyset");
    let keyset = Keyset::decode(bytes.as_bytes()).expect("a keyset");
    let signature = foreign(&root, keyset.to_sign(&SCOPE).as_bytes());
    keyset.with_signature(&SCOPE, &epoch, &root.public(), &signature).expect("it holds");
    for length in [0, 1, 111, 112, 300] {
        let message = black_box([0x42_u8; 300]);
        let message = &message[..length];
        foreign(&held::<role::Emergency>(9), message);
        foreign(&held::<role::Issuer>(9), message);
        foreign(&held::<role::Holder>(9), message);
        foreign(&held::<role::Witness>(9), message);
        foreign(&held::<role::Device>(9), message);
        foreign(&held::<role::Claim>(9), message);
        foreign(&held::<role::Label>(9), message);
    }
}

/// A key whose public half is known and whose secret is marked.
pub fn held<R: Role>(number: u8) -> SigningKey<R> {
    let key = SigningKey::from_secret(&black_box([number; 32]));
    taint::secret(key.expose_secret());
    key
}

/// The object, signed in one step.
fn signed<R: Role, const N: usize>(draft: Unsigned<R, N>, key: &SigningKey<R>) -> Vec<u8> {
    let mut bytes = draft.sign(key).expect("its own key").as_bytes().to_vec();
    let (_, signature) = bytes.split_last_chunk_mut::<64>().expect("a signature");
    // R and S are what is sent.
    *signature = leaves(signature);
    bytes
}

/// What a key elsewhere returns.
fn foreign<R: Role>(key: &SigningKey<R>, message: &[u8]) -> Signature {
    // R and S are what is sent.
    Signature::from_bytes(leaves(seam::sign(key, message).as_bytes()))
}

fn epoch() -> Vec<u8> {
    let cold = [held::<role::Cold>(7).public()];
    let next = [held::<role::Cold>(10).public()];
    let roots = [held::<role::Root>(8).public()];
    let draft = epoch::Draft {
        number: SCOPE.epoch,
        issued_at: TIME,
        roots: Threshold { needed: 1, keys: &roots },
        emergency: None,
        next: Commitment::new(&Threshold { needed: 1, keys: &next }).expect("a commitment"),
        cold: Threshold { needed: 1, keys: &cold },
    };
    draft.encode().expect("an epoch").as_bytes().to_vec()
}

const fn card(device: &PublicKey<role::Device>) -> card::Draft<'static> {
    card::Draft {
        scope: SCOPE,
        order: CardOrder { keyset: KeysetVersion(1), version: CardVersion(1) },
        at: TIME,
        lock: LOCK,
        groups: &[],
        device: *device,
        sealing: None,
        sealed_only: false,
        unchallenged: false,
        zone: None,
        nonce: ClaimNonce([1; 16]),
    }
}

const fn unclaimed(device: &PublicKey<role::Device>) -> Unclaimed {
    Unclaimed { device: *device, nonce: ClaimNonce([1; 16]) }
}

const SCOPE: Scope = Scope { domain: DomainId([0xd0; 32]), epoch: id::Epoch(1) };
const LOCK: LockId = LockId(*b"door-001");
const TIME: Time = Time(1_800_000_000);
