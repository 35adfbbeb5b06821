//! What denies once all signatures hold: 400 to 473 (SPEC.md section 13.5).

use super::Reason;

/// Revocation, the caveats, and what has no challenge.
pub(super) const POLICY: &[Reason] = &[
    Reason {
        code: 400,
        name: "SerialRevoked",
        section: "13.5",
        means: "The revocation list voids all tokens of this issuer below a certain serial, and \
            this token's is below it.",
        todo: "If the person is still to get in, issue a new token (`keyward token issue`) with a \
            serial that no list has voided. `keyward token show` tells this one's, and `keyward \
            show` the list's.",
    },
    Reason {
        code: 401,
        name: "LinkRevoked",
        section: "13.5",
        means: "A link of this token is on the revocation list. With it all tokens are void that \
            contain it.",
        todo: "If that was meant, the lock did right. Otherwise grant anew (`keyward token \
            issue`): a token with a new serial has a new first link. A delegation that is repeated \
            word for word is the same link, and stays revoked.",
    },
    Reason {
        code: 402,
        name: "KeyRevoked",
        section: "13.5",
        means: "The key of somebody in this token's chain is on the revocation list: the holder's, \
            or that of one who passed the token on.",
        todo: "No new token helps that key in this epoch. The person draws a new key (`keyward key \
            new`) and is granted a token for it; those below a revoked key need a token from \
            somebody else.",
    },
    Reason {
        code: 403,
        name: "WitnessRevoked",
        section: "7.5",
        means: "A witness that the token names has agreed, and the witness's key is on the \
            revocation list. One such statement denies, even if others would be enough.",
        todo: "Leave that statement out, and bring one by another witness that the token names \
            (`keyward witness`). If there is no other, a new token must name one.",
    },
    Reason {
        code: 410,
        name: "RightNotGranted",
        section: "7.1",
        means: "The request asks for a right that a link of the token, or a limit of its issuer, \
            leaves out. No right implies another.",
        todo: "See what each link grants (`keyward token show`). Ask for what all of them grant, \
            or get a token that grants this right in every link.",
    },
    Reason {
        code: 411,
        name: "OtherTarget",
        section: "7.2",
        means: "A link of the token, or a limit of its issuer, is for other doors: it names \
            neither this lock nor a group that the lock is in.",
        todo: "Compare the token's targets (`keyward token show`) with the lock's id and groups \
            (`keyward lock show`). After a new epoch a lock is in no group until its new card \
            came: bring it with `keyward lock sync`.",
    },
    Reason {
        code: 420,
        name: "TooEarly",
        section: "7.3",
        means: "The time of the token or of its issuer has not begun: the earliest that it can be \
            now, as far as the lock knows, is before the beginning.",
        todo: "See when it begins (`keyward token show`), and come then. If that is past, the \
            lock's clock is behind or lost: bring a status over its challenge (`keyward status`).",
    },
    Reason {
        code: 421,
        name: "Expired",
        section: "7.3",
        means: "The time of the token or of its issuer has ended: even the earliest that it can be \
            now, as far as the lock knows, is not before the end.",
        todo: "See which end it is: that of a link (`keyward token show`) or of the issuer \
            (`keyward keyset show`), and renew that. If neither is past, the lock's clock is \
            ahead: set it right, for a status only moves time on. A time that was attested too \
            late stays until a new epoch.",
    },
    Reason {
        code: 422,
        name: "MayHaveExpired",
        section: "7.3",
        means: "The time of the token or of its issuer may have ended: the latest that it can be \
            now, as far as the lock knows, is not before the end. A lock without a clock knows no \
            latest time.",
        todo: "Bring a status over the lock's challenge (`keyward status`), and present again. If \
            that doesn't help, the end is too near: get a token that lasts longer.",
    },
    Reason {
        code: 423,
        name: "OutsideSchedule",
        section: "7.8",
        means: "The present lies in no window of the schedule in a link or in the issuer's limits. \
            Where the lock doesn't know the minute, each that it may be must lie in one.",
        todo: "See the windows (`keyward token show`), which are in the local time of the lock's \
            zone, and come within one. Close to its edge a status over the challenge narrows the \
            present down.",
    },
    Reason {
        code: 424,
        name: "ExceptedDate",
        section: "7.8",
        means: "The present lies on a date that the schedule in a link or in the issuer's limits \
            leaves out, such as a holiday. Where the lock doesn't know the date, none that it may \
            be must be left out.",
        todo: "Come on another day, or get a token whose schedule admits this one. `keyward token \
            show` lists the dates.",
    },
    Reason {
        code: 425,
        name: "ZoneUnknown",
        section: "7.8",
        means: "A schedule goes by local time, and the lock can't tell it: its card names no zone, \
            its keyset has no such zone, or that zone's table doesn't reach to the present.",
        todo: "Sign a keyset with tables that reach far enough (`keyward keyset new`), and a card \
            that names the zone (`keyward card`). Bring both to the lock with `keyward lock sync`.",
    },
    Reason {
        code: 426,
        name: "ScheduleTimeUnknown",
        section: "7.8",
        means: "A schedule can only be judged if the lock knows the present to within a day, and \
            it doesn't.",
        todo: "Bring a status over the lock's challenge (`keyward status`). A lock without a clock \
            forgets at each start how late it is, and needs a status again then.",
    },
    Reason {
        code: 430,
        name: "UsesSpent",
        section: "7.4",
        means: "A link of the token may be used a certain number of times at this lock, and has \
            been. Every request that was granted counts, also one whose bolt jammed or never \
            moved.",
        todo: "Get a new token (`keyward token issue`, or `keyward token delegate` by whoever \
            stands above the spent link). A delegation that says the same as the spent one is the \
            same link. `keyward lock log` tells when the uses were spent.",
    },
    Reason {
        code: 431,
        name: "FirstUseTooLate",
        section: "7.9",
        means: "The token had to be used at this lock before a certain time, and hasn't been. As \
            far as the lock knows, that time may be past.",
        todo: "See the time with `keyward token show`. If it is past, get a new token; if not, \
            bring a status over the lock's challenge (`keyward status`).",
    },
    Reason {
        code: 432,
        name: "FirstUseOver",
        section: "7.9",
        means: "The token is good for a certain time after its first use at this lock. As far as \
            the lock knows, that may be over.",
        todo: "Ask the log when it was first used (`keyward lock log`). If the time is over, get a \
            new token; if not, bring a status over the lock's challenge (`keyward status`).",
    },
    Reason {
        code: 440,
        name: "ChannelRefused",
        section: "7.10",
        means: "The request came over a channel that a link or a limit of the issuer doesn't \
            admit: remote, radio, contact or ranged. What comes without a challenge counts as \
            remote.",
        todo: "See which channels the token admits (`keyward token show`), and come closer or \
            touch the reader. If that was done, the lock's host takes the channel for another: \
            have its installer look.",
    },
    Reason {
        code: 441,
        name: "WitnessMissing",
        section: "7.5",
        means: "The token demands that witnesses whom it names agree to this very request, and too \
            few do. A witness who is also a grantee of the token doesn't count.",
        todo: "See whom the token names (`keyward token show`). Take a new challenge, show the \
            request to the witness (`keyward witness`), and present it with the statement.",
    },
    Reason {
        code: 442,
        name: "WitnessUnchallenged",
        section: "7.5",
        means: "The token demands a witness, and the request came without a challenge. No witness \
            counts for such a request.",
        todo: "Go to the door, answer its challenge, and bring the witness's statement (`keyward \
            witness`).",
    },
    Reason {
        code: 450,
        name: "StatusMissing",
        section: "7.7",
        means: "The token demands a new status of the domain, and none came with it.",
        todo: "Fetch one (`keyward status`), take a new challenge, and present both together.",
    },
    Reason {
        code: 451,
        name: "StatusStale",
        section: "7.7",
        means: "The token demands a status that is newer than this one or, as far as the lock \
            knows the time, may be.",
        todo: "Fetch a new status right before presenting, over the lock's challenge (`keyward \
            status`): it tells the time as well. If that is too old already, the attester's clock \
            is behind or the lock's ahead.",
    },
    Reason {
        code: 452,
        name: "StatusSelfAttested",
        section: "7.7",
        means: "The status is signed by the issuer of the token itself. It must come from another \
            one, so that a stolen key can't vouch for its own tokens.",
        todo: "Bring a status by another key with the role `attest`; `keyward keyset show` tells \
            which have it.",
    },
    Reason {
        code: 453,
        name: "StatusAhead",
        section: "7.7",
        means: "The status names a newer keyset or revocation list than the lock holds. So the \
            lock may not know yet of something that was revoked.",
        todo: "Bring it the newest keyset and list with `keyward lock sync`, then present again.",
    },
    Reason {
        code: 454,
        name: "StatusTime",
        section: "13.5",
        means: "The status is dated outside the time in which its signer may sign, or is over the \
            lock's nonce by a signer that has expired.",
        todo: "Compare its date (`keyward show`) with its signer's time (`keyward keyset show`). \
            Set the signer's clock right, renew the signer in the next keyset (`keyward keyset \
            new`), or bring a status by another.",
    },
    Reason {
        code: 460,
        name: "AppUnchecked",
        section: "7.11",
        means: "The token carries a condition of the lock maker's or operator's own, and this lock \
            has no check for it.",
        todo: "See its tag with `keyward token show`, and ask the lock's maker which firmware \
            knows it. Update that, or get a token without the condition.",
    },
    Reason {
        code: 461,
        name: "AppRefused",
        section: "7.11",
        means: "The token carries a condition of the lock maker's or operator's own. It was \
            checked and doesn't hold.",
        todo: "See its tag and data with `keyward token show`. What they demand is in the manual \
            of whoever has defined the tag.",
    },
    Reason {
        code: 470,
        name: "CounterRefused",
        section: "14.2",
        means: "The request came without a challenge, and its counter was used before, lies too \
            far below the holder's highest, or is the one that is reserved. So the request may \
            have been granted already.",
        todo: "Make a new one rather than send it again (`keyward present`). If new ones are \
            denied as well, the phone counts from too low: its clock is behind, it came from a \
            backup, or two phones share the key.",
    },
    Reason {
        code: 471,
        name: "RequestFromFuture",
        section: "13.5",
        means: "The request came without a challenge, and is dated later than the lock believes it \
            can be.",
        todo: "Set the phone's clock right, and make a new request. If the phone is right, the \
            lock's clock is behind: bring it a status (`keyward status`).",
    },
    Reason {
        code: 472,
        name: "RequestLate",
        section: "13.5",
        means: "The request came without a challenge, and was made more than 15 minutes ago, or \
            may have been.",
        todo: "Make a new one (`keyward present`), and see that gateways and queues pass it on \
            sooner. A phone's clock that is behind, or a lock's that is ahead, does the same.",
    },
    Reason {
        code: 473,
        name: "RequestExpired",
        section: "13.5",
        means: "The request came without a challenge, and says until when it is good: that is \
            past, or may be.",
        todo: "Make a new one (`keyward present`) that lasts longer; more than 15 minutes serve \
            nothing.",
    },
];
