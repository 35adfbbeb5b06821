//! Keysets (SPEC.md section 17.3).

use keyward::{DecodeError, Refusal, Roles, id::Epoch, wire::Part};

use super::{
    Case, Deed, EMERGENCY, ENROL, Home, ISSUE, Keys, REVOKE, STRANGER, Story, T, cut, flipped,
    forged, id_of, longer, negation, public,
};

pub(super) fn cases() -> Vec<Case> {
    [order(), signatures(), classes(), malformed(), top()].concat()
}

fn order() -> Vec<Case> {
    let home = Home::first();
    let at = |version| home.keyset(version).deed();
    let fork = home.keyset(1).without(ISSUE);
    let good = || (at(2), "keyset");
    vec![
        Story::of(&home).takes("keyset", at(5)).breaks(
            "keyset_rolled_back",
            (at(4), Refusal::Older),
            (at(6), "keyset"),
        ),
        Story::of(&home).breaks("keyset_forked", (fork.deed(), Refusal::Fork), good()),
        Story::of(&home).breaks(
            "keyset_forked_and_not_signed",
            (Deed::Keyset(flipped(fork.bytes())), forged(1)),
            good(),
        ),
        Story::of(&home)
            .takes("unchanged", at(1))
            // Nor are its signatures looked at.
            .takes("unchanged", Deed::Keyset(home.keyset(1).by(&[])))
            .told("held_keyset_is_no_news"),
        Story::of(&home)
            .takes("keyset", at(1_000))
            .refuses(Refusal::Older, at(999))
            .takes("keyset", at(1_001))
            .told("keyset_versions_left_out"),
        Story::of(&home)
            .takes("list", home.list(1, 1).deed())
            .takes("card", home.card(1, 2).deed())
            .takes("keyset", home.keyset(2).without(REVOKE).without(ENROL).deed())
            .refuses(Refusal::UnknownIssuer(id_of(REVOKE)), home.list(2, 1).deed())
            .refuses(Refusal::UnknownIssuer(id_of(ENROL)), home.card(2, 1).deed())
            .takes("unchanged", home.list(1, 1).deed())
            .takes("unchanged", home.card(1, 2).deed())
            .takes("keyset", at(3))
            .takes("list", home.list(3, 1).deed())
            .told("list_and_card_outlive_their_signer"),
        Story::of(&home)
            .takes("keyset", home.keyset(2).with(|keyset| keyset.clerks.clear()).deed())
            .refuses(Refusal::UnknownIssuer(id_of(REVOKE)), home.list(2, 1).deed())
            .takes("keyset", at(3))
            .takes("list", home.list(3, 1).deed())
            .told("keyset_without_issuers"),
    ]
}

fn signatures() -> Vec<Case> {
    let home = Home::first();
    let keyset = home.keyset(2);
    let (one, two) = (home.roots.signer(120), home.roots.signer(121));
    let (low, high) = (one.min(two), one.max(two));
    let broken = |name, bytes: Vec<u8>, refusal| {
        Story::of(&home).breaks(name, (Deed::Keyset(bytes), refusal), (keyset.deed(), "keyset"))
    };
    let scope = |change: fn(&mut keyward::Scope)| {
        keyset.clone().with(|keyset| change(&mut keyset.scope)).bytes()
    };
    let three = Home::with(|home| home.roots = Keys::of(2, &[30, 31, 32]));
    let by = |version, numbers: &[u8]| {
        let signers: Vec<_> = numbers.iter().map(|number| three.roots.signer(*number)).collect();
        Deed::Keyset(three.keyset(version).by(&signers))
    };
    vec![
        broken(
            "keyset_by_one_root_of_two",
            keyset.by(&[one]),
            Refusal::SignatureCount { needed: 2, got: 1 },
        ),
        broken(
            "keyset_that_nobody_signed",
            keyset.by(&[]),
            Refusal::SignatureCount { needed: 2, got: 0 },
        ),
        Story::of(&three).breaks(
            "keyset_with_a_signature_too_many",
            (by(2, &[30, 31, 32]), Refusal::SignatureCount { needed: 2, got: 3 }),
            (by(2, &[31, 32]), "keyset"),
        ),
        broken(
            "keyset_by_a_key_at_no_place",
            keyset.by(&[low, (2, STRANGER)]),
            Refusal::UnknownSigner(2),
        ),
        broken("keyset_by_one_root_at_two_places", keyset.by(&[low, (1, low.1)]), forged(1)),
        broken(
            "keyset_by_roots_at_each_others_place",
            keyset.by(&[(low.0, high.1), (high.0, low.1)]),
            forged(0),
        ),
        broken("keyset_by_a_stranger", keyset.by(&[low, (1, STRANGER)]), forged(1)),
        broken("keyset_by_the_cold_keys", keyset.by(&[(0, 60), (1, 61)]), forged(0)),
        broken("keyset_by_an_issuer", keyset.by(&[low, (1, ISSUE)]), forged(1)),
        broken("keyset_with_a_flipped_signature", flipped(keyset.bytes()), forged(1)),
        broken(
            "keyset_signed_for_another_domain",
            scope(|scope| scope.domain = Home::with(|home| home.issued_at += 1).domain),
            forged(0),
        ),
        broken(
            "keyset_of_another_epoch",
            scope(|scope| scope.epoch = Epoch(1)),
            Refusal::OtherEpoch { held: Epoch(0), got: Epoch(1) },
        ),
        Story::of(&three)
            .takes("keyset", by(2, &[30, 31]))
            .takes("unchanged", by(2, &[31, 32]))
            .takes("keyset", by(3, &[30, 32]))
            .told("keyset_by_other_signers_is_the_same"),
    ]
}

