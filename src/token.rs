//! The token: a chain of links, each signed by the grantee of the one before (SPEC.md section 6).

use crate::{
    caveat::{Caveat, CaveatKind, CaveatSet},
    crypto::{self, Genuine, SignatureFault, truncated},
    id::{KeyId, LinkId, Serial},
    key::{self, PublicKey, role},
    limits::{MAX_LINKS, MAX_ORIGIN, MAX_TOKEN},
    narrow::{Caveats, Grant, Narrowing},
    preimage::{ChainHash, LinkContext, Message, Scope},
    unsigned::Unsigned,
    wire::{DecodeError, EncodeError, Encoded, Kind, Part, Reader, Writer},
};

/// A token whose link of class `R` must still be signed.
pub type UnsignedToken<R> = Unsigned<R, MAX_TOKEN>;

/// What a token's chain starts from: the domain and epoch, and the key that signed link 0.
///
/// A token carries none of it, since every lock knows it; whoever narrows or presents the token
/// must be told. It is public, and proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The domain and its epoch.
    pub scope: Scope,
    issuer: [u8; 32],
}

impl Origin {
    /// An origin by its parts.
    pub fn new<G: role::Grantor>(scope: Scope, issuer: &PublicKey<G>) -> Self {
        Self { scope, issuer: *issuer.as_bytes() }
    }

    pub(crate) const fn issuer(&self) -> &[u8; 32] {
        &self.issuer
    }

    /// The bytes of the origin (SPEC.md section 6.5).
    ///
    /// # Errors
    /// None that a decoded or built origin could give.
    pub fn encode(&self) -> Result<Encoded<MAX_ORIGIN>, EncodeError> {
        Encoded::object(Kind::Origin, &|out| self.write(out))
    }

    pub(crate) fn write(&self, out: &mut Writer<'_>) {
        out.put(&(self.scope.domain.0, self.scope.epoch.0, self.issuer));
    }

    /// Reads an origin.
    ///
    /// # Errors
    /// Any [`DecodeError`] of a frame, an integer or a key.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        Reader::object(bytes, Kind::Origin, MAX_ORIGIN, Self::read)
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let domain = crate::id::DomainId(*reader.array()?);
        let epoch = crate::id::Epoch(reader.u64()?);
        Some(Self { scope: Scope { domain, epoch }, issuer: *key::read_key(reader)? })
    }
}

/// A token that was read and nothing more: it has claims, and says none of them.
///
/// ```compile_fail,E0599
/// # fn f(token: keyward::Token<'_>) {
/// token.grantee(); // nobody has verified it
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token<'a> {
    /// The bytes behind version and kind.
    body: &'a [u8],
    issuer: KeyId,
    serial: Serial,
    links: [Option<Link<'a>>; MAX_LINKS],
}

/// One link as received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Link<'a> {
    pub(crate) grantee: &'a [u8; 32],
    pub(crate) depth: u8,
    pub(crate) caveats: CaveatSet<'a>,
    /// The received bytes without the signature: what is hashed and signed.
    body: &'a [u8],
    signature: &'a [u8; 64],
}

