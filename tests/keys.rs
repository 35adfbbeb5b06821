//! Keys and signatures: what is refused, what is verified, and what is never printed.

use ed25519_dalek::Signer;
use keyward::{
    Caveats, EncodeError, PublicKey, Right, Rights, Scope, Seconds, Signature, SignatureFault,
    SigningKey, Target, Time, Token, Valid,
    id::{DomainId, Epoch, LockId, Serial},
    key::{BadSignature, KeyError},
    role, text,
    unsigned::SignError,
};

fn draft(issuer: &PublicKey<role::Issuer>) -> keyward::UnsignedToken<role::Issuer> {
    let scope = Scope { domain: DomainId([1; 32]), epoch: Epoch(1) };
    let valid = Valid { from: Time(0), lasts: Seconds(60) };
    let targets = [Target::Lock(LockId([1; 8]))];
    let grant = Caveats::grant(Rights::of(Right::UNLOCK), &targets, valid).unwrap();
    let holder = SigningKey::<role::Holder>::from_secret(&[3; 32]).public();
    Token::issue(scope, issuer, Serial(1), &holder, 0, &grant).unwrap()
}

#[test]
fn a_foreign_signer_gives_the_same_bytes_as_a_key_in_memory() {
    let issuer = SigningKey::<role::Issuer>::from_secret(&[2; 32]);
    let draft = draft(&issuer.public());
    assert_eq!(draft.signer(), &issuer.public());
    let message = draft.to_sign();
    assert_eq!(AsRef::<[u8]>::as_ref(message), message.as_bytes());
    let shown: String = message.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(format!("{message:?}"), shown);
    let foreign = ed25519_dalek::SigningKey::from_bytes(&[2; 32]);
    let signature = foreign.sign(draft.to_sign().as_bytes()).to_bytes();
    let two_steps = draft.clone().with_signature(&Signature::from_bytes(signature)).unwrap();
    assert_eq!(two_steps, draft.sign(&issuer).unwrap());
}

#[test]
fn a_foreign_signature_that_does_not_hold_is_refused() {
    let issuer = SigningKey::<role::Issuer>::from_secret(&[2; 32]);
    let draft = draft(&issuer.public());
    let other = ed25519_dalek::SigningKey::from_bytes(&[9; 32]);
    let signature = other.sign(draft.to_sign().as_bytes()).to_bytes();
    let refused = draft.with_signature(&Signature::from_bytes(signature)).unwrap_err();
    assert_eq!(refused, SignError::Bad(BadSignature(SignatureFault::Mismatch)));
}

#[test]
fn a_key_in_memory_signs_only_as_the_signer_of_the_draft() {
    let issuer = SigningKey::<role::Issuer>::from_secret(&[2; 32]);
    let other = SigningKey::<role::Issuer>::from_secret(&[9; 32]);
    let refused = draft(&issuer.public()).sign(&other).unwrap_err();
    assert_eq!(refused, SignError::Encode(EncodeError::WrongKey));
}

#[test]
fn weak_and_non_canonical_keys_are_refused_by_name() {
    let weak = curve25519_dalek::constants::EIGHT_TORSION.map(|point| point.compress().to_bytes());
    for bytes in weak {
        assert_eq!(PublicKey::<role::Holder>::from_bytes(&bytes).unwrap_err(), KeyError::Weak);
    }
    let mut beyond = [0xff; 32];
    for low in 0xed..=0xff {
        beyond[0] = low;
        let refused = PublicKey::<role::Holder>::from_bytes(&beyond).unwrap_err();
        assert_eq!(refused, KeyError::NonCanonical);
    }
}

#[test]
fn secrets_are_never_printed() {
    let key = SigningKey::<role::Issuer>::from_secret(&[0x5a; 32]);
    assert_eq!(format!("{key:?}"), "issuer secret key [redacted]");
}

#[test]
fn a_secret_key_has_a_prefix_of_its_own_and_one_class() {
    let key = SigningKey::<role::Holder>::from_secret(&[0x5a; 32]);
    let mut buffer = [0; 80];
    let form = text::encode_secret(&key, &mut buffer).unwrap();
    assert!(form.starts_with("kw1secret.holder."));
    let read = text::decode_secret::<role::Holder>(form).unwrap();
    assert_eq!(read.public(), key.public());
    let refused = text::decode_secret::<role::Issuer>(form).unwrap_err();
    assert_eq!(refused, text::TextError::Kind);
}

#[test]
fn a_depth_that_is_spent_or_over_the_limit_is_refused() {
    let issuer = SigningKey::<role::Issuer>::from_secret(&[2; 32]);
    let holder = SigningKey::<role::Holder>::from_secret(&[3; 32]);
    let token = draft(&issuer.public()).sign(&issuer).unwrap();
    let token = Token::decode(token.as_bytes()).unwrap();
    let scope = Scope { domain: DomainId([1; 32]), epoch: Epoch(1) };
    let origin = keyward::Origin::new(scope, &issuer.public());
    let refused = token.attenuate(&origin, &holder.public(), 0, &Caveats::narrowing()).unwrap_err();
    assert_eq!(refused, EncodeError::NoDepthLeft);
    let other =
        keyward::Origin::new(scope, &SigningKey::<role::Issuer>::from_secret(&[8; 32]).public());
    assert_eq!(token.check(&other).unwrap_err(), keyward::token::TokenError::OtherOrigin);
}

#[test]
fn a_caveat_given_twice_is_refused() {
    let twice = Caveats::narrowing().uses(3).and_then(|caveats| caveats.uses(3));
    assert_eq!(twice.unwrap_err(), EncodeError::CaveatTwice(3));
}