/// The issuer's key with another byte at this place.
fn other_at(place: usize) -> [u8; 32] {
    let mut key = public(ISSUE);
    key[place] ^= 1;
    key
}

fn classes() -> Vec<Case> {
    let home = Home::first();
    let with = |name, key: [u8; 32], refusal| {
        let keyset = home.keyset(2).and(key, Roles::ISSUE);
        Story::of(&home).breaks(name, (keyset.deed(), refusal), (home.keyset(2).deed(), "keyset"))
    };
    vec![
        with("issuer_is_a_root", public(121), Refusal::KeyInTwoClasses),
        with("issuer_is_a_cold_key", public(60), Refusal::KeyInTwoClasses),
        with("issuer_is_the_emergency_key", public(EMERGENCY), Refusal::KeyInTwoClasses),
        with("issuers_of_one_key_id", negation(ISSUE), Refusal::EqualKeyIds),
        with("issuer_of_the_emergency_key_id", negation(EMERGENCY), Refusal::EqualKeyIds),
        Story::of(&home).breaks(
            "issuers_that_begin_alike",
            (home.keyset(2).and(other_at(4), Roles::ISSUE).deed(), Refusal::EqualKeyIds),
            (home.keyset(2).and(other_at(3), Roles::ISSUE).deed(), "keyset"),
        ),
    ]
}

fn malformed() -> Vec<Case> {
    let home = Home::first();
    let good = home.keyset(2).bytes();
    // Behind version, kind, epoch, version, a time of five bytes, and no log key: the issuers.
    let issuers = 2 + 1 + 1 + 5 + 1;
    let (first, second) = (issuers + 1, issuers + 1 + 32 + 1 + 5 + 4 + 1);
    let edit = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = good.clone();
        change(&mut bytes);
        bytes
    };
    [
        ("keyset_cut_short", cut(good.clone()), DecodeError::Truncated),
        ("keyset_too_long", longer(good.clone()), DecodeError::TrailingBytes(1)),
        ("keyset_over_its_limit", vec![1; 1025], DecodeError::OverLimit(Part::Object)),
        ("keyset_of_garbage", vec![0x5a; 200], DecodeError::WrongVersion(0x5a)),
        ("keyset_of_another_kind", edit(&|bytes| bytes[1] = 9), DecodeError::WrongKind(9)),
        (
            "key_as_two_issuers",
            edit(&|bytes| bytes.copy_within(first..first + 32, second)),
            DecodeError::Doubled(Part::Issuers),
        ),
        ("nine_issuers", edit(&|bytes| bytes[issuers] = 9), DecodeError::OverLimit(Part::Issuers)),
        (
            "issuer_without_a_role",
            edit(&|bytes| bytes[first + 32] = 0),
            DecodeError::OutOfRange(Part::Roles),
        ),
        (
            "issuer_of_small_order",
            edit(&|bytes| bytes[first..first + 32].fill(0)),
            DecodeError::WeakKey,
        ),
        (
            "root_counted_twice",
            home.keyset(2).by(&[(0, 120), (0, 121)]),
            DecodeError::Doubled(Part::Signatures),
        ),
    ]
    .map(|(name, bytes, error)| {
        let broken = (Deed::Keyset(bytes), Refusal::Malformed(error));
        Story::of(&home).breaks(name, broken, (Deed::Keyset(good.clone()), "keyset"))
    })
    .to_vec()
}

/// The last version that there is, and what cures it.
fn top() -> Vec<Case> {
    let home = Home::first();
    let mut stolen = home.keyset(u64::MAX);
    (stolen.issued_at, stolen.clerks) = (keyward::limits::MAX_TIME, Vec::new());
    let stolen = stolen.and(public(STRANGER), Roles::ISSUE.and(Roles::ENROL)).deed();
    let later = home.next();
    vec![
        Story::of(&home)
            .takes("keyset", stolen.clone())
            .refuses(Refusal::Older, home.keyset(2).deed())
            .refuses(Refusal::Fork, home.keyset(u64::MAX).deed())
            .takes("epoch", later.move_in())
            .refuses(Refusal::OtherEpoch { held: Epoch(1), got: Epoch(0) }, stolen)
            .takes("keyset", later.keyset(2).deed())
            .takes("time", later.status(T + 60).deed())
            .told("keyset_of_the_top_version_and_the_next_epoch"),
    ]
}
