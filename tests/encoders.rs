//! The encoders against the oracle: what keyward builds of some values is, byte for byte, what
//! `postcard` makes of them.

#[path = "encoders/drafts.rs"]
mod drafts;
#[path = "encoders/statements.rs"]
mod statements;

use chacha20::ChaCha20Rng;
use ed25519_dalek::{Signer, SigningKey as DalekKey, Verifier};
use keyward::{
    Answer, Ask, Caveats, Challenge, Channel, Channels, EncodeError, Narrowing, Origin, PublicKey,
    Request, Right, Rights, Scope, Seconds, Signature, State, Status, Target, Time, Token, Valid,
    WitnessStatement,
    card::CardOrder,
    caveat::FirstUse,
    id::{
        CardVersion, Counter, DomainId, Epoch, EvidenceId, Fresh, GroupId, KeyId, KeysetVersion,
        LockId, Nonce, Serial,
    },
    role,
    schedule::{Dates, Weekdays, Window},
    status::{ListOrder, Revoked, SerialFloor},
    unsigned::Unsigned,
};
use keyward_testkit::{
    objects::Draw,
    oracle::{self, encode},
    scene::order,
};
use rand_core::{Rng, SeedableRng};

const ROUNDS: usize = 300;

/// A key of one class, by its seed.
fn key<R: role::Role>(seed: u8) -> PublicKey<R> {
    PublicKey::from_bytes(&DalekKey::from_bytes(&[seed; 32]).verifying_key().to_bytes()).unwrap()
}

/// Signs a draft outside of the crate, as the key of this seed.
fn signed<R: role::Role, const N: usize>(
    draft: Unsigned<R, N>,
    seed: u8,
) -> (Vec<u8>, oracle::Signature) {
    let signer = DalekKey::from_bytes(&[seed; 32]);
    let signature = signer.sign(draft.to_sign().as_bytes());
    assert!(signer.verifying_key().verify(draft.to_sign().as_bytes(), &signature).is_ok());
    let object = draft.with_signature(&Signature::from_bytes(signature.to_bytes())).unwrap();
    (object.as_bytes().to_vec(), (*signature.r_bytes(), *signature.s_bytes()))
}

/// Swaps entries at random.
fn shuffle<T>(rng: &mut ChaCha20Rng, entries: &mut [T]) {
    for last in (1..entries.len()).rev() {
        entries.swap(last, usize::try_from(rng.next_u64()).unwrap() % (last + 1));
    }
}

/// Adds caveats to a link in a random order, and the entries of their lists too.
fn build<L: Clone>(
    mut link: Caveats<L>,
    caveats: &oracle::Caveats,
    rng: &mut ChaCha20Rng,
) -> Result<Caveats<L>, EncodeError> {
    let valid = |(from, lasts): (u64, u32)| (Time(from), Seconds(lasts));
    let mut order: Vec<_> = (0..11).collect();
    shuffle(rng, &mut order);
    for bit in order {
        let before = link.clone();
        let with = match bit {
            0 => caveats.rights.map(|rights| link.rights(Rights(rights))),
            1 => caveats.targets.as_ref().map(|list| link.targets(&targets(list, rng))),
            2 => caveats.valid.map(valid).map(|(from, lasts)| link.valid(Valid { from, lasts })),
            3 => caveats.uses.map(|uses| link.uses(uses)),
            4 => caveats.witness.as_ref().map(|(of, keys)| {
                let mut keys: Vec<_> =
                    keys.iter().map(|bytes| PublicKey::from_bytes(bytes).unwrap()).collect();
                shuffle(rng, &mut keys);
                link.witness(*of, &keys)
            }),
            5 => caveats.max_open.map(|seconds| link.max_open(Seconds(seconds))),
            6 => caveats.fresh.map(|seconds| link.fresh(Seconds(seconds))),
            7 => caveats.schedule.as_ref().map(|schedule| {
                let windows = schedule.windows.iter().map(|window| Window {
                    days: Weekdays(window.days),
                    start: window.start,
                    length: window.length,
                    every: window.every,
                    phase: window.phase,
                });
                let dates = schedule.exceptions.iter().map(|&(first, days)| Dates { first, days });
                let (mut windows, mut dates): (Vec<_>, Vec<_>) =
                    (windows.collect(), dates.collect());
                shuffle(rng, &mut windows);
                shuffle(rng, &mut dates);
                link.schedule(&windows, &dates)
            }),
            8 => caveats
                .first_use
                .map(valid)
                .map(|(by, lasts)| link.first_use(FirstUse { by, lasts })),
            9 => caveats.channels.map(|channels| link.channels(Channels(channels))),
            _ => caveats.app.as_ref().map(|(tag, data)| link.app(*tag, data)),
        };
        link = with.unwrap_or(Ok(before))?;
    }
    Ok(link)
}

