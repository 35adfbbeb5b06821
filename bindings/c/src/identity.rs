//! What a lock is in one of its lives.

use keyward::{
    OpeningKey, OpeningKeys, PublicKey, SigningKey, id::ClaimNonce, lock::Identity, role,
    secret::DeviceSecret,
};

use crate::{
    memory::{array, read_only},
    status::{Fault, KW_KEY, KW_NULL},
};

/// What a lock is in one of its lives, drawn anew at each reset, and kept where no thief of the
/// store can read it. All pointers are to 32 bytes but `life`'s, and are read during the call
/// alone.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct kw_identity {
    /// The public half of the lock's own key. NULL where its seed is there.
    pub device: *const u8,
    /// The seed of the lock's own key. NULL where the host signs.
    pub device_seed: *const u8,
    /// Names the life, 16 bytes.
    pub life: *const u8,
    /// Authenticates the journal and makes nonces.
    pub secret: *const u8,
    /// The public half of the key in the lock's box. NULL: the host's contact claims.
    pub claim_key: *const u8,
    /// What opens that is sealed to the lock. NULL: nothing does.
    pub opening_key: *const u8,
    /// What did before, while cards still name it. Mostly NULL.
    pub opening_key_before: *const u8,
}

/// An identity that was read.
pub(crate) struct Born {
    pub(crate) identity: Identity,
    pub(crate) secret: DeviceSecret,
    /// The same once more: anchors are read by it.
    pub(crate) for_anchors: DeviceSecret,
    pub(crate) device: Option<SigningKey<role::Device>>,
    pub(crate) opening: Option<OpeningKeys>,
}

impl Born {
    /// # Safety
    /// Unless it is NULL or misaligned, `identity` is the caller's, and so are the keys that it
    /// has.
    pub(crate) unsafe fn read(identity: *const kw_identity) -> Result<Self, Fault> {
        // SAFETY: not NULL, aligned; the rest is the caller's word.
        let identity = unsafe { read_only(identity)?.read() };
        // SAFETY: 32 bytes each by the caller's word.
        let key = |key: *const u8| unsafe { array::<32>(key) };
        // SAFETY: 16 bytes by the caller's word.
        let nonce = ClaimNonce(unsafe { array(identity.life) }.ok_or(Fault(KW_NULL))?);
        let secret = key(identity.secret).ok_or(Fault(KW_NULL))?;
        let seed = key(identity.device_seed);
        let seed = seed.map(|seed| SigningKey::<role::Device>::from_secret(&seed));
        let (own, given) = (seed.as_ref().map(SigningKey::public), public(key(identity.device))?);
        if own.is_some() && given.is_some() && own != given {
            return Err(Fault(KW_KEY));
        }
        let opening = |bytes| key(bytes).map(|key| OpeningKey::from_secret(&key));
        let keys = opening(identity.opening_key).map(OpeningKeys::new);
        let keys = match opening(identity.opening_key_before) {
            Some(before) => keys.map(|keys| keys.with_before(before)),
            None => keys,
        };
        Ok(Self {
            identity: Identity {
                device: own.or(given).ok_or(Fault(KW_NULL))?,
                nonce,
                claim_key: public(key(identity.claim_key))?,
            },
            secret: DeviceSecret::new(secret),
            for_anchors: DeviceSecret::new(secret),
            device: seed,
            opening: keys,
        })
    }
}

fn public<R: role::Role>(key: Option<[u8; 32]>) -> Result<Option<PublicKey<R>>, Fault> {
    key.map(|key| PublicKey::from_bytes(&key)).transpose().map_err(|_| Fault(KW_KEY))
}
