//! Presentations in which one signature was made for something else: another lock, domain, epoch,
//! session, channel, request or purpose. SPEC.md sections 4, 5 and 8 bind each to its own.

use keyward::{
    Ask, Challenge, Channel, Request, Right, Scope, State, Status, Time, Token, WitnessStatement,
    id::{DomainId, Epoch, Fresh, KeysetVersion, LockId, Nonce, Serial},
    role,
    token::Origin,
};

use crate::{
    scene::{
        ATTESTER, Attested, CARD, HOLDER, ISSUER, LOCK, Mode, NONCE, OTHER_LOCK, Scene, WITNESS,
        key, key_name, order,
    },
    world::START,
};

/// A presentation at a scene's lock, and the code of its denial. The scene's own is accepted.
#[derive(Clone, Debug)]
pub struct Borrowed {
    /// What was made for something else.
    pub name: &'static str,
    /// The lock's scene.
    pub scene: Scene,
    /// The bytes.
    pub bytes: Vec<u8>,
    /// The denial.
    pub code: u16,
}

const OTHER_NONCE: Nonce = Nonce(*b"nonce-of-another");

/// All cases.
pub fn cases() -> Vec<Borrowed> {
    [requests(), tokens(), witnesses(), statuses(), moved(), keys()].into_iter().flatten().collect()
}

/// A challenged request for which the holder signs, each part as given.
struct Asked {
    scope: Scope,
    lock: LockId,
    nonce: Nonce,
    channel: Channel,
    right: Right,
    parameter: &'static [u8],
}

impl Asked {
    /// What the default scene asks.
    fn here() -> Self {
        let (scope, right) = (Scene::scope(), Right::UNLOCK);
        Self { scope, lock: LOCK, nonce: NONCE, channel: Channel::Radio, right, parameter: b"" }
    }

    fn request<'a>(&'a self, token: &Token<'a>) -> Request<'a> {
        let origin = Origin::new(self.scope, &key::<role::Issuer>(ISSUER).public());
        let ask = Ask { lock: self.lock, right: self.right, parameter: self.parameter };
        let challenge = Challenge {
            lock: self.lock,
            nonce: self.nonce,
            epoch: self.scope.epoch,
            keyset: KeysetVersion(3),
            list: order((3, 7)),
            card: CARD,
        };
        let fresh = Fresh(*b"holder-s-own-16b");
        Request::challenged(&origin, token, ask, &challenge, self.channel, fresh).unwrap()
    }

    fn present(&self, token: &[u8], witness: Option<&[u8]>, status: Option<&[u8]>) -> Vec<u8> {
        let token = Token::decode(token).unwrap();
        let witness = witness.map(|bytes| WitnessStatement::decode(bytes).unwrap());
        let status = status.map(|bytes| Status::decode(bytes).unwrap());
        let request = self.request(&token);
        let draft = request.present(witness.as_slice(), status.as_ref()).unwrap();
        draft.sign(&key(HOLDER)).unwrap().as_bytes().to_vec()
    }
}

fn other_domain() -> Scope {
    Scope { domain: DomainId([0xd1; 32]), ..Scene::scope() }
}

fn other_epoch() -> Scope {
    Scope { epoch: Epoch(2), ..Scene::scope() }
}