impl<'a> Token<'a> {
    /// Reads a token: limits, order and ranges, but no signature.
    ///
    /// # Errors
    /// Any [`DecodeError`] of SPEC.md sections 3, 6 and 7.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        Reader::object(bytes, Kind::Token, MAX_TOKEN, Self::read)
    }

    /// Reads a token without version and kind, as requests and presentations embed it.
    pub(crate) fn read(reader: &mut Reader<'a>) -> Option<Self> {
        let ((issuer, serial, links), body) = reader.span(|reader| {
            let issuer = KeyId(*reader.array()?);
            let serial = Serial(reader.u64()?);
            let count = reader.some(Part::Links, MAX_LINKS)?;
            let mut links = [None; MAX_LINKS];
            let mut limit = u8::try_from(MAX_LINKS).unwrap_or(u8::MAX);
            for slot in links.iter_mut().take(count) {
                let link = Link::read(reader)?;
                if link.depth >= limit {
                    return reader.refuse(DecodeError::OutOfRange(Part::Depth));
                }
                limit = link.depth;
                *slot = Some(link);
            }
            Some((issuer, serial, links))
        })?;
        // Two bytes of version and kind that an embedded token doesn't repeat.
        if body.len().saturating_add(2) > MAX_TOKEN {
            return reader.refuse(DecodeError::OverLimit(Part::Object));
        }
        let token = Self { body, issuer, serial, links };
        let root =
            token.links().next().or_else(|| reader.refuse(DecodeError::Empty(Part::Links)))?;
        match CaveatKind::ROOT.iter().find(|kind| !root.caveats.has(**kind)) {
            Some(missing) => reader.refuse(DecodeError::MissingCaveat(missing.bit())),
            None => Some(token),
        }
    }

    /// Drafts a token of one link: the issuer grants `grant` to `grantee`, who may pass it on
    /// `depth` times (0 to 3).
    ///
    /// The issuer gives a serial number once in an epoch; revocation counts on it.
    ///
    /// # Errors
    /// [`EncodeError::NoDepthLeft`] for a depth over 3.
    pub fn issue<G: role::Grantor>(
        scope: Scope,
        issuer: &PublicKey<G>,
        serial: Serial,
        grantee: &PublicKey<role::Holder>,
        depth: u8,
        grant: &Grant,
    ) -> Result<UnsignedToken<G>, EncodeError> {
        if usize::from(depth) >= MAX_LINKS {
            return Err(EncodeError::NoDepthLeft);
        }
        let context = LinkContext::grant(&scope, issuer.as_bytes(), serial);
        let head = |out: &mut Writer<'_>| out.put(&(issuer.id().0, serial.0, 1_u64));
        draft(&head, &context, grantee, depth, grant, *issuer)
    }

    /// Drafts the token with one more link: its last grantee passes it on to `grantee`, narrowed
    /// by `caveats`; from there it may be passed on `depth` times, fewer than before.
    ///
    /// # Errors
    /// [`EncodeError::NoDepthLeft`], [`EncodeError::TooLong`], [`EncodeError::WrongKey`] when the
    /// origin's issuer is not the token's.
    pub fn attenuate(
        &self,
        origin: &Origin,
        grantee: &PublicKey<role::Holder>,
        depth: u8,
        caveats: &Narrowing,
    ) -> Result<UnsignedToken<role::Holder>, EncodeError> {
        let leaf = self.leaf()?;
        let count = self.links().count().saturating_add(1);
        if depth >= leaf.depth || count > MAX_LINKS {
            return Err(EncodeError::NoDepthLeft);
        }
        let chain = self.chain(origin)?;
        let head = |out: &mut Writer<'_>| {
            out.put(&(self.issuer.0, self.serial.0, count));
            for link in self.links() {
                out.raw(link.body);
                out.raw(link.signature);
            }
        };
        let context = LinkContext::link(&origin.scope, &chain.leaf());
        let signer = PublicKey::from_bytes(leaf.grantee).map_err(|_| EncodeError::WrongKey)?;
        draft(&head, &context, grantee, depth, caveats, signer)
    }

    /// Checks every signature of the chain, as a party that was handed the token does. It says
    /// nothing on whether a lock will open: time, place and revocation are the lock's to judge.
    ///
    /// # Errors
    /// [`TokenError::OtherOrigin`], [`TokenError::Link`].
    pub fn check(&self, origin: &Origin) -> Result<CheckedToken<'a>, TokenError> {
        let chain = self.chain(origin).map_err(|_| TokenError::OtherOrigin)?;
        match self.verify_links(&origin.scope, origin.issuer(), &chain) {
            Ok(proof) => Ok(CheckedToken { token: *self, chain, _proof: proof }),
            Err(fault) => Err(TokenError::Link(fault)),
        }
    }

    /// The hashes of the chain; they show nothing but what the signatures must be over.
    pub(crate) fn chain(&self, origin: &Origin) -> Result<Chain, EncodeError> {
        let issuer = PublicKey::<role::Issuer>::from_bytes(origin.issuer());
        if !issuer.is_ok_and(|key| key.id() == self.issuer) {
            return Err(EncodeError::WrongKey);
        }
        Ok(self.chain_from(&origin.scope, origin.issuer()))
    }

    pub(crate) fn chain_from(&self, scope: &Scope, issuer: &[u8; 32]) -> Chain {
        let mut chain = Chain { hashes: [ChainHash([0; 32]); MAX_LINKS], count: 0 };
        let mut parent = None;
        for (hash, link) in chain.hashes.iter_mut().zip(self.links()) {
            *hash = LinkContext::of(scope, issuer, self.serial, parent).chain(link.body);
            parent = Some(&*hash);
            chain.count = chain.count.saturating_add(1);
        }
        chain
    }

    /// Checks the signatures of all links, from link 0 on.
    pub(crate) fn verify_links(
        &self,
        scope: &Scope,
        issuer: &[u8; 32],
        chain: &Chain,
    ) -> Result<Genuine, LinkFault> {
        let (mut signer, mut parent) = (issuer, None);
        let mut proof = Err(LinkFault { link: 0, fault: SignatureFault::Mismatch });
        for (index, (link, hash)) in (0..).zip(self.links().zip(chain.hashes())) {
            let context = LinkContext::of(scope, issuer, self.serial, parent);
            let message = [context.sign.bytes(), context.fields(), link.body];
            match crypto::verify(signer, &message, link.signature) {
                Ok(genuine) => proof = Ok(genuine),
                Err(fault) => return Err(LinkFault { link: index, fault }),
            }
            (signer, parent) = (link.grantee, Some(hash));
        }
        proof
    }

    pub(crate) fn links(&self) -> impl DoubleEndedIterator<Item = &Link<'a>> {
        self.links.iter().flatten()
    }

    /// The last link; a token that was read has one.
    pub(crate) fn leaf(&self) -> Result<&Link<'a>, DecodeError> {
        self.links().next_back().ok_or(DecodeError::Empty(Part::Links))
    }

    /// The bytes of the token behind version and kind, as requests and presentations embed it.
    pub(crate) const fn body(&self) -> &'a [u8] {
        self.body
    }

    /// The token as an object of its own: version, kind and body.
    ///
    /// # Errors
    /// None that a token that was read could give.
    pub fn encode(&self) -> Result<Encoded<MAX_TOKEN>, EncodeError> {
        Encoded::object(Kind::Token, &|out| out.raw(self.body))
    }

    /// Which issuer the token claims; unverified.
    pub const fn unverified_issuer(&self) -> KeyId {
        self.issuer
    }

    /// Which serial the token claims; unverified.
    pub const fn unverified_serial(&self) -> Serial {
        self.serial
    }

    /// To whom the token claims to be granted; unverified.
    ///
    /// # Errors
    /// None that a token that was read could give.
    pub fn unverified_grantee(&self) -> Result<PublicKey<role::Holder>, DecodeError> {
        key::public_key(self.leaf()?.grantee)
    }
}