fn targets(entries: &[oracle::Target], rng: &mut ChaCha20Rng) -> Vec<Target> {
    let mut targets: Vec<_> = entries
        .iter()
        .map(|entry| match entry {
            oracle::Target::Lock(id) => Target::Lock(LockId(*id)),
            oracle::Target::Group(id) => Target::Group(GroupId(*id)),
        })
        .collect();
    shuffle(rng, &mut targets);
    targets
}

#[test]
fn caveats_in_any_order_give_the_same_bytes() {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    for _ in 0..ROUNDS {
        let caveats = Draw::valid(&mut rng).caveats(false, 2);
        let expected = postcard::to_allocvec(&caveats).unwrap();
        for _ in 0..3 {
            let built: Narrowing = build(Caveats::narrowing(), &caveats, &mut rng).unwrap();
            assert_eq!(built.encode().unwrap().as_bytes(), expected);
        }
    }
}

#[test]
fn a_caveat_that_stands_twice_is_refused() {
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    let mut all = Draw::valid(&mut rng).caveats(false, 1);
    all.schedule = None;
    let none = oracle::Caveats::default;
    let once: [oracle::Caveats; 10] = [
        oracle::Caveats { rights: all.rights, ..none() },
        oracle::Caveats { targets: all.targets.clone(), ..none() },
        oracle::Caveats { valid: all.valid, ..none() },
        oracle::Caveats { uses: all.uses, ..none() },
        oracle::Caveats { witness: all.witness.clone(), ..none() },
        oracle::Caveats { max_open: all.max_open, ..none() },
        oracle::Caveats { fresh: all.fresh, ..none() },
        oracle::Caveats { first_use: all.first_use, ..none() },
        oracle::Caveats { channels: all.channels, ..none() },
        oracle::Caveats { app: all.app.clone(), ..none() },
    ];
    let built = build(Caveats::narrowing(), &all, &mut rng).unwrap();
    for (caveats, bit) in once.iter().zip([0, 1, 2, 3, 4, 5, 6, 8, 9, 10]) {
        let refused = build(built.clone(), caveats, &mut rng).unwrap_err();
        assert_eq!(refused, EncodeError::CaveatTwice(bit));
    }
}