fn requests() -> Vec<Borrowed> {
    let scene = Scene::with(|scene| scene.links[0].rights = Some(3));
    let token = scene.token().unwrap();
    let here = Asked::here;
    let mut cases: Vec<_> = [
        ("bound/holder_to_another_domain", Asked { scope: other_domain(), ..here() }),
        ("bound/holder_to_another_epoch", Asked { scope: other_epoch(), ..here() }),
        ("bound/holder_to_another_lock", Asked { lock: OTHER_LOCK, ..here() }),
        ("bound/holder_to_another_session", Asked { nonce: OTHER_NONCE, ..here() }),
        ("bound/holder_to_a_session_without_nonce", Asked { nonce: Nonce([0; 16]), ..here() }),
        ("bound/holder_to_another_channel", Asked { channel: Channel::Contact, ..here() }),
        ("bound/holder_to_the_channel_remote", Asked { channel: Channel::Remote, ..here() }),
    ]
    .into_iter()
    .map(|(name, asked)| {
        let bytes = asked.present(&token, None, None);
        Borrowed { name, scene: scene.clone(), bytes, code: 300 }
    })
    .collect();
    // Behind version, kind, mode and fresh stand the right, and the parameter with its length.
    let own = scene.presentation();
    assert_eq!(own, here().present(&token, None, None));
    let spliced = |place: std::ops::Range<usize>, with: &[u8]| {
        [&own[..place.start], with, &own[place.end..]].concat()
    };
    for (name, bytes) in [
        ("bound/holder_to_other_random_bytes", spliced(3..4, b"H")),
        ("bound/holder_to_another_right", spliced(19..20, &[1])),
        ("bound/holder_to_another_parameter", spliced(20..21, &[1, 7])),
    ] {
        cases.push(Borrowed { name, scene: scene.clone(), bytes, code: 300 });
    }
    let unchallenged = Scene::with(|scene| {
        scene.accepts_unchallenged = true;
        scene.mode = Mode::Unchallenged { counter: 9, time: START.0, expires: START.0 + 100 };
    });
    let mut counter = unchallenged.presentation();
    counter[3] += 1;
    let name = "bound/holder_to_another_counter";
    cases.push(Borrowed { name, scene: unchallenged, bytes: counter, code: 300 });
    cases
}

fn tokens() -> Vec<Borrowed> {
    let scene = Scene::default();
    let (issuer, holder) = (key::<role::Issuer>(ISSUER), key::<role::Holder>(HOLDER));
    let scopes = [
        ("bound/grant_to_another_domain", other_domain()),
        ("bound/grant_to_another_epoch", other_epoch()),
    ];
    let cases = scopes.into_iter().map(|(name, scope)| {
        let (serial, grant) = (Serial(scene.serial), scene.links[0].granting().unwrap());
        let draft = Token::issue(scope, &issuer.public(), serial, &holder.public(), 0, &grant);
        let token = draft.unwrap().sign(&issuer).unwrap();
        let bytes = Asked::here().present(token.as_bytes(), None, None);
        Borrowed { name, scene: scene.clone(), bytes, code: 301 }
    });
    cases.collect()
}

fn witnesses() -> Vec<Borrowed> {
    let scene = Scene::with(|scene| {
        scene.links[0].rights = Some(3);
        scene.links[0].witness = Some((1, vec![WITNESS]));
        scene.witnesses = vec![WITNESS];
    });
    let token = scene.token().unwrap();
    let here = Asked::here;
    let cases = [
        ("bound/witness_to_another_session", Asked { nonce: OTHER_NONCE, ..here() }),
        ("bound/witness_to_another_lock", Asked { lock: OTHER_LOCK, ..here() }),
        ("bound/witness_to_another_right", Asked { right: Right::LOCK, ..here() }),
        ("bound/witness_to_another_parameter", Asked { parameter: b"7", ..here() }),
    ];
    let cases = cases.into_iter().map(|(name, asked)| {
        let agreed = scene.statement(&asked.request(&Token::decode(&token).unwrap()), WITNESS);
        let bytes = here().present(&token, Some(&agreed), None);
        Borrowed { name, scene: scene.clone(), bytes, code: 302 }
    });
    cases.collect()
}

fn statuses() -> Vec<Borrowed> {
    let plain = Scene::with(|scene| scene.status = Some(Attested::new(START.0 + 30)));
    let mut over_nonce = plain.clone();
    over_nonce.status.as_mut().unwrap().over_nonce = true;
    let token = plain.token().unwrap();
    let attester = key::<role::Issuer>(ATTESTER);
    let state = State { keyset: KeysetVersion(3), list: order((3, 7)), at: Time(START.0 + 30) };
    let signed = |scope: Scope, nonce: Option<&Nonce>| {
        let draft = Status::attest(scope, &attester.public(), state, nonce).unwrap();
        draft.sign(&attester).unwrap().as_bytes().to_vec()
    };
    let here = Scene::scope();
    // Behind version, kind, issuer, epoch, keyset, list and five bytes of time stands the flag.
    let flagged = |mut status: Vec<u8>| {
        status[18] ^= 1;
        status
    };
    let cases = [
        ("bound/status_to_another_session", &over_nonce, signed(here, Some(&OTHER_NONCE))),
        ("bound/status_to_no_session_and_flagged", &over_nonce, flagged(signed(here, None))),
        ("bound/status_to_a_session_and_not_flagged", &plain, flagged(signed(here, Some(&NONCE)))),
        ("bound/status_to_another_domain", &plain, signed(other_domain(), None)),
    ];
    let cases = cases.into_iter().map(|(name, scene, status)| {
        let bytes = Asked::here().present(&token, None, Some(&status));
        Borrowed { name, scene: scene.clone(), bytes, code: 303 }
    });
    cases.collect()
}

