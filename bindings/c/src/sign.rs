//! Who signs: the library by a seed, or the host by its own means.

use keyward::{
    PublicKey, Signature, SigningKey, limits::MAX_RECEIPT, receipt::Draft, role,
    unsigned::Unsigned, wire::Encoded,
};

use crate::{
    host::Host,
    status::{Fault, KW_KEY, KW_SIGNATURE},
};

/// Bytes of a receipt, at most.
pub const KW_MAX_RECEIPT: usize = 362;
const _: () = assert!(KW_MAX_RECEIPT == MAX_RECEIPT);

/// Completes an object with a signature. One that the host makes is verified, for a foreign signer
/// may err.
#[inline(never)]
pub(crate) fn sign<R: role::Role, const N: usize>(
    host: &Host,
    key: Option<&SigningKey<R>>,
    unsigned: Unsigned<R, N>,
) -> Result<Encoded<N>, Fault> {
    let signer: PublicKey<R> = *unsigned.signer();
    let own = key.filter(|key| key.public() == signer);
    if let Some(key) = own {
        return unsigned.sign(key).map_err(|_| Fault(KW_KEY));
    }
    let signature = host.sign(&signer, unsigned.to_sign().as_bytes());
    let signature = Signature::from_bytes(signature.ok_or(Fault(KW_SIGNATURE))?);
    unsigned.with_signature(&signature).map_err(|_| Fault(KW_SIGNATURE))
}

/// An entry's receipt.
pub(crate) fn receipt(
    host: &Host,
    key: Option<&SigningKey<role::Device>>,
    entry: &Draft,
) -> Result<Encoded<MAX_RECEIPT>, Fault> {
    sign(host, key, entry.receipt().map_err(|_| Fault(KW_SIGNATURE))?)
}
