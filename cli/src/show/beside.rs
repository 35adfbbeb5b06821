//! What an object can be compared with: the domain's file, and what stands in the same input.

use std::path::PathBuf;

use keyward::{
    Epoch, Keyset, Origin, PublicKey, Roles, Scope,
    id::{Epoch as Number, KeyId},
    role,
    wire::Kind,
};

use super::{account::Verdict, words::Words};
use crate::{app::App, domain::DomainFile, fail::Result, object::Object};

/// What is at hand.
pub(super) struct Beside<'a> {
    pub(super) objects: &'a [Object],
    pub(super) words: Words<'a>,
    /// The domain, and whether its file says so or only the input.
    pub(super) domain: Option<DomainFile>,
    own: bool,
    /// Why there is no domain.
    pub(super) missing: String,
    pub(super) path: PathBuf,
}

/// A key that signs tokens, or other things in an issuer's name, and where it is named.
#[derive(Clone, Copy)]
pub(super) struct Named {
    pub(super) origin: Origin,
    pub(super) epoch: Number,
    /// An issuer's key and roles; the emergency key has none.
    pub(super) issuer: Option<(PublicKey<role::Issuer>, Roles)>,
    /// Whether the newest keyset, or the newest epoch, still names it.
    pub(super) in_force: bool,
}

impl<'a> Beside<'a> {
    pub(super) fn new(app: &'a App, objects: &'a [Object], words: Words<'a>) -> Self {
        let path = app.domain.clone();
        let (mut domain, mut missing) = (None, "no domain to compare with".to_owned());
        let mut own = false;
        if path.exists() {
            match app.domain() {
                Ok(file) => domain = Some(file),
                Err(failure) => missing = format!("the domain's file can't be used: {failure}"),
            }
        }
        if domain.is_none() {
            domain = DomainFile::of(&path, objects.to_vec()).ok();
            own = domain.is_some();
        }
        Self { objects, words, domain, own, missing, path }
    }

    /// The bytes of all objects of a kind.
    pub(super) fn all(&self, kind: Kind) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let of_kind = self.objects.iter().filter(move |object| object.kind == kind);
        of_kind.map(|object| object.bytes.as_slice())
    }

    /// What holds by the domain.
    pub(super) fn holds(&self, what: &str) -> Verdict {
        match self.own {
            false => Verdict::Verified(format!("{what}, of this domain")),
            true => Verdict::Genuine(format!(
                "by the epoch 0 in the same input: {what}; {}",
                self.missing
            )),
        }
    }

    /// The domain as it would be with one more statement.
    pub(super) fn with(&self, statement: &Object) -> Option<Result<&'static str>> {
        let held = self.domain.as_ref()?.statements().into_iter();
        let held = held.filter_map(|bytes| Object::of_bytes(&bytes).ok()).collect();
        let mut file = DomainFile::of(&self.path, held).ok()?;
        Some(file.take(statement))
    }

    /// The number of the newest epoch.
    pub(super) fn newest(&self) -> Option<Number> {
        Some(self.domain.as_ref()?.scope().ok()?.epoch)
    }

    /// All keys of this id that the domain has named, the newest first.
    pub(super) fn named(&self, id: KeyId) -> Vec<Named> {
        let Some(file) = &self.domain else { return Vec::new() };
        let (newest, held) = (self.newest(), file.keyset());
        let scope = |epoch| Scope { domain: file.id(), epoch };
        let mut all: Vec<Named> = Vec::new();
        let keysets = file.keysets().iter().rev().filter_map(|bytes| Keyset::decode(bytes).ok());
        for keyset in keysets {
            let epoch = keyset.unverified_epoch();
            for issuer in keyset.unverified_issuers().filter(|issuer| issuer.id() == id) {
                let Ok(key) = issuer.key() else { continue };
                let origin = Origin::new(scope(epoch), &key);
                if all.iter().all(|known| known.origin != origin) {
                    let in_force = Some(keyset) == held;
                    all.push(Named {
                        origin,
                        epoch,
                        issuer: Some((key, issuer.roles())),
                        in_force,
                    });
                }
            }
        }
        for epoch in file.epochs().iter().rev().filter_map(|bytes| Epoch::decode(bytes).ok()) {
            let number = epoch.unverified_number();
            let Some(Ok(key)) = epoch.unverified_emergency() else { continue };
            if key.id() == id {
                let origin = Origin::new(scope(number), &key);
                let in_force = Some(number) == newest;
                all.push(Named { origin, epoch: number, issuer: None, in_force });
            }
        }
        all
    }

    /// An issuer by its id: its label, or the id.
    pub(super) fn issuer(&self, id: KeyId) -> String {
        let named = self.named(id).into_iter().find_map(|named| Some(named.issuer?.0));
        // An origin ends with its issuer's key.
        let origins = self.all(Kind::Origin).filter_map(|bytes| bytes.last_chunk::<32>());
        let mut origins = origins.filter_map(|bytes| PublicKey::from_bytes(bytes).ok());
        let key = named.or_else(|| origins.find(|key| key.id() == id));
        let label = key.and_then(|key| self.words.book.label(&key.name()));
        match label {
            Some(label) => format!("{} (id {id})", super::words::plain(label)),
            None => format!("the issuer of id {id}"),
        }
    }
}
