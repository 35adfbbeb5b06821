//! The job, once with each crate: the owner grants holder 1 the right to unlock one lock for 15
//! minutes; with three links, holder 1 passes it on to holder 2, and that one to holder 3.
//!
//! Formats without delegation carry three tokens, each signed by the key that the one before
//! names. Where a crate reads the system's clock the span lies around the present.

use std::{
    hint::black_box,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use base64ct::{Base64UrlUnpadded, Encoding};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use keyward::{
    Right, Token,
    caveat::{Caveat, Target},
};
use keyward_testkit::scene::{LOCK, Link, Scene};
use serde::{Deserialize, Serialize};

use crate::Case;

const DOOR: &str = "door-001";
const UNLOCK: &str = "unlock";
const LASTS: u64 = 900;

/// Every crate with one link and with three.
pub fn cases() -> Vec<Case> {
    macaroon::initialize().expect("libsodium");
    let mut cases = Vec::new();
    for links in [1, 3] {
        cases.extend([
            keyward_token(links),
            keyward_presentation(links),
            biscuit(links, false),
            paseto(links),
            jwt(links),
            cwt(links),
            rcan(links),
            macaroon(links),
        ]);
        if links > 1 {
            cases.push(biscuit(links, true));
        }
    }
    cases
}

/// Key 0 is the owner's, the others are the holders'.
fn key(number: usize) -> SigningKey {
    SigningKey::from_bytes(&[u8::try_from(number).expect("few keys") + 1; 32])
}

fn public(number: usize) -> VerifyingKey {
    key(number).verifying_key()
}

fn name(number: usize) -> String {
    Base64UrlUnpadded::encode_string(public(number).as_bytes())
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs()
}

fn scene(links: usize) -> Scene {
    let last = u8::try_from(links - 1).expect("few links");
    Scene::with(|scene| {
        let grant = Link::grant(0);
        let link = |index| match index {
            0 => Link { depth: last, ..grant.clone() },
            _ => Link { depth: last - index, targets: None, ..grant.clone() },
        };
        scene.links = (0..=last).map(link).collect();
    })
}

/// The token alone, as every other crate here checks it: no proof of possession.
fn keyward_token(links: usize) -> Case {
    let scene = scene(links);
    let (token, origin, now) = (scene.token().expect("a token"), scene.origin(), scene.lo);
    let bytes = token.len();
    let verify = move || {
        let token = Token::decode(black_box(&token)).expect("a token");
        let checked = token.check(&origin).expect("genuine");
        for link in checked.links() {
            for caveat in link.caveats() {
                let holds = match caveat.expect("a caveat") {
                    Caveat::Rights(rights) => rights.has(Right::UNLOCK),
                    Caveat::Target(targets) => {
                        targets.iter().any(|target| target == Target::Lock(LOCK))
                    }
                    Caveat::Valid(valid) => (valid.from.0..valid.until().0).contains(&now),
                    _ => false,
                };
                assert!(black_box(holds));
            }
        }
    };
    Case { name: "keyward, token", links, bytes, verify: Box::new(verify) }
}

/// The whole presentation: with the holder's signature over the lock's nonce.
fn keyward_presentation(links: usize) -> Case {
    let scene: &'static Scene = Box::leak(Box::new(scene(links)));
    let (presentation, lock) = (scene.presentation(), scene.prepare());
    let bytes = presentation.len();
    let verify = move || {
        drop(black_box(lock.judge(black_box(&presentation)).expect("accepted")));
    };
    Case { name: "keyward, presentation", links, bytes, verify: Box::new(verify) }
}

/// Blocks of Datalog; third-party blocks are signed by the holders' own keys.
fn biscuit(links: usize, third_party: bool) -> Case {
    let (bytes, verify) = biscuit_job(links, third_party);
    let name = match third_party {
        true => "biscuit-auth 6.0, third-party blocks",
        false => "biscuit-auth 6.0",
    };
    Case { name, links, bytes, verify: Box::new(verify) }
}

/// The token's length, and its whole verification.
pub fn biscuit_job(links: usize, third_party: bool) -> (usize, impl Fn() + Send + Sync) {
    use biscuit_auth::{
        AuthorizerBuilder, Biscuit, KeyPair, PrivateKey, builder::Algorithm, builder::BlockBuilder,
        datalog::RunLimits,
    };
    let pair = |number: usize| {
        let secret = PrivateKey::from_bytes(&key(number).to_bytes(), Algorithm::Ed25519);
        KeyPair::from(&secret.expect("a key"))
    };
    let hex = |number: usize| -> String {
        public(number).as_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
    };
    let claims = |holder: usize| {
        format!(
            "holder(hex:{}); check if operation(\"{UNLOCK}\"), lock(\"{DOOR}\"); \
             check if time($t), $t >= 2026-11-24T09:00:00Z, $t < 2026-11-24T09:15:00Z;",
            hex(holder)
        )
    };
    let root = pair(0);
    let authority = Biscuit::builder().code(claims(1)).expect("claims");
    let mut token = authority.build(&root).expect("a token");
    for holder in 2..=links {
        let block = BlockBuilder::new().code(claims(holder)).expect("claims");
        token = if third_party {
            let signer = pair(holder - 1);
            let request = token.third_party_request().expect("a request");
            let block = request.create_block(&signer.private(), block).expect("a block");
            token.append_third_party(signer.public(), block)
        } else {
            token.append(block)
        }
        .expect("a block");
    }
    let token = token.to_vec().expect("bytes");
    let limits = RunLimits { max_time: Duration::from_secs(10), ..RunLimits::default() };
    let policy = format!(
        "time(2026-11-24T09:01:00Z); operation(\"{UNLOCK}\"); lock(\"{DOOR}\"); \
         allow if holder(hex:{});",
        hex(1)
    );
    let authorizer = AuthorizerBuilder::new().code(policy).expect("a policy").set_limits(limits);
    let (bytes, root) = (token.len(), root.public());
    let verify = move || {
        let token = Biscuit::from(black_box(&token), root).expect("genuine");
        let mut authorizer = authorizer.clone().build(&token).expect("an authorizer");
        assert!(black_box(authorizer.authorize()).is_ok());
    };
    (bytes, verify)
}

fn paseto(links: usize) -> Case {
    use pasetors::{
        Public,
        claims::{Claims, ClaimsValidationRules},
        keys::{AsymmetricPublicKey, AsymmetricSecretKey},
        public as v4,
        token::UntrustedToken,
        version4::V4,
    };
    let tokens: Vec<String> = (0..links)
        .map(|signer| {
            let mut claims = Claims::new_expires_in(&Duration::from_secs(LASTS)).expect("claims");
            claims.subject(&name(signer + 1)).expect("a claim");
            claims.audience(DOOR).expect("a claim");
            claims.add_additional("right", UNLOCK).expect("a claim");
            let secret = AsymmetricSecretKey::<V4>::from(&key(signer).to_keypair_bytes());
            v4::sign(&secret.expect("a key"), &claims, None, None).expect("a token")
        })
        .collect();
    let root = AsymmetricPublicKey::<V4>::from(public(0).as_bytes()).expect("a key");
    let holder = name(links);
    let mut rules = ClaimsValidationRules::new();
    rules.validate_audience_with(DOOR);
    let bytes = tokens.iter().map(String::len).sum();
    let verify = move || {
        let (mut signer, mut subject) = (root.clone(), String::new());
        for token in black_box(&tokens) {
            let token = UntrustedToken::<Public, V4>::try_from(token).expect("a token");
            let token = v4::verify(&signer, &token, &rules, None, None).expect("genuine");
            let claims = token.payload_claims().expect("claims");
            let claim = |name| claims.get_claim(name).and_then(|claim| claim.as_str());
            assert_eq!(claim("right"), Some(UNLOCK));
            subject = claim("sub").expect("a subject").to_owned();
            if links > 1 {
                signer = AsymmetricPublicKey::<V4>::from(&decoded(&subject)).expect("a key");
            }
        }
        assert_eq!(subject, holder);
    };
    Case { name: "pasetors 0.8, v4.public", links, bytes, verify: Box::new(verify) }
}

fn decoded(subject: &str) -> [u8; 32] {
    let mut bytes = [0; 32];
    Base64UrlUnpadded::decode(subject, &mut bytes).expect("a key");
    bytes
}

#[derive(Serialize, Deserialize)]
struct JwtClaims {
    sub: String,
    aud: String,
    nbf: u64,
    exp: u64,
    right: String,
}

fn jwt(links: usize) -> Case {
    use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
    /// What stands in front of a seed in PKCS #8.
    const PKCS8: [u8; 16] =
        [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
    let tokens: Vec<String> = (0..links)
        .map(|signer| {
            let claims = JwtClaims {
                sub: name(signer + 1),
                aud: DOOR.into(),
                nbf: now(),
                exp: now() + LASTS,
                right: UNLOCK.into(),
            };
            let der = [&PKCS8[..], &key(signer).to_bytes()].concat();
            let secret = EncodingKey::from_ed_der(&der);
            encode(&Header::new(Algorithm::EdDSA), &claims, &secret).expect("a token")
        })
        .collect();
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_audience(&[DOOR]);
    validation.validate_nbf = true;
    validation.leeway = 0;
    let root = DecodingKey::from_ed_der(public(0).as_bytes());
    let holder = name(links);
    let bytes = tokens.iter().map(String::len).sum();
    let verify = move || {
        let (mut signer, mut subject) = (root.clone(), String::new());
        for token in black_box(&tokens) {
            let data = decode::<JwtClaims>(token, &signer, &validation).expect("genuine");
            assert_eq!(data.claims.right, UNLOCK);
            subject = data.claims.sub;
            if links > 1 {
                signer = DecodingKey::from_ed_der(&decoded(&subject));
            }
        }
        assert_eq!(subject, holder);
    };
    Case { name: "jsonwebtoken 11.1, EdDSA", links, bytes, verify: Box::new(verify) }
}

fn cwt(links: usize) -> Case {
    use coset::{
        Algorithm, CborSerializable, CoseSign1, CoseSign1Builder, HeaderBuilder,
        cbor::value::Value,
        cwt::{ClaimName, ClaimsSet, ClaimsSetBuilder, Timestamp},
        iana,
    };
    const HOLDER: i64 = -70_000;
    let from = i64::try_from(now()).expect("a time");
    let until = from + i64::try_from(LASTS).expect("a duration");
    let tokens: Vec<Vec<u8>> = (0..links)
        .map(|signer| {
            let claims = ClaimsSetBuilder::new()
                .audience(DOOR.into())
                .not_before(Timestamp::WholeSeconds(from))
                .expiration_time(Timestamp::WholeSeconds(until))
                .claim(iana::CwtClaimName::Scope, Value::Text(UNLOCK.into()))
                .private_claim(HOLDER, Value::Bytes(public(signer + 1).to_bytes().to_vec()))
                .build();
            let protected = HeaderBuilder::new().algorithm(iana::Algorithm::EdDSA).build();
            CoseSign1Builder::new()
                .protected(protected)
                .payload(claims.to_vec().expect("claims"))
                .create_signature(b"", |message| key(signer).sign(message).to_bytes().to_vec())
                .build()
                .to_vec()
                .expect("a token")
        })
        .collect();
    let root = public(0).to_bytes();
    let last = public(links).to_bytes();
    let bytes = tokens.iter().map(Vec::len).sum();
    let verify = move || {
        let mut signer = root;
        for token in black_box(&tokens) {
            let token = CoseSign1::from_slice(token).expect("a token");
            let eddsa = Some(Algorithm::Assigned(iana::Algorithm::EdDSA));
            assert_eq!(token.protected.header.alg, eddsa);
            let key = VerifyingKey::from_bytes(&signer).expect("a key");
            let held = token.verify_signature(b"", |signature, message| {
                key.verify_strict(message, &Signature::from_slice(signature)?)
            });
            assert!(held.is_ok());
            let claims = ClaimsSet::from_slice(&token.payload.expect("claims")).expect("claims");
            let claim = |name: &ClaimName| {
                claims.rest.iter().find(|(other, _)| other == name).map(|(_, value)| value)
            };
            assert_eq!(claims.audience.as_deref(), Some(DOOR));
            assert!(matches!(claims.not_before, Some(Timestamp::WholeSeconds(t)) if t <= from));
            assert!(matches!(claims.expiration_time, Some(Timestamp::WholeSeconds(t)) if from < t));
            let scope = claim(&ClaimName::Assigned(iana::CwtClaimName::Scope));
            assert_eq!(scope.and_then(Value::as_text), Some(UNLOCK));
            let holder = claim(&ClaimName::PrivateUse(HOLDER)).and_then(Value::as_bytes);
            signer.copy_from_slice(holder.expect("a holder"));
        }
        assert_eq!(signer, last);
    };
    Case { name: "coset 0.4, CWT + verify_strict", links, bytes, verify: Box::new(verify) }
}

#[derive(Clone, Serialize, Deserialize)]
struct Opens {
    lock: [u8; 8],
    right: u8,
}

impl rcan::Capability for Opens {
    fn permits(&self, other: &Self) -> bool {
        self.lock == other.lock && self.right == other.right
    }
}

/// Has an end and no beginning.
fn rcan(links: usize) -> Case {
    use rcan::{Authorizer, Expires, Rcan};
    let opens = Opens { lock: LOCK.0, right: 0 };
    let until = Expires::At(now() + LASTS);
    let tokens: Vec<Vec<u8>> = (0..links)
        .map(|signer| {
            let (issuer, audience) = (key(signer), public(signer + 1));
            let draft = match signer {
                0 => Rcan::issuing_builder(&issuer, audience, opens.clone()),
                _ => Rcan::delegating_builder(&issuer, audience, public(0), opens.clone()),
            };
            draft.sign(until.clone()).encode()
        })
        .collect();
    let (authorizer, holder) = (Authorizer::new(public(0)), public(links));
    let bytes = tokens.iter().map(Vec::len).sum();
    let verify = move || {
        let decode = |token: &Vec<u8>| Rcan::<Opens>::decode(token).expect("genuine");
        let proofs: Vec<_> = black_box(&tokens).iter().map(decode).collect();
        let proofs: Vec<_> = proofs.iter().collect();
        let held = authorizer.check_invocation_from(holder, opens.clone(), &proofs);
        assert!(black_box(held).is_ok());
    };
    Case { name: "rcan 0.4", links, bytes, verify: Box::new(verify) }
}

/// Symmetric: whoever verifies can mint.
fn macaroon(links: usize) -> Case {
    use macaroon::{ByteString, Format, Macaroon, MacaroonKey, Verifier};
    const FROM: u64 = 1_795_510_800;
    fn in_time(caveat: &ByteString) -> bool {
        let Ok(caveat) = str::from_utf8(&caveat.0) else { return false };
        let at = black_box(FROM + 60);
        let number = |text: &str| text.parse::<u64>().ok();
        if let Some(from) = caveat.strip_prefix("time >= ").and_then(number) {
            return at >= from;
        }
        caveat.strip_prefix("time < ").and_then(number).is_some_and(|until| at < until)
    }
    let secret = MacaroonKey::generate(b"the owner's and the lock's");
    let mut token = Macaroon::create(None, &secret, "1000000".into()).expect("a token");
    let mut verifier = Verifier::default();
    let exact = [format!("lock = {DOOR}"), format!("right = {UNLOCK}")];
    for holder in 1..=links {
        let holder = format!("holder = {}", name(holder));
        let span = [format!("time >= {FROM}"), format!("time < {}", FROM + LASTS)];
        for caveat in [&holder].into_iter().chain(&exact).chain(&span) {
            token.add_first_party_caveat(caveat.as_str().into());
        }
        verifier.satisfy_exact(holder.as_str().into());
    }
    exact.iter().for_each(|caveat| verifier.satisfy_exact(caveat.as_str().into()));
    verifier.satisfy_general(in_time);
    let text = token.serialize(Format::V2).expect("a token");
    let token = Base64UrlUnpadded::decode_vec(text.trim_end_matches('=')).expect("base64");
    let bytes = token.len();
    let verify = move || {
        let token = Macaroon::deserialize_binary(black_box(&token)).expect("a token");
        assert!(black_box(verifier.verify(&token, &secret, Vec::new())).is_ok());
    };
    Case { name: "macaroon 0.3, symmetric", links, bytes, verify: Box::new(verify) }
}
