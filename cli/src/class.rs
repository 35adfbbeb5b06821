//! The classes of keys, as people name them, and keys of a class that is known only by its text.

use clap::ValueEnum;
use keyward::{PublicKey, SealingKey, SigningKey, role, text};
use zeroize::Zeroizing;

use crate::{
    app::random,
    fail::{Failure, Result},
};

/// What a key is for: `SPEC.md` section 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Class {
    /// Signs one epoch in its life, then is destroyed
    Cold,
    /// Signs keysets
    Root,
    /// Signs break-glass tokens
    Emergency,
    /// Signs tokens, statuses, revocation lists and cards, as its keyset entry says
    Issuer,
    /// Is granted a token: narrows it, or presents it at a door
    Holder,
    /// Agrees to one request: a camera, a second person
    Witness,
    /// Is a lock: signs receipts
    Device,
    /// Lies in a lock's box: claims the lock
    Claim,
    /// Is printed on a lock: says that this lock was claimed
    Label,
    /// Opens what is sealed: presentations at a lock, a lock's log at its owner
    Sealing,
}

/// Does the same to a key of each class.
macro_rules! for_class {
    ($class:expr, $role:ident => $signing:expr, $sealing:expr) => {
        match $class {
            Class::Cold => {
                type $role = role::Cold;
                $signing
            }
            Class::Root => {
                type $role = role::Root;
                $signing
            }
            Class::Emergency => {
                type $role = role::Emergency;
                $signing
            }
            Class::Issuer => {
                type $role = role::Issuer;
                $signing
            }
            Class::Holder => {
                type $role = role::Holder;
                $signing
            }
            Class::Witness => {
                type $role = role::Witness;
                $signing
            }
            Class::Device => {
                type $role = role::Device;
                $signing
            }
            Class::Claim => {
                type $role = role::Claim;
                $signing
            }
            Class::Label => {
                type $role = role::Label;
                $signing
            }
            Class::Sealing => $sealing,
        }
    };
}

/// A public key of any class, and how lists and books name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AnyPublic {
    pub(crate) class: Class,
    pub(crate) bytes: [u8; 32],
    /// `KeyId` and `KeyName`; a key that only opens has neither.
    pub(crate) names: Option<(keyward::id::KeyId, keyward::id::KeyName)>,
}

impl Class {
    /// The class by the name that text forms have.
    pub(crate) fn name(self) -> &'static str {
        for_class!(self, R => <R as role::Role>::NAME, keyward::OpeningKey::NAME)
    }

    pub(crate) fn by_name(name: &str) -> Option<Self> {
        Self::value_variants().iter().copied().find(|class| class.name() == name)
    }

    /// Draws a secret key; returns its text form.
    pub(crate) fn draw(self) -> Result<Zeroizing<String>> {
        let mut buffer = Zeroizing::new([0; 80]);
        let text = for_class!(
            self,
            R => text::encode_secret(&SigningKey::<R>::generate(&mut random()), buffer.as_mut()),
            text::encode_opening(&keyward::OpeningKey::generate(&mut random()), buffer.as_mut())
        );
        let text = text.map_err(|error| Failure::trouble(error.to_string()))?;
        Ok(Zeroizing::new(text.to_owned()))
    }

    /// The public half of a secret key's text form.
    pub(crate) fn public_of(self, secret: &str) -> Result<AnyPublic> {
        for_class!(
            self,
            R => text::decode_secret::<R>(secret).map(|key| AnyPublic::of(self, &key.public())),
            text::decode_opening(secret).map(|key| AnyPublic::sealing(&key.public()))
        )
        .map_err(|error| Failure::input(error.to_string()))
    }
}

impl AnyPublic {
    /// A public key, by its text form.
    pub(crate) fn of_text(text: &str) -> std::result::Result<Self, String> {
        let rest = text.strip_prefix("kw1public.").ok_or("not a public key (kw1public.…)")?;
        let name = rest.split('.').next().unwrap_or_default();
        let class = Class::by_name(name).ok_or_else(|| format!("no class of keys is {name}"))?;
        for_class!(
            class,
            R => text::decode_public::<R>(text).map(|key| Self::of(class, &key)),
            text::decode_sealing(text).map(|key| Self::sealing(&key))
        )
        .map_err(|error| error.to_string())
    }

    fn of<R: role::Role>(class: Class, key: &PublicKey<R>) -> Self {
        Self { class, bytes: *key.as_bytes(), names: Some((key.id(), key.name())) }
    }

    fn sealing(key: &SealingKey) -> Self {
        Self { class: Class::Sealing, bytes: *key.as_bytes(), names: None }
    }

    /// The text form.
    pub(crate) fn text(&self) -> Result<String> {
        let mut buffer = [0; 80];
        let bad = |error: keyward::key::KeyError| Failure::input(error.to_string());
        let text = for_class!(
            self.class,
            R => text::encode_public(&PublicKey::<R>::from_bytes(&self.bytes).map_err(bad)?, &mut buffer),
            text::encode_sealing(&SealingKey::from_bytes(self.bytes), &mut buffer)
        );
        Ok(text.map_err(|error| Failure::trouble(error.to_string()))?.to_owned())
    }
}
