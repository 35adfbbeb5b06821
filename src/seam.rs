//! What the crate takes for a signature, open to other people's test suites: the check of a key
//! where one is decoded, then the very signature check that the whole crate makes. It is no part
//! of the stable interface.

use crate::{
    Channel, Denial, Lock, Message, Now, OpeningKey, Scope, SealingKey, Signature, SigningKey,
    crypto,
    crypto::SignatureFault,
    id::{ClaimNonce, DomainId, KeyId, KeyName, LinkId, LockId, Nonce},
    key::PublicKey,
    ledger::{Changes, Counted, Heard, Lane, Spent},
    limits::MAX_LINKS,
    lock::Session,
    receipt::{self, Denied, Draft, Head, Public, WitnessName},
    role,
    secret::DeviceSecret,
    tables::Capacity,
    time::Time,
};

/// Changes that no request has made, for models of the tables: one more use of each link, all on
/// one account. No lock takes them: it commits what
/// it has verified.
pub fn changes(counted: &[Counted], lane: Option<Lane>, heard: Option<Heard>) -> Changes {
    let payer = lane.map(|lane| (lane.root, lane.issuer));
    let payer = payer.or_else(|| counted.first().map(|counted| (counted.root, counted.issuer)));
    let (root, issuer) = payer.unwrap_or((LinkId([0; 16]), KeyId([0; 8])));
    let holder = lane.map_or(KeyName([0; 16]), |lane| lane.holder);
    let (mut links, mut spent) = ([None; MAX_LINKS], [None; MAX_LINKS]);
    let mut places = links.iter_mut().zip(&mut spent);
    if counted.first().is_none_or(|counted| counted.link != root) {
        // Link 0 is counted nowhere.
        places.next().into_iter().for_each(|(link, _)| *link = Some(root));
    }
    for ((link, slot), counted) in places.zip(counted) {
        let lo = counted.after.first.unwrap_or(Time(0));
        *slot = Some(Spent::once_more(&counted.before, lo, counted.keep_until));
        *link = Some(counted.link);
    }
    let lane = lane.map(|lane| (lane.counter, lane.time));
    Changes { issuer, holder, links, spent, lane, heard }
}

/// An entry that no lock has made, for models of logs: the private part is that of the bytes behind
/// the salt's, if there are any, and the public part names it.
///
/// # Errors
/// [`EncodeError`](crate::EncodeError) for a private part over its limit.
pub fn draft(
    domain: DomainId,
    device: PublicKey<role::Device>,
    public: &Public<'_>,
    private: &[u8],
) -> Result<Draft, crate::EncodeError> {
    let hash = receipt::hash(private);
    let named = Some(&hash).filter(|_| !private.is_empty());
    let body = Public { private: named, ..*public }.encode()?;
    let mut copy = crate::Encoded::empty();
    copy.raw(private)?;
    let life = ClaimNonce([0; 16]);
    let epoch = public.epoch;
    Ok(Draft { domain, epoch, device, life, log_to: None, body, private: copy })
}

/// The entry of a draft in the clear, whoever reads it: for models.
///
/// # Errors
/// Those of [`Draft::entry`].
pub fn whole_entry(
    draft: &Draft,
    receipt: &[u8],
) -> Result<crate::Encoded<{ crate::limits::MAX_ENTRY }>, crate::EncodeError> {
    draft.whole(receipt)
}

/// The public and the private part of a draft, for vectors.
pub fn parts(draft: &Draft) -> (&[u8], &[u8]) {
    (draft.body.as_bytes(), draft.private.as_bytes())
}

/// The bytes of a private part on an opening.
///
/// # Errors
/// [`EncodeError`](crate::EncodeError) for too many links or witnesses.
pub fn private_opening(
    salt: &[u8; 16],
    issuer: KeyId,
    holder: KeyName,
    links: &[LinkId],
    witnesses: &[WitnessName],
) -> Result<crate::Encoded<{ crate::limits::MAX_PRIVATE }>, crate::EncodeError> {
    let (links, witnesses) = (links.iter().copied(), witnesses.iter().copied());
    receipt::private_opening(salt, &|out| {
        receipt::put_opening(out, issuer, holder, links.clone(), witnesses.clone());
    })
}

