//! What several keys sign, each perhaps on a machine of its own (SPEC.md sections 4.3 and 17.2).

use crate::{
    crypto::{self, Genuine, SignatureFault},
    key::{self, BadSignature, PublicKey, Signature, role::Role},
    limits::MAX_KEYS,
    preimage::{Label, Message},
    refusal::Refusal,
    unsigned::SignError,
    wire::{DecodeError, EncodeError, Encoded, Kind, Part, Reader, Writer},
};

/// Keys of one class, and how many of them must sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Threshold<'a, R: Role> {
    /// How many must sign: 1 to the number of keys.
    pub needed: u8,
    /// The keys, 1 to 4, ascending by their bytes.
    pub keys: &'a [PublicKey<R>],
}

impl<R: Role> Threshold<'_, R> {
    pub(crate) fn write(&self, out: &mut Writer<'_>) {
        out.put(&(self.needed, self.keys.len()));
        self.keys.iter().for_each(|key| out.raw(key.as_bytes()));
    }
}

/// Keys and their threshold, as received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Quorum<'a> {
    pub(crate) needed: u8,
    pub(crate) keys: &'a [[u8; 32]],
    pub(crate) bytes: &'a [u8],
}

impl<'a> Quorum<'a> {
    pub(crate) fn read(reader: &mut Reader<'a>) -> Option<Self> {
        let ((needed, keys), bytes) = reader.span(|reader| {
            let needed = reader.u8()?;
            let count = reader.some(Part::Keys, MAX_KEYS)?;
            if needed == 0 || usize::from(needed) > count {
                return reader.refuse(DecodeError::OutOfRange(Part::Threshold));
            }
            let keys = reader.ascending(Part::Keys, count)?;
            reader.checked(keys.iter().try_for_each(key::check_key))?;
            Some((needed, keys))
        })?;
        Some(Self { needed, keys, bytes })
    }
}

/// The signatures at the end of an object: who, and what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Signatures<'a> {
    list: [Option<(u8, &'a [u8; 64])>; MAX_KEYS],
}

impl<'a> Signatures<'a> {
    pub(crate) fn read(reader: &mut Reader<'a>) -> Option<Self> {
        let count = reader.count(Part::Signatures, MAX_KEYS)?;
        let mut list = [None; MAX_KEYS];
        let mut before = None;
        for slot in list.iter_mut().take(count) {
            let signer = reader.u8()?;
            if usize::from(signer) >= MAX_KEYS {
                return reader.refuse(DecodeError::OutOfRange(Part::Signer));
            }
            let signature = reader.array()?;
            if let Some(before) = before.replace(signer) {
                reader.ascends(Part::Signatures, &before, &signer)?;
            }
            *slot = Some((signer, signature));
        }
        Some(Self { list })
    }

    /// Checks that exactly as many keys as must have signed these fields, each once.
    pub(crate) fn verify(
        &self,
        quorum: &Quorum<'_>,
        label: Label,
        fields: &[u8],
    ) -> Result<Genuine, Refusal> {
        let (needed, got) = (quorum.needed, self.count());
        let mut proof = Err(Refusal::SignatureCount { needed, got });
        if needed != got {
            return proof;
        }
        for (signer, signature) in self.list.iter().flatten() {
            let key = quorum.keys.get(usize::from(*signer));
            let key = key.ok_or(Refusal::UnknownSigner(*signer))?;
            match crypto::verify(key, &[label.bytes(), fields], signature) {
                Ok(genuine) => proof = Ok(genuine),
                Err(fault) => return Err(Refusal::StatementSignature { signer: *signer, fault }),
            }
        }
        proof
    }

    /// An object of these unsigned bytes, the signatures and one more, after verifying it.
    pub(crate) fn with<R: Role, const N: usize>(
        &self,
        (kind, body): (Kind, &[u8]),
        quorum: &Quorum<'_>,
        message: &Message,
        key: &PublicKey<R>,
        signature: &Signature,
    ) -> Result<Encoded<N>, SignError> {
        let place = quorum.keys.iter().position(|held| held == key.as_bytes());
        let signer = place.and_then(|place| u8::try_from(place).ok());
        let signer = signer.ok_or(EncodeError::WrongKey)?;
        let twice = self.signers().any(|held| held == signer);
        if twice || self.count() >= quorum.needed {
            return Err(EncodeError::SignedAlready.into());
        }
        let verified = crypto::verify(key.as_bytes(), &[message.as_bytes()], signature.as_bytes());
        let _genuine =
            verified.map_err(|fault: SignatureFault| SignError::Bad(BadSignature(fault)))?;
        let held = || self.list.iter().flatten().copied();
        let before = held().take_while(|(held, _)| *held < signer);
        let after = held().skip_while(|(held, _)| *held < signer);
        let all = before.chain([(signer, signature.as_bytes())]).chain(after);
        Ok(Encoded::object(kind, &|out| {
            out.raw(body);
            out.raw(&[self.count().saturating_add(1)]);
            for (signer, signature) in all.clone() {
                out.raw(&[signer]);
                out.raw(signature);
            }
        })?)
    }

    /// Who has signed, by their places among the keys.
    pub(crate) fn signers(&self) -> impl Iterator<Item = u8> + 'a {
        self.list.into_iter().flatten().map(|(signer, _)| signer)
    }

    fn count(&self) -> u8 {
        u8::try_from(self.signers().count()).unwrap_or(u8::MAX)
    }
}

/// Whether no two are equal.
pub(crate) fn all_differ<T: PartialEq>(items: impl Iterator<Item = T> + Clone) -> bool {
    let mut rest = items;
    while let Some(item) = rest.next() {
        if rest.clone().any(|other| other == item) {
            return false;
        }
    }
    true
}
