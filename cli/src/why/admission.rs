//! What denies before any signature holds: 100 to 303 (SPEC.md sections 13.2 to 13.4).

use super::Reason;

/// Decoding, the lock's own state, admission, signatures.
pub(super) const ADMISSION: &[Reason] = &[
    Reason {
        code: 100,
        name: "Malformed",
        section: "13.2",
        means: "The lock found no presentation in the bytes: they were cut off or changed on the \
            way, are another object, or were made for another version of the format.",
        todo: "Look at them with `keyward show`, then send them again. If they are denied again, \
            the app that makes them is at fault: update it.",
    },
    Reason {
        code: 190,
        name: "Unclaimed",
        section: "18.1",
        means: "Nobody has claimed this lock yet, or it was released or reset since. It belongs to \
            no domain, so it trusts no token.",
        todo: "Claim it with `keyward lock claim`. A lock that was yours before gets a new lock \
            id, or is claimed in a new epoch: it has forgotten what was used, and old tokens would \
            open again.",
    },
    Reason {
        code: 191,
        name: "NotRestored",
        section: "22.5",
        means: "The lock has started and hasn't read its store yet. Until it has, it denies every \
            request.",
        todo: "Wait a moment and come again. If it lasts, the lock can't read its store: start it \
            anew, and have its hardware looked at. Meanwhile an emergency token opens it, if its \
            host keeps an anchor.",
    },
    Reason {
        code: 192,
        name: "StateTooNew",
        section: "22.5",
        means: "The store was written by a newer firmware, or by one with room for more entries \
            than this one has. The lock leaves it as it is rather than misread it.",
        todo: "Install that firmware again, and all is as it was. Until then nothing but an \
            emergency token opens, and that only if the lock's host keeps an anchor.",
    },
    Reason {
        code: 193,
        name: "StateCorrupt",
        section: "22.5",
        means: "What the store holds is damaged, or was written by another lock, or belongs to \
            another device key or device secret. The lock doesn't guess what it should have been.",
        todo: "First see that the host gives the lock its own device key and secret; if a change \
            of the key was cut off, try the other key. If that isn't it, reset the lock by hand \
            and claim it under a new lock id (`keyward lock claim`).",
    },
    Reason {
        code: 194,
        name: "StateRolledBack",
        section: "22.5",
        means: "The store is older than what this lock has already done: an old copy was put back, \
            or all of it is gone. Uses that were spent would count as unspent.",
        todo: "Treat it as an attack until you know who touched the store. If the right one can't \
            be put back, reset the lock by hand and claim it under a new lock id (`keyward lock \
            claim`).",
    },
    Reason {
        code: 195,
        name: "Releasing",
        section: "18.2",
        means: "The lock was given up, and power or its store failed before its memory was erased. \
            It serves neither the old owner nor a new one before that is done.",
        todo: "Secure the door (`keyward lock secure`), then reset the lock by hand. After that \
            its next owner can claim it.",
    },
    Reason {
        code: 200,
        name: "UnknownIssuer",
        section: "13.3",
        means: "The token names an issuer that is neither in the lock's keyset nor the emergency \
            key. The lock's keyset is too old, the issuer was dropped, or the token is of another \
            domain.",
        todo: "Bring the lock the newest keyset with `keyward lock sync`, and ask again. If \
            `keyward keyset show` doesn't list the issuer, the token is to be issued again by one \
            that is listed.",
    },
    Reason {
        code: 201,
        name: "NotAnIssuer",
        section: "13.3",
        means: "The token names as its issuer a key that is in the keyset without the role \
            `issue`.",
        todo: "Issue the token again by a key that has the role (`keyward token issue`), or give \
            this key the role in the next keyset (`keyward keyset new`).",
    },
    Reason {
        code: 202,
        name: "IssuerDisabled",
        section: "13.3",
        means: "The keyset limits the token's issuer by something that this lock can't read, or by \
            a caveat that counts uses, which has no place there. No token of this issuer opens the \
            lock.",
        todo: "Look at the limits with `keyward keyset show`. If they count uses, sign a keyset \
            that doesn't (`keyward keyset new`); if they hold a caveat of a later version, update \
            the lock's firmware.",
    },
    Reason {
        code: 210,
        name: "NoChallenge",
        section: "13.3",
        means: "The request answers a challenge, and none is open in this session: a request \
            before this one has spent it, or the lock has started anew or changed its epoch since.",
        todo: "Take a new challenge from the lock and present again; each serves for one request. \
            If this comes every time, the app presents by another session than the one that gave \
            the challenge, or by a way that has none, such as a QR code.",
    },
    Reason {
        code: 211,
        name: "ChallengeExpired",
        section: "13.3",
        means: "The challenge was given more than 30 seconds ago, or the lock can't tell how long \
            ago.",
        todo: "Take a new challenge and present at once. If fetching a status takes that long, \
            bring one that isn't over the nonce: it can be fetched beforehand.",
    },
    Reason {
        code: 212,
        name: "UnchallengedRefused",
        section: "13.3",
        means: "The request came without a challenge, say as a QR code or from a gateway's queue, \
            and the lock's card doesn't admit that, or is still of an earlier epoch.",
        todo: "Come to the door and answer a challenge. If such requests are wanted here, sign a \
            card that admits them (`keyward card`), and bring it to the lock with `keyward lock \
            sync`.",
    },
    Reason {
        code: 213,
        name: "UnchallengedRight",
        section: "13.3",
        means: "The request came without a challenge and asks for more than to unlock. Only \
            `unlock` can be asked for in this way.",
        todo: "Ask for the other rights at the door, over a challenge (`keyward present`).",
    },
    Reason {
        code: 214,
        name: "SealedOnly",
        section: "13.3",
        means: "The lock's card demands that presentations come sealed, and this one came in the \
            clear.",
        todo: "Seal it to the key on the lock's card (`keyward seal`). An app that doesn't seal \
            may hold an older card: give it the newest.",
    },
    Reason {
        code: 215,
        name: "NotOpened",
        section: "23.4",
        means: "The presentation came sealed, and the lock can't open it: it is sealed to another \
            key, for another lock or challenge, or was changed on the way. It may also be that the \
            lock has no opening key.",
        todo: "Seal it again to the key on the lock's newest card, and for the challenge of this \
            session (`keyward seal`). If nobody's opens, the lock has lost its opening key: give \
            it a new one, then sign a card that names it (`keyward card`).",
    },
    Reason {
        code: 220,
        name: "EmergencyDepth",
        section: "13.7",
        means: "The token names the emergency key as its issuer, and may be passed on, or was. A \
            token of that key must be for one person: one link, of depth 0.",
        todo: "Issue one to the very person who is to open, with depth 0 (`keyward token issue`).",
    },
    Reason {
        code: 221,
        name: "EmergencyRight",
        section: "13.7",
        means: "The request asks for more than to unlock, by an emergency token. Such a token is \
            good for `unlock` alone.",
        todo: "Ask to unlock. For all else present a token of an ordinary issuer.",
    },
    Reason {
        code: 222,
        name: "EmergencyUnchallenged",
        section: "13.7",
        means: "An emergency token came without a challenge. It opens for nobody but a phone that \
            answers the lock's own challenge.",
        todo: "Go to the door and present the token there (`keyward present`).",
    },
    Reason {
        code: 223,
        name: "EmergencyCounted",
        section: "13.7",
        means: "The emergency token limits its uses, or its first use. It must count nothing, for \
            it is to open even where the lock's store is dead.",
        todo: "Issue it again without `Uses` and `FirstUse` (`keyward token issue`). Bound it by \
            its targets and its validity instead.",
    },
    Reason {
        code: 230,
        name: "StatusOtherEpoch",
        section: "13.3",
        means: "The status that came with the token is of another epoch than the lock's. Either \
            the lock is behind its domain, or the status is.",
        todo: "See which epoch the lock is in (`keyward lock show`). If it is behind, bring it the \
            epochs and their keyset (`keyward lock sync`); if the status is, fetch a new one \
            (`keyward status`).",
    },
    Reason {
        code: 231,
        name: "StatusUnknownIssuer",
        section: "13.3",
        means: "The status names a signer that isn't in the lock's keyset.",
        todo: "Bring the lock the newest keyset (`keyward lock sync`), or present a status by a \
            signer that it knows.",
    },
    Reason {
        code: 232,
        name: "StatusNotAttested",
        section: "13.3",
        means: "The status names as its signer a key that is in the keyset without the role \
            `attest`.",
        todo: "Present a status by a key that has the role; `keyward keyset show` tells which do.",
    },
    Reason {
        code: 233,
        name: "StatusNonceUnchallenged",
        section: "13.3",
        means: "The status is signed over the nonce of a challenge, and the request came without \
            one. There is nothing to check the nonce against.",
        todo: "Present a status that isn't over a nonce, or answer a challenge at the door.",
    },
    Reason {
        code: 234,
        name: "StatusIssuerDisabled",
        section: "13.3",
        means: "The keyset limits the signer of the status by something that this lock can't read, \
            or by a caveat that counts uses. No status by this signer serves at the lock.",
        todo: "Present a status by another attester. Then see to the limits (`keyward keyset \
            show`): sign a keyset without them, or update the lock's firmware if they are of a \
            later version.",
    },
    Reason {
        code: 300,
        name: "HolderSignature",
        section: "13.4",
        means: "The request isn't signed by the token's holder for what the lock sees: this lock, \
            its epoch, this challenge and channel, this token, right and parameter. Another key \
            has signed, or one of these differs.",
        todo: "Take a new challenge from this very lock, and sign with the key that the last link \
            names (`keyward present`). If it fails again, see that phone and lock agree on the \
            channel, and that the token is of the lock's epoch: one of an earlier epoch is to be \
            issued again.",
    },
    Reason {
        code: 301,
        name: "LinkSignature",
        section: "13.4",
        means: "A link of the token isn't signed by whoever must sign it: the grantor for link 0, \
            the grantee of the link before for every other. The token was changed, is of another \
            domain or epoch, or was never genuine.",
        todo: "Check it with `keyward token check`, and get it again from whoever granted it. If \
            it isn't genuine where it comes from either, find out who made it.",
    },
    Reason {
        code: 302,
        name: "WitnessSignature",
        section: "13.4",
        means: "A witness's statement isn't about this very request, or isn't signed by the key \
            that it names. One for an earlier request never serves again.",
        todo: "Show this request to the witness and take a new statement (`keyward witness`). If \
            no caveat demands the witness, present without the statement.",
    },
    Reason {
        code: 303,
        name: "StatusSignature",
        section: "13.4",
        means: "The status isn't signed by the issuer that it names, for this domain and, if it is \
            over a nonce, for this challenge. It was changed, or is meant for another session or \
            domain.",
        todo: "Fetch a new one (`keyward status`). If it is to be over a nonce, take the challenge \
            first and give its nonce.",
    },
];
