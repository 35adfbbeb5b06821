//! Joins an opening to the token that it was granted by, to persons, and to the witness's
//! recording.

use std::collections::HashMap;

use keyward::{
    DecodeError, Origin, Token,
    id::{DomainId, EvidenceId, KeyId, KeyName, LinkId, Serial},
    receipt::{Opening, Public, WitnessName},
    recording::{Closed, Recording},
    wire::Kind,
};

use crate::line::Line;

/// Tokens, origins and recordings, as they were read.
#[derive(Debug, Default)]
pub(crate) struct Material {
    tokens: Vec<(Line, Vec<u8>)>,
    origins: HashMap<KeyId, Vec<Origin>>,
    recordings: Vec<(Line, Vec<u8>)>,
}

impl Material {
    pub(crate) fn take(
        &mut self,
        kind: Kind,
        line: Line,
        object: &[u8],
    ) -> Result<(), DecodeError> {
        match kind {
            Kind::Token => {
                Token::decode(object)?;
                self.tokens.push((line, object.to_vec()));
            }
            Kind::Origin => {
                let origin = Origin::decode(object)?;
                // The issuer's key is the last field.
                let id = object.last_chunk::<32>().and_then(|key| key.first_chunk());
                let held = self.origins.entry(KeyId(id.copied().unwrap_or_default())).or_default();
                if !held.contains(&origin) {
                    held.push(origin);
                }
            }
            _ => {
                Recording::decode(object)?;
                self.recordings.push((line, object.to_vec()));
            }
        }
        Ok(())
    }
}

/// One link of a genuine token: to whom it was granted, and how it hangs from the others.
#[derive(Clone, Copy, Debug)]
struct KnownLink {
    grantee: KeyName,
    serial: Serial,
    /// Which link of its token it is.
    place: usize,
}

/// The core of a request, and what a witness of it named.
type Recorded = ([u8; 32], EvidenceId);

/// Genuine tokens by their links, and recordings by their request.
#[derive(Debug)]
pub struct Joins<'a> {
    links: HashMap<LinkId, KnownLink>,
    recordings: HashMap<Recorded, Vec<(Line, &'a [u8])>>,
    refused: Vec<Line>,
}

/// One step of the authority behind an opening, from link 0 on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The link.
    pub link: LinkId,
    /// To whom it grants: known for links of a token that the auditor has, and for the last, which
    /// grants to the holder.
    pub grantee: Option<KeyName>,
}

/// By whose authority somebody opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority {
    /// The issuer.
    pub issuer: KeyId,
    /// The token's serial, where the auditor has it.
    pub serial: Option<Serial>,
    /// The steps from the issuer to the holder.
    pub steps: Vec<Step>,
    /// Whether a token that the auditor has grants the last link to another than the holder that
    /// the entry names: no lock writes such an entry.
    pub contradicts: bool,
}

/// What became of a witness's evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Who agreed, and what it named.
    pub agreed: WitnessName,
    /// What it closed afterwards, where the auditor has that, and on which line.
    pub closed: Option<(Line, Closed)>,
}

impl<'a> Joins<'a> {
    pub(crate) fn new(material: &'a Material, domain: DomainId) -> Self {
        let mut joins =
            Self { links: HashMap::new(), recordings: HashMap::new(), refused: Vec::new() };
        for (line, bytes) in &material.tokens {
            let Ok(token) = Token::decode(bytes) else { continue };
            let origins = material.origins.get(&token.unverified_issuer()).into_iter().flatten();
            let mut of_domain = origins.filter(|origin| origin.scope.domain == domain);
            let genuine = of_domain.find_map(|origin| token.check(origin).ok());
            let Some(genuine) = genuine else {
                joins.refused.push(*line);
                continue;
            };
            for (place, link) in genuine.links().enumerate() {
                let Ok(grantee) = link.grantee() else { continue };
                let (grantee, serial) = (grantee.name(), genuine.serial());
                joins.links.insert(link.id(), KnownLink { grantee, serial, place });
            }
        }
        for (line, bytes) in &material.recordings {
            let Ok(recording) = Recording::decode(bytes) else { continue };
            let Closed { core, evidence, .. } = *recording.unverified();
            joins.recordings.entry((core, evidence)).or_default().push((*line, bytes));
        }
        joins
    }

    /// The lines of tokens that no origin of the domain makes genuine.
    pub fn refused(&self) -> &[Line] {
        &self.refused
    }

    /// By whose authority an opening was.
    pub fn authority(&self, opening: &Opening<'_>) -> Authority {
        let count = opening.links().count();
        let known = |(place, link): (usize, LinkId)| {
            self.links.get(&link).filter(|known| known.place == place)
        };
        let mut authority = Authority {
            issuer: opening.issuer,
            serial: None,
            steps: Vec::with_capacity(count),
            contradicts: false,
        };
        for (place, link) in opening.links().enumerate() {
            let known = known((place, link));
            let last = place.saturating_add(1) == count;
            authority.serial = authority.serial.or(known.map(|known| known.serial));
            let grantee = known.map(|known| known.grantee);
            authority.contradicts |= last && grantee.is_some_and(|name| name != opening.holder);
            let grantee = if last { Some(opening.holder) } else { grantee };
            authority.steps.push(Step { link, grantee });
        }
        authority
    }

    /// What the witnesses of an opening have closed since.
    pub fn evidence(&self, public: &Public<'_>, opening: &Opening<'_>) -> Vec<Evidence> {
        let Some(core) = public.core() else { return Vec::new() };
        let closed = |agreed: WitnessName| {
            let of = self.recordings.get(&(*core.as_bytes(), agreed.evidence))?;
            of.iter().find_map(|(line, bytes)| {
                let recording = Recording::decode(bytes).ok()?;
                recording.verify(&core, &agreed).ok().map(|closed| (*line, *closed))
            })
        };
        opening.witnesses().map(|agreed| Evidence { agreed, closed: closed(agreed) }).collect()
    }
}
