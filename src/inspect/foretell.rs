//! What would deny a token, if its holder asked now (SPEC.md section 13).

use crate::{
    caveat::{Caveat, CaveatSet},
    denial::{Denial, Place},
    request::Presentation,
    verify::{Admitted, Grantor, View, history, unrevoked},
};

/// One thing that a lock judges, and what it would say: a forecast that nothing can act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forecast<'a> {
    /// What is judged.
    pub subject: Subject<'a>,
    /// Why it doesn't hold, if it doesn't.
    pub denied: Option<Denial>,
}

/// What a lock judges, in its order (SPEC.md sections 13.3 to 13.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject<'a> {
    /// That the lock takes such a request, and knows the token's issuer and the status's.
    Admission,
    /// The signatures of the token's links.
    Signatures,
    /// That the token's serial is not below its issuer's floor.
    Serial,
    /// That neither this link nor its grantee is revoked.
    Link(u8),
    /// That the status was signed within its signer's validity.
    StatusTime,
    /// That the issuer is valid.
    Issuer,
    /// One caveat, of the issuer's limits or of a link (SPEC.md section 7).
    Caveat(Place, Caveat<'a>),
    /// The counter and the times of an unchallenged request.
    Counter,
}

/// Reports all that a lock would judge of a presentation, in the lock's order and by its own
/// functions, whether the holder has signed it or it is [`supposed`](Presentation::supposed). The
/// first that is denied is what [`verify`](crate::verify::verify) denies for, if the
/// holder's signature, the witnesses' and the status's hold.
///
/// Where [`Subject::Admission`] is denied nothing else is reported: without an issuer or a session
/// there is nothing to judge by. Behind any other denial the rest is judged all the same; a status
/// outside its signer's validity adds nothing to the time.
///
/// It sees the signatures of the token, and no others: a witness is taken at its word. Nor does it
/// see what the view doesn't hold (a revocation that hasn't arrived, the uses at another lock), nor
/// what is refused after verification: tables without room, a store that fails.
pub fn foretell<'a>(
    presentation: &'a Presentation<'a>,
    view: &View<'a>,
    mut report: impl FnMut(Forecast<'a>),
) {
    let mut tell = |subject, denied| report(Forecast { subject, denied });
    let admitted = match Admitted::new(presentation, view) {
        Ok(admitted) => admitted,
        Err(denial) => return tell(Subject::Admission, Some(denial)),
    };
    tell(Subject::Admission, None);
    tell(Subject::Signatures, admitted.verify_links().err());
    tell(Subject::Serial, admitted.serial(view).err());
    for link in admitted.links() {
        tell(Subject::Link(link.0), unrevoked(view.trust, link).err());
    }
    let time = admitted.time(view);
    if admitted.attester.is_some() {
        tell(Subject::StatusTime, time.err());
    }
    let time = time.map_or(view.now.time, |(time, _heard)| time);
    let facts = admitted.facts(view, time);

    if let Grantor::Issuer(issuer) = &admitted.grantor {
        let valid = facts.valid(Place::Issuer, issuer.from, issuer.until());
        tell(Subject::Issuer, valid.err());
        // Admission has ruled out limits that aren't there, and reading a caveat that doesn't read.
        for caveat in issuer.limits().iter().flat_map(CaveatSet::caveats).flatten() {
            let denied = facts.judge_one(Place::Issuer, &caveat, None).err();
            tell(Subject::Caveat(Place::Issuer, caveat), denied);
        }
    }
    for link in admitted.links() {
        let (place, history) = (Place::Link(link.0), history(view, link));
        for caveat in link.1.caveats.caveats().flatten() {
            let denied = facts.judge_one(place, &caveat, Some(&history)).err();
            tell(Subject::Caveat(place, caveat), denied);
        }
    }
    if let Some(counter) = admitted.lane(view, time).transpose() {
        tell(Subject::Counter, counter.err());
    }
}
