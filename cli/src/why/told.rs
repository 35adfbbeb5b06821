//! Who is told what of a denial or refusal: the phone an [`Answer`], the owner's log a code, and
//! whether it proves that the holder asked (SPEC.md sections 10.2, 15, 19 and 24.5).

use keyward::Answer;

use super::Reason;

impl Reason {
    /// What the phone may be told, all that it is told; behind each the case, empty for all others.
    pub(crate) const fn told(&self) -> &'static [(Answer, &'static str)] {
        match self.code {
            200 | 231 | 425 | 453 | 613 | 614 | 630 => &[(Answer::NeedKeyset, "")],
            420 => &[(Answer::Denied, "where it has certainly not begun"), (Answer::NeedTime, "")],
            422 | 426 => &[(Answer::NeedTime, "")],
            431 | 432 | 471 => &[(Answer::NeedTime, NO_LATEST), (Answer::Denied, "")],
            441 => &[(Answer::NeedWitness, "")],
            450 | 452 => &[(Answer::NeedStatus, "")],
            451 => &[(Answer::NeedTime, NO_LATEST), (Answer::NeedStatus, "")],
            610 => &[(Answer::NeedKeyset, "where its epoch is the higher"), (Answer::Denied, "")],
            _ => &[(Answer::Denied, "")],
        }
    }

    /// Where the exact reason is to be found afterwards.
    pub(crate) const fn logged(&self) -> &'static str {
        match self.code {
            190..=195 => "Nowhere: in this state the lock keeps no log. Its host knows.",
            501 | 502 => {
                "With the holder in the log of denials (`keyward lock log`), if it kept a request \
                from being granted; otherwise the lock's host alone knows."
            }
            503 | 504 | 506 | 507 => "Nowhere: the lock's host alone knows.",
            ..400 => {
                "By its code alone in the log of denials (`keyward lock log`), nobody being proven \
                to have asked; when many differ, put together under code 0."
            }
            400..600 => {
                "With the holder in the log of denials (`keyward lock log`); when many differ, put \
                together under code 0."
            }
            _ => {
                "Nowhere: the lock's host knows, and whoever checks the statement \
                (`keyward domain take`)."
            }
        }
    }

    /// Whether all signatures held before it: then the holder did ask, and the challenge is spent.
    pub(crate) const fn is_evidence(&self) -> bool {
        matches!(self.code, 400..600)
    }

    /// What it proves.
    pub(crate) const fn proves(&self) -> &'static str {
        match self.code {
            501 | 502 => {
                "If it kept a request from being granted, that the token's holder asked: all \
                signatures held. Its challenge is spent."
            }
            504 | 507 => "Nothing against a holder: no request stands behind it.",
            612 => "That the signers have signed both: the two objects are the evidence.",
            _ if self.is_evidence() => {
                "That the token's holder asked: all signatures held. The session's challenge is \
                spent."
            }
            600.. => "Nothing: a refusal is no evidence.",
            _ => {
                "Nothing: not all signatures were seen to hold. The session's challenge is not \
                spent."
            }
        }
    }
}

const NO_LATEST: &str = "where the lock knows no latest time";
