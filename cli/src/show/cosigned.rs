//! The signatures of an epoch or a keyset one by one, of a draft too (SPEC.md section 17.2).

use keyward::{Epoch, Keyset, PublicKey, Scope, Signature, id::DomainId, role};

/// Whether one signature of an epoch, at its place among `count`, is this cold key's.
pub(super) fn epoch(
    bytes: &[u8],
    count: usize,
    place: usize,
    domain: DomainId,
    key: &PublicKey<role::Cold>,
) -> bool {
    let signed = || {
        let (unsigned, signature) = alone(bytes, count, place)?;
        Epoch::decode(&unsigned).ok()?.with_signature(domain, key, &signature).ok()
    };
    signed().is_some()
}

/// Whether all signatures of an epoch hold.
pub(super) fn whole_epoch(bytes: &[u8], of: &Epoch<'_>, domain: DomainId) -> bool {
    let keys: Vec<_> = of.unverified_cold().flatten().collect();
    let signers: Vec<_> = of.unverified_signers().collect();
    signers.iter().enumerate().all(|(place, signer)| {
        let key = keys.get(usize::from(*signer));
        key.is_some_and(|key| epoch(bytes, signers.len(), place, domain, key))
    })
}

/// Whether all signatures of a keyset are those of its epoch's roots.
pub(super) fn whole_keyset(bytes: &[u8], of: &Keyset<'_>, scope: Scope, epoch: &Epoch<'_>) -> bool {
    let keys: Vec<_> = epoch.unverified_roots().flatten().collect();
    let signers: Vec<_> = of.unverified_signers().collect();
    signers.iter().enumerate().all(|(place, signer)| {
        let signed = || {
            let (unsigned, signature) = alone(bytes, signers.len(), place)?;
            let key = keys.get(usize::from(*signer))?;
            Keyset::decode(&unsigned).ok()?.with_signature(&scope, epoch, key, &signature).ok()
        };
        signed().is_some()
    })
}

/// The object without signatures, and one of them: they stand at its end, index and 64 bytes each,
/// behind their count.
fn alone(bytes: &[u8], count: usize, place: usize) -> Option<(Vec<u8>, Signature)> {
    let start = bytes.len().checked_sub(count.checked_mul(EACH)?)?;
    let body = bytes.get(..start.checked_sub(1)?)?;
    let at = start.checked_add(place.checked_mul(EACH)?)?.checked_add(1)?;
    let signature = bytes.get(at..at.checked_add(64)?)?.try_into().ok()?;
    Some(([body, &[0]].concat(), Signature::from_bytes(signature)))
}

/// Bytes of a signature and its signer's index.
const EACH: usize = 65;
