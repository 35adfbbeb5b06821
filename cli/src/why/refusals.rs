//! What refuses a statement or claim: 600 to 690 (SPEC.md section 19).

use super::Reason;

/// Epochs, keysets, cards, lists, statuses, claims.
pub(super) const REFUSALS: &[Reason] = &[
    Reason {
        code: 600,
        name: "Malformed",
        section: "17.1",
        means: "The bytes aren't the statement or claim that they should be: they were cut off or \
            changed on the way, are another object, or were made for another version of the \
            format.",
        todo: "Look at them with `keyward show`, and fetch them again from where they were signed.",
    },
    Reason {
        code: 601,
        name: "Unclaimed",
        section: "17.1",
        means: "The lock belongs to no domain, so it takes no epoch, keyset, card, list or status \
            alone.",
        todo: "Claim it first with `keyward lock claim`: the claim brings all of them.",
    },
    Reason {
        code: 602,
        name: "AlreadyClaimed",
        section: "18.1",
        means: "The lock has an owner. Nobody can claim it before it was released or reset.",
        todo: "If it is yours, bring it what is new with `keyward lock sync`. If not, its owner \
            releases it (`keyward lock release`), or it is reset by hand within its housing.",
    },
    Reason {
        code: 603,
        name: "NotRestored",
        section: "22.5",
        means: "The lock has started and hasn't read its store yet. Until it has, it takes nothing \
            in.",
        todo: "Wait a moment and bring it again. If it lasts, the lock can't read its store: start \
            it anew, and have its hardware looked at.",
    },
    Reason {
        code: 604,
        name: "StateTooNew",
        section: "22.5",
        means: "The store was written by a newer firmware, or by one with room for more entries \
            than this one has. The lock adds nothing to what it can't read.",
        todo: "Install that firmware again, then bring the statement.",
    },
    Reason {
        code: 605,
        name: "StateCorrupt",
        section: "22.5",
        means: "What the store holds is damaged, or was written by another lock, or belongs to \
            another device key or device secret. The lock adds nothing to it.",
        todo: "See to the store first, as `keyward why 193` says. A lock that was reset by hand is \
            claimed anew (`keyward lock claim`), and gets its statements with that.",
    },
    Reason {
        code: 606,
        name: "StateRolledBack",
        section: "22.5",
        means: "The store is older than what this lock has already done. What is new could hide \
            that an old copy was put back, so the lock takes nothing in.",
        todo: "Find out who touched the store, as `keyward why 194` says. Only behind a reset by \
            hand and a new claim does the lock take anything in again.",
    },
    Reason {
        code: 607,
        name: "Releasing",
        section: "18.2",
        means: "The lock was given up, and its memory is still to be erased. It takes nothing in \
            from anybody until then.",
        todo: "Secure the door (`keyward lock secure`), then reset the lock by hand. After that \
            its next owner can claim it.",
    },
    Reason {
        code: 610,
        name: "OtherEpoch",
        section: "17.3",
        means: "The statement is of another epoch than the one that is held. If its epoch is \
            higher, the lock is behind its domain; if it is lower, the statement is out of date.",
        todo: "Compare its epoch (`keyward show`) with the lock's (`keyward lock show`). If the \
            lock is behind, bring the epochs between and a keyset of the last (`keyward lock \
            sync`); otherwise sign the statement again in the present epoch.",
    },
    Reason {
        code: 611,
        name: "Older",
        section: "17.3",
        means: "A newer one is held already, and nothing goes back.",
        todo: "Nothing is wrong with the lock: bring the newest (`keyward domain show`). If this \
            one should be the newest, it was given too low a number: sign it again with a higher \
            one.",
    },
    Reason {
        code: 612,
        name: "Fork",
        section: "17.3",
        means: "Another one of the same number is held, with other contents, and the signatures of \
            both hold. That is evidence against those who signed.",
        todo: "Keep both, and find out who signed twice. After a mistake, sign a third with a \
            higher number. If keys were stolen, drop the issuer by a new keyset (`keyward keyset \
            new`), or the roots by a new epoch (`keyward epoch next`); locks that hold a false \
            epoch are reset by hand and claimed anew.",
    },
    Reason {
        code: 613,
        name: "EpochSkipped",
        section: "17.4",
        means: "The epoch isn't the next one: others between it and the last that is known are \
            missing.",
        todo: "Bring all of them in their order, then a keyset of the last (`keyward lock sync`).",
    },
    Reason {
        code: 614,
        name: "KeysetAhead",
        section: "17.5",
        means: "The list or card names a newer keyset than the one that is held.",
        todo: "Bring that keyset, then the same list or card once more (`keyward lock sync`).",
    },
    Reason {
        code: 615,
        name: "TooManyEpochs",
        section: "17.4",
        means: "The lock is more than 16 epochs behind, and walks over no more than 16 in one \
            step.",
        todo: "Bring 16 epochs and a keyset of the last of them, then go on from there. If no such \
            keyset was kept, the lock is reset by hand and claimed anew (`keyward lock claim`).",
    },
    Reason {
        code: 620,
        name: "SignatureCount",
        section: "17.2",
        means: "The epoch or keyset bears fewer signatures than its threshold, or more.",
        todo: "Let those sign who are missing (`keyward epoch cosign`, `keyward keyset cosign`). \
            If there are too many, draft it again, and stop at the threshold.",
    },
    Reason {
        code: 621,
        name: "UnknownSigner",
        section: "17.2",
        means: "A signature says by its index which root or cold key it is of, and there is no key \
            of that index.",
        todo: "Compare the signers with the roots and cold keys of the epoch (`keyward show`). If \
            it was signed for an epoch with more keys, sign it again for this one.",
    },
    Reason {
        code: 622,
        name: "StatementSignature",
        section: "17.2",
        means: "A signature doesn't hold: the statement was changed, is of another domain, or was \
            signed by another key than it says. If it is a status over a nonce, it may be over \
            another challenge's, or that challenge is no longer open.",
        todo: "Fetch it again from where it was signed, a status over the nonce of a new \
            challenge. If it is the lock's answer to a claim, don't trust it: this isn't the lock \
            with that label, or it holds something else than you brought.",
    },
    Reason {
        code: 623,
        name: "NotCommitted",
        section: "17.4",
        means: "The cold keys of this epoch aren't those that the epoch before has named for it.",
        todo: "Sign it by those keys (`keyward epoch next`). If they are lost, each lock is reset \
            by hand and claimed anew. If you didn't make this epoch, somebody is trying to take \
            the domain: keep it.",
    },
    Reason {
        code: 624,
        name: "ColdKeysReused",
        section: "17.4",
        means: "The epoch names the cold keys that sign it for the next one, too. A cold key signs \
            one epoch in its life, and is destroyed then.",
        todo: "Draw new cold keys (`keyward key new`), and draft the epoch again with those for \
            the next.",
    },
    Reason {
        code: 630,
        name: "UnknownIssuer",
        section: "17.5",
        means: "The status, list or card names a signer that isn't in the keyset that is held.",
        todo: "Bring the newest keyset first (`keyward lock sync`). If the signer was dropped from \
            it, have the statement signed by one who is in it.",
    },
    Reason {
        code: 631,
        name: "WrongRole",
        section: "17.5",
        means: "The signer is in the keyset without the role that this takes: `attest` for a \
            status, `revoke` for a list, `enrol` for a card.",
        todo: "Have it signed by a key that has the role (`keyward keyset show`), or give this key \
            the role in the next keyset (`keyward keyset new`).",
    },
    Reason {
        code: 632,
        name: "IssuerDisabled",
        section: "17.5",
        means: "The keyset limits the signer by something that can't be read, or by a caveat that \
            counts uses, which has no place there. No status, list or card by this signer is taken \
            in.",
        todo: "Have the statement signed by another. Look at the limits with `keyward keyset \
            show`: sign a keyset without them, or update the lock's firmware if they are of a \
            later version.",
    },
    Reason {
        code: 633,
        name: "TimeOutside",
        section: "17.5",
        means: "The status, list or card is dated outside the time in which its signer may sign; \
            or it is a status over a nonce, and its signer has expired.",
        todo: "Compare its date (`keyward show`) with the signer's time (`keyward keyset show`). \
            Set the clock right where it is signed, renew the signer in the next keyset (`keyward \
            keyset new`), or let another one sign.",
    },
    Reason {
        code: 640,
        name: "KeyInTwoClasses",
        section: "17.3",
        means: "One key has two places: as a root, cold key, emergency key or issuer, or as the \
            device key on a card. A key serves for one thing, for life.",
        todo: "Draw a new key for one of the places (`keyward key new`), and sign again.",
    },
    Reason {
        code: 641,
        name: "EqualKeyIds",
        section: "17.3",
        means: "Two issuers, or an issuer and the emergency key, have keys with the same first 4 \
            bytes, by which a lock tells their quotas apart.",
        todo: "Draw another key for one of them (`keyward key new`). By chance this doesn't \
            happen: find out who has made the second.",
    },
    Reason {
        code: 650,
        name: "OtherLock",
        section: "17.6",
        means: "The card is for a lock with another id.",
        todo: "Bring the card of this lock; `keyward lock show` tells its id. A lock gets another \
            id only when it is claimed anew.",
    },
    Reason {
        code: 651,
        name: "OtherLife",
        section: "17.6",
        means: "The card's claim nonce isn't the lock's. It was signed before the lock was \
            released or reset, or for another lock.",
        todo: "See the nonce that the lock has now (`keyward lock show`), and sign a card for it \
            (`keyward card`).",
    },
    Reason {
        code: 652,
        name: "OtherDevice",
        section: "17.6",
        means: "The card names another device key than the lock's. The lock has changed its key \
            since, or the card is for another lock.",
        todo: "See the key (`keyward lock show`). If the lock's log tells of the change (`keyward \
            receipts audit`), sign a card with the new key (`keyward card`); if it doesn't, don't.",
    },
    Reason {
        code: 653,
        name: "OtherSealing",
        section: "17.6",
        means: "The card names a sealing key that the lock can't open with, or demands sealed \
            presentations of a lock that has no opening key. With it phones would seal in vain.",
        todo: "Give the lock the opening key first, then bring the card again. If the key on the \
            card is wrong, sign another (`keyward card`).",
    },
    Reason {
        code: 660,
        name: "OtherDomain",
        section: "18.1",
        means: "An epoch 0 isn't the one that the domain is named after, or a card was checked for \
            another domain or epoch.",
        todo: "See that claim, epoch, keyset and card are of one domain (`keyward domain show`), \
            and claim again with those.",
    },
    Reason {
        code: 661,
        name: "ClaimSignature",
        section: "18.1",
        means: "The claim isn't signed by the key from this lock's box for this lock, domain, \
            epoch and card. Or the lock came without such a key, and the claim is signed all the \
            same.",
        todo: "Use the key from the box of this very lock, and sign once card and epoch are final \
            (`keyward lock claim`). A lock without a key is claimed by touch, without a signature.",
    },
    Reason {
        code: 662,
        name: "ClaimUnsigned",
        section: "18.1",
        means: "The lock came with a claim key, and the claim isn't signed by it.",
        todo: "Take the key from the lock's box and claim with it (`keyward lock claim`). To touch \
            the lock isn't enough.",
    },
    Reason {
        code: 663,
        name: "NotInContact",
        section: "18.1",
        means: "The lock came without a claim key, so it is claimed by touch, and its host doesn't \
            see that anybody touches it.",
        todo: "Claim it at the lock itself, in the way that its maker says: by NFC, a cable or a \
            button.",
    },
    Reason {
        code: 664,
        name: "NotAList",
        section: "18.1",
        means: "A status without a revocation list came where the list should be.",
        todo: "Bring the domain's newest list (`keyward revoke` signs one). If there has been none \
            in this epoch, leave it out.",
    },
    Reason {
        code: 690,
        name: "StoreFailed",
        section: "19",
        means: "The lock couldn't make durable what it was to take in. It is as if that had never \
            come.",
        todo: "Bring it again. If it fails again, the store is full, worn out or broken: have it \
            replaced.",
    },
];
