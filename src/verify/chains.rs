//! Chains whose signatures are known to hold, for a verifier that sees them again (SPEC.md section
//! 13.9).

use super::{Accepted, Admitted, View, verify_by};
use crate::{
    crypto::{self, Genuine},
    denial::Denial,
    preimage::Label,
    request::Presentation,
    token::{Chain, Token},
};

/// Names a chain of links byte for byte, signatures included, with all that they are over: domain,
/// epoch, the issuer's key and the serial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChainName([u8; 32]);

impl ChainName {
    fn new(token: &Token<'_>, chain: &Chain) -> Self {
        let leaf = chain.leaf();
        let mut parts: [&[u8]; 2 + crate::limits::MAX_LINKS] = Default::default();
        let all = [Label::CHAIN.bytes(), &leaf.0].into_iter();
        let all = all.chain(token.links().map(|link| link.signature().as_slice()));
        parts.iter_mut().zip(all).for_each(|(slot, part)| *slot = part);
        Self(crypto::hash(&parts))
    }

    /// The name's 32 bytes: a hash, evenly spread.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// A chain all of whose signatures hold: a fact about bytes and keys, which no keyset, list or
/// clock makes untrue. Whether the chain still opens anything is judged anew each time. Made by
/// [`verify_with`] alone.
///
/// ```compile_fail,E0451
/// # fn f(name: keyward::verify::ChainName, known: keyward::verify::GenuineChain) {
/// let forged = keyward::verify::GenuineChain { name, ..known }; // another's signatures
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GenuineChain {
    name: ChainName,
    proof: Genuine,
}

impl GenuineChain {
    /// Which chain it is.
    pub const fn name(&self) -> ChainName {
        self.name
    }
}

/// Remembers chains whose signatures were seen to hold, as many as it likes. It can't make a chain
/// genuine: what it finds under another name counts for nothing.
pub trait Chains {
    /// The chain of this name, if it is remembered.
    fn find(&self, name: &ChainName) -> Option<GenuineChain>;

    /// Takes note of a chain whose signatures were checked just now. The presentation may still be
    /// denied by what is judged later.
    fn keep(&self, chain: GenuineChain);
}

/// [`verify`](super::verify) for one who sees the same chains again: the links' signatures of a
/// chain that is remembered aren't checked a second time. All else is, the holder's signature and
/// the witnesses' included, and the verdict is that of `verify` for every input.
///
/// # Errors
/// Those of `verify`.
pub fn verify_with(
    presentation: &Presentation<'_>,
    view: &View<'_>,
    chains: &dyn Chains,
) -> Result<Accepted, Denial> {
    verify_by(presentation, view, &|admitted| admitted.recall_links(chains))
}

impl Admitted<'_, '_> {
    /// Checks the signatures of the token's links, or finds that they were.
    fn recall_links(&self, chains: &dyn Chains) -> Result<Genuine, Denial> {
        let name = ChainName::new(&self.presentation.token, &self.chain);
        if let Some(known) = chains.find(&name).filter(|known| known.name == name) {
            return Ok(known.proof);
        }
        let proof = self.verify_links()?;
        chains.keep(GenuineChain { name, proof });
        Ok(proof)
    }
}