/// The ends of the signatures of the full scene's presentation, in the order in which they are
/// checked, each with the code of its denial.
pub fn signature_ends(scene: &Scene) -> [(&'static str, usize, u16); 6] {
    let end = scene.presentation().len();
    let later = 32 + 1 + 9 + 64;
    let witness = 2 + 1 + 16 + 1 + 1 + 1 + 32 + 16 + 64;
    let status = witness + 1 + (8 + 1 + 1 + 2 + 5 + 1 + 1) + 64;
    [
        ("holder_signature", end, 300),
        ("link_0_signature", end - 64 - 2 * later, 301),
        ("link_1_signature", end - 64 - later, 301),
        ("link_2_signature", end - 64, 301),
        ("witness_signature", witness, 302),
        ("status_signature", status, 303),
    ]
}

/// The full scene with a signature flipped, and a rule broken that is checked before all
/// signatures or after them; the code of the one that denies.
pub fn around_signatures() -> [(&'static str, Scene, Vec<u8>, u16); 2] {
    let full = Scene::full();
    let [(_, holder, _), .., (_, status, _)] = signature_ends(&full);
    let flipped = |end: usize| {
        let mut bytes = full.presentation();
        bytes[end - 20] ^= 1;
        bytes
    };
    let mut closed = full.clone();
    closed.mode = Mode::Challenged { age: None, channel: Channel::Radio };
    let mut revoked = full.clone();
    revoked.revoked = vec![key_name(HOLDER).into()];
    [
        ("full/challenge_before_the_holder_signature", closed, flipped(holder), 210),
        ("full/status_signature_before_revocation", revoked, flipped(status), 303),
    ]
}

/// Each signature in the place of another: none is good for two purposes.
fn moved() -> Vec<Borrowed> {
    let scene = Scene::full();
    let own = scene.presentation();
    let [holder, link_0, link_1, link_2, witness, status] = signature_ends(&scene);
    let cases = [
        ("bound/holder_signature_by_the_leaf_s_link", holder, link_2),
        ("bound/link_0_signature_by_a_status", link_0, status),
        ("bound/link_1_signature_by_link_0", link_1, link_0),
        ("bound/link_2_signature_by_the_holder", link_2, holder),
        ("bound/witness_signature_by_the_holder", witness, holder),
        ("bound/status_signature_by_link_0", status, link_0),
    ];
    let cases = cases.into_iter().map(|(name, (_, to, code), (_, from, _))| {
        let mut bytes = own.clone();
        bytes.copy_within(from - 64..from, to - 64);
        Borrowed { name, scene: scene.clone(), bytes, code }
    });
    cases.collect()
}

/// Keys whose bytes are canonical and name no point: y is 2.
fn keys() -> Vec<Borrowed> {
    let scene = Scene::full();
    let own = scene.presentation();
    let [(_, end, _), .., (_, witness, _), _] = signature_ends(&scene);
    let leaf = end - 64 - (32 + 1 + 9 + 64);
    let cases = [
        ("bound/holder_off_the_curve", leaf, 300),
        ("bound/witness_off_the_curve", witness - 64 - 16 - 32, 302),
    ];
    let cases = cases.into_iter().map(|(name, at, code)| {
        let mut bytes = own.clone();
        bytes[at..at + 32].fill(0);
        bytes[at] = 2;
        Borrowed { name, scene: scene.clone(), bytes, code }
    });
    cases.collect()
}