impl<'a> Link<'a> {
    fn read(reader: &mut Reader<'a>) -> Option<Self> {
        let ((grantee, depth, caveats), body) = reader.span(|reader| {
            Some((key::read_key(reader)?, reader.u8()?, CaveatSet::read(reader)?))
        })?;
        Some(Self { grantee, depth, caveats, body, signature: reader.array()? })
    }

    pub(crate) const fn signature(&self) -> &'a [u8; 64] {
        self.signature
    }
}

fn draft<R: role::Role, L>(
    head: &dyn Fn(&mut Writer<'_>),
    context: &LinkContext,
    grantee: &PublicKey<role::Holder>,
    depth: u8,
    caveats: &Caveats<L>,
    signer: PublicKey<R>,
) -> Result<UnsignedToken<R>, EncodeError> {
    let mut out = Encoded::<MAX_TOKEN>::object(Kind::Token, head)?;
    let start = out.as_bytes().len();
    let caveats = caveats.encode()?;
    out.append(&|out| {
        out.put(&(grantee.as_bytes(), depth));
        out.raw(caveats.as_bytes());
    })?;
    let body = out.as_bytes().get(start..).unwrap_or_default();
    if out.as_bytes().len().saturating_add(64) > MAX_TOKEN {
        return Err(EncodeError::TooLong(MAX_TOKEN));
    }
    let message = Message::new(context.sign, &[context.fields(), body]);
    Ok(Unsigned::new(out, message, signer))
}

/// The hashes of a token's links, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chain {
    hashes: [ChainHash; MAX_LINKS],
    count: usize,
}