/// A domain, a token of it whose holder has the seed that is returned, and the same by the oracle.
fn token(rng: &mut ChaCha20Rng) -> (Origin, Vec<u8>, u8, oracle::Token, oracle::Origin) {
    let mut expected = Draw::valid(rng).token();
    let mut origin = Draw::valid(rng).origin();
    let issuer = key::<role::Issuer>(1);
    (origin.issuer, expected.issuer) = (*issuer.as_bytes(), issuer.id().0);
    let scope = Scope { domain: DomainId(origin.domain), epoch: Epoch(origin.epoch) };
    let ours = Origin::new(scope, &issuer);
    let mut bytes = Vec::new();
    let mut seed = 1;
    for link in &mut expected.links {
        let grantee = key::<role::Holder>(seed + 1);
        link.grantee = *grantee.as_bytes();
        let caveats = &link.caveats;
        (bytes, link.signature) = if seed == 1 {
            let (from, lasts) = caveats.valid.unwrap();
            let valid = Valid { from: Time(from), lasts: Seconds(lasts) };
            let rights = Rights(caveats.rights.unwrap());
            let entries = targets(caveats.targets.as_ref().unwrap(), rng);
            let grant = Caveats::grant(rights, &entries, valid).unwrap();
            let rest =
                oracle::Caveats { rights: None, targets: None, valid: None, ..caveats.clone() };
            let grant = build(grant, &rest, rng).unwrap();
            let serial = Serial(expected.serial);
            let draft = Token::issue(scope, &issuer, serial, &grantee, link.depth, &grant).unwrap();
            signed(draft, seed)
        } else {
            let parent = Token::decode(&bytes).unwrap();
            let narrowing = build(Caveats::narrowing(), caveats, rng).unwrap();
            let draft = parent.attenuate(&ours, &grantee, link.depth, &narrowing).unwrap();
            signed(draft, seed)
        };
        seed += 1;
    }
    (ours, bytes, seed, expected, origin)
}

#[test]
fn tokens_and_origins_are_the_oracles() {
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    for _ in 0..ROUNDS {
        let (origin, bytes, _, expected, expected_origin) = token(&mut rng);
        assert_eq!(bytes, encode(&expected));
        assert_eq!(origin.encode().unwrap().as_bytes(), encode(&expected_origin));
        let links = Token::decode(&bytes).unwrap().check(&origin).unwrap().links().count();
        assert_eq!(links, expected.links.len());
    }
}

#[test]
fn statuses_with_a_list_and_without_are_the_oracles() {
    let mut rng = ChaCha20Rng::seed_from_u64(4);
    let issuer = key::<role::Issuer>(1);
    for _ in 0..ROUNDS {
        let mut expected = Draw::valid(&mut rng).status();
        expected.issuer = issuer.id().0;
        let scope = Scope { domain: DomainId([7; 32]), epoch: Epoch(expected.epoch) };
        let state = State {
            keyset: KeysetVersion(expected.keyset),
            list: order((expected.list_keyset, expected.number)),
            at: Time(expected.at),
        };
        let nonce = expected.over_nonce.then_some(Nonce([8; 16]));
        let (bytes, signature) = match &expected.list {
            None => signed(Status::attest(scope, &issuer, state, nonce.as_ref()).unwrap(), 1),
            Some(list) => {
                let entries: Vec<_> = list.entries.iter().copied().map(Revoked).collect();
                let floors = list.floors.iter().map(|&(issuer, first)| SerialFloor {
                    issuer: KeyId(issuer),
                    first: Serial(first),
                });
                let floors: Vec<_> = floors.collect();
                let draft =
                    Status::revoke(scope, &issuer, state, &entries, &floors, nonce.as_ref());
                signed(draft.unwrap(), 1)
            }
        };
        expected.signature = signature;
        assert_eq!(bytes, encode(&expected));
    }
}

#[test]
fn challenges_and_answers_are_the_oracles() {
    let mut rng = ChaCha20Rng::seed_from_u64(5);
    for _ in 0..ROUNDS {
        let expected = Draw::valid(&mut rng).challenge();
        let challenge = Challenge {
            lock: LockId(expected.lock),
            nonce: Nonce(expected.nonce),
            epoch: Epoch(expected.epoch),
            keyset: KeysetVersion(expected.keyset),
            list: order(expected.list),
            card: CardOrder {
                keyset: KeysetVersion(expected.card.0),
                version: CardVersion(expected.card.1),
            },
        };
        assert_eq!(challenge.encode().unwrap().as_bytes(), encode(&expected));
    }
    for (answer, expected) in [
        (Answer::Done, oracle::Answer::Done),
        (Answer::Applied, oracle::Answer::Applied),
        (Answer::Denied, oracle::Answer::Denied),
        (Answer::NeedTime, oracle::Answer::NeedTime),
        (Answer::NeedStatus, oracle::Answer::NeedStatus),
        (Answer::NeedKeyset, oracle::Answer::NeedKeyset),
        (Answer::NeedWitness, oracle::Answer::NeedWitness),
        (Answer::Busy, oracle::Answer::Busy),
    ] {
        assert_eq!(answer.encode(), encode(&expected)[..]);
    }
}