/// The bytes of a private part on denials.
///
/// # Errors
/// [`EncodeError`](crate::EncodeError) for too many rows.
pub fn private_denials(
    salt: &[u8; 16],
    rows: &[Denied],
) -> Result<crate::Encoded<{ crate::limits::MAX_PRIVATE }>, crate::EncodeError> {
    receipt::private_denials(salt, &|out| receipt::put_denied(out, rows.iter()))
}

/// What both device keys sign at a change, by the entry behind this head.
pub fn rotation(
    scope: Scope,
    lock: LockId,
    before: &Head,
    old: &PublicKey<role::Device>,
    new: &PublicKey<role::Device>,
) -> Message {
    let (sequence, before) = (before.next, before.hash);
    receipt::Place { scope, lock, sequence, before }.message(old, new)
}

/// A session over a nonce of the caller's choice, for vectors.
///
/// # Errors
/// Those of [`Lock::challenge`].
pub fn challenge_over<S, T: Capacity>(
    lock: &Lock<'_, S, T>,
    nonce: Nonce,
    channel: Channel,
    now: Now,
) -> Result<Session, Denial> {
    lock.challenge_over(nonce, channel, now)
}

/// Encrypts in place as the crate seals; returns the sender's one-time key and the tag.
pub fn hpke_seal(
    key: &SealingKey,
    info: &[u8],
    aad: &[u8],
    text: &mut [u8],
    rng: &mut impl rand_core::CryptoRng,
) -> Option<([u8; 32], [u8; 16])> {
    crypto::hpke_seal(key.as_bytes(), info, aad, text, rng)
}

/// Decrypts in place as the crate opens, and says whether it did.
pub fn hpke_open(
    key: &OpeningKey,
    info: &[u8],
    aad: &[u8],
    enc: &[u8; 32],
    text: &mut [u8],
    tag: &[u8; 16],
) -> bool {
    crypto::hpke_open(key.expose_secret(), info, aad, enc, text, tag)
}

/// Signs any bytes as the crate signs its messages.
pub fn sign<R: role::Role>(key: &SigningKey<R>, message: &[u8]) -> Signature {
    Signature::from_bytes(crypto::Secret::new(key.expose_secret()).sign(message))
}

/// What a lock derives from its secret, over made-up fields: a nonce, a salt, the tags of a record
/// and of an anchor.
pub fn derived(secret: &DeviceSecret, fields: &[u8; 32]) -> [[u8; 16]; 4] {
    let random = crypto::truncated(fields);
    let nonce = secret.nonce(1, 2, &random);
    [nonce.0, secret.salt(fields), secret.tag(&random, fields), secret.anchor_tag(fields)]
}

/// Whether a record's and an anchor's tag are those of [`derived`].
pub fn tags_hold(secret: &DeviceSecret, fields: &[u8; 32], tags: [&[u8; 16]; 2]) -> [bool; 2] {
    let [record, anchor] = tags;
    let before = crypto::truncated(fields);
    [secret.tag_holds(&before, fields, record), secret.anchor_holds(fields, anchor)]
}

/// Whether the crate takes a signature over a message in parts, by a key that it takes.
///
/// # Errors
/// The fault; a key that isn't canonical is [`SignatureFault::KeyNotOnCurve`] here, for nothing
/// with such a key decodes.
pub fn verify(
    key: &[u8; 32],
    message: &[&[u8]],
    signature: &[u8; 64],
) -> Result<(), SignatureFault> {
    match PublicKey::<role::Holder>::from_bytes(key) {
        Ok(_) => crypto::verify(key, message, signature).map(drop),
        Err(crate::key::KeyError::Weak) => Err(SignatureFault::WeakKey),
        Err(crate::key::KeyError::NonCanonical) => Err(SignatureFault::KeyNotOnCurve),
    }
}