impl Chain {
    pub(crate) fn hashes(&self) -> impl DoubleEndedIterator<Item = &ChainHash> {
        self.hashes.get(..self.count).unwrap_or(&[]).iter()
    }

    pub(crate) fn ids(&self) -> impl DoubleEndedIterator<Item = LinkId> {
        self.hashes().map(|hash| LinkId(truncated(&hash.0)))
    }

    /// The hash of the last link, which binds all.
    pub(crate) fn leaf(&self) -> ChainHash {
        self.hashes().next_back().copied().unwrap_or(ChainHash([0; 32]))
    }
}

/// A signature of the chain that doesn't hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkFault {
    /// The link, from 0.
    pub link: u8,
    /// What is wrong with it.
    pub fault: SignatureFault,
}

/// Why a token is not genuine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenError {
    /// The token names another issuer than the origin.
    OtherOrigin,
    /// A signature doesn't hold.
    Link(LinkFault),
}

impl core::fmt::Display for TokenError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::OtherOrigin => f.write_str("the token is of another issuer"),
            Self::Link(fault) => {
                write!(f, "the signature of link {} does not hold: {:?}", fault.link, fault.fault)
            }
        }
    }
}

impl core::error::Error for TokenError {}

/// A token whose signatures all hold, from its origin down.
#[derive(Debug)]
pub struct CheckedToken<'a> {
    token: Token<'a>,
    chain: Chain,
    _proof: Genuine,
}

impl<'a> CheckedToken<'a> {
    /// The serial that the issuer gave it.
    pub const fn serial(&self) -> Serial {
        self.token.serial
    }

    /// The links from the issuer's on: id, grantee, how often it may be passed on, caveats.
    pub fn links(&self) -> impl Iterator<Item = CheckedLink<'a>> {
        self.token.links().zip(self.chain.ids()).map(|(link, id)| CheckedLink { link: *link, id })
    }
}

/// A link of a [`CheckedToken`].
#[derive(Clone, Copy, Debug)]
pub struct CheckedLink<'a> {
    link: Link<'a>,
    id: LinkId,
}

impl<'a> CheckedLink<'a> {
    /// What names the link in tables and revocations.
    pub const fn id(&self) -> LinkId {
        self.id
    }

    /// To whom the link grants.
    ///
    /// # Errors
    /// None that a token that was read could give.
    pub fn grantee(&self) -> Result<PublicKey<role::Holder>, DecodeError> {
        key::public_key(self.link.grantee)
    }

    /// How many links may follow.
    pub const fn depth(&self) -> u8 {
        self.link.depth
    }

    /// The link's caveats.
    pub fn caveats(&self) -> impl Iterator<Item = Result<Caveat<'a>, DecodeError>> {
        self.link.caveats.caveats()
    }
}