#[test]
fn requests_statements_and_presentations_are_the_oracles() {
    let mut rng = ChaCha20Rng::seed_from_u64(6);
    for round in 0..ROUNDS {
        let (origin, bytes, holder, expected_token, expected_origin) = token(&mut rng);
        let token = Token::decode(&bytes).unwrap();
        let mut expected = Draw::valid(&mut rng).request();
        (expected.origin, expected.token) = (expected_origin, expected_token);
        let right = Right::new(expected.right).unwrap();
        let ask = Ask { lock: LockId(expected.lock), right, parameter: &expected.parameter };
        let request = match expected.moment {
            oracle::Moment::Challenged { nonce, channel, fresh } => {
                let challenge = Challenge {
                    lock: ask.lock,
                    nonce: Nonce(nonce),
                    epoch: origin.scope.epoch,
                    keyset: KeysetVersion(1),
                    list: ListOrder::NONE,
                    card: CardOrder::NONE,
                };
                let channel = match channel {
                    oracle::Channel::Remote => Channel::Remote,
                    oracle::Channel::Radio => Channel::Radio,
                    oracle::Channel::Contact => Channel::Contact,
                    oracle::Channel::Ranged => Channel::Ranged,
                };
                Request::challenged(&origin, &token, ask, &challenge, channel, Fresh(fresh))
            }
            oracle::Moment::Unchallenged { counter, time, expires } => {
                let (time, expires) = (Time(time), Time(expires));
                Request::unchallenged(&origin, &token, ask, Counter(counter), time, expires)
            }
        };
        let request = request.unwrap();
        assert_eq!(request.encode().unwrap().as_bytes(), encode(&expected));

        // None, one or two witnesses; the larger key first.
        let mut witnesses: Vec<_> = (0..u8::try_from(round % 3).unwrap())
            .map(|index| {
                let (evidence, witness) = ([index; 16], key::<role::Witness>(50 + index));
                let draft = request.agree(EvidenceId(evidence), &witness).unwrap();
                let (bytes, signature) = signed(draft, 50 + index);
                let statement = oracle::Witness { key: *witness.as_bytes(), evidence, signature };
                assert_eq!(bytes, encode(&statement));
                (statement, bytes)
            })
            .collect();
        witnesses.sort();
        let statements =
            witnesses.iter().rev().map(|(_, bytes)| WitnessStatement::decode(bytes).unwrap());
        let statements: Vec<_> = statements.collect();
        let status = (round % 2 == 0).then(|| {
            loop {
                let status = Draw::valid(&mut rng).status();
                if status.list.is_none() {
                    break status;
                }
            }
        });
        let status_bytes = status.as_ref().map(encode);
        let read = status_bytes.as_ref().map(|bytes| Status::decode(bytes).unwrap());
        let (bytes, signature) =
            signed(request.present(&statements, read.as_ref()).unwrap(), holder);
        let mode = match expected.moment {
            oracle::Moment::Challenged { fresh, .. } => oracle::Mode::Challenged { fresh },
            oracle::Moment::Unchallenged { counter, time, expires } => {
                oracle::Mode::Unchallenged { counter, time, expires }
            }
        };
        let presentation = oracle::Presentation {
            mode,
            right: expected.right,
            parameter: expected.parameter.clone(),
            witnesses: witnesses.into_iter().map(|(statement, _)| statement).collect(),
            status,
            token: expected.token,
            signature,
        };
        assert_eq!(bytes, encode(&presentation));
    }
}
