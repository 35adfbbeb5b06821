//! Cards (SPEC.md section 17.6).

use keyward::{
    DecodeError, Refusal, Roles, Time,
    id::{Epoch, GroupId, KeysetVersion},
    wire::Part,
};

use super::{
    ATTEST, CardOf, Case, Clerk, DAY, DEVICE, Deed, ENROL, Home, ISSUE, Keys, OTHER_LIFE,
    OTHER_LOCK, REVOKE, STRANGER, Story, T, UNTIL, cut, flipped, forged, id_of, longer, public,
};

pub(super) fn cases() -> Vec<Case> {
    [order(), locks(), signers(), classes(), malformed(), top()].concat()
}

fn order() -> Vec<Case> {
    let home = Home::first();
    let card = |keyset, version| home.card(keyset, version).deed();
    let held = || Story::of(&home).takes("card", card(1, 3));
    let fork = CardOf { groups: vec![GroupId(*b"group-01")], ..home.card(1, 3) };
    let good = || (card(1, 4), "card");
    vec![
        held().breaks("card_rolled_back", (card(1, 2), Refusal::Older), good()),
        held().takes("keyset", home.keyset(2).deed()).takes("card", card(2, 1)).breaks(
            "card_of_an_older_keyset_with_a_higher_version",
            (card(1, 99), Refusal::Older),
            (card(2, 2), "card"),
        ),
        held().breaks("card_forked", (fork.deed(), Refusal::Fork), good()),
        held().breaks(
            "card_forked_and_not_signed",
            (CardOf { signer: STRANGER, ..fork }.deed(), forged(0)),
            good(),
        ),
        held().breaks(
            "card_of_a_keyset_ahead",
            (card(2, 1), Refusal::KeysetAhead { held: KeysetVersion(1), got: KeysetVersion(2) }),
            good(),
        ),
        held().breaks(
            "card_of_another_epoch",
            (home.next().card(1, 4).deed(), Refusal::OtherEpoch { held: Epoch(0), got: Epoch(1) }),
            good(),
        ),
        held()
            .takes("unchanged", card(1, 3))
            .takes("unchanged", CardOf { signer: STRANGER, ..home.card(1, 3) }.deed())
            .takes("card", card(1, 1_000))
            .told("held_card_is_no_news"),
        Story::of(&home)
            .takes("epoch", home.next().move_in())
            .takes("card", home.next().card(1, 1).deed())
            .refuses(Refusal::OtherEpoch { held: Epoch(1), got: Epoch(0) }, card(1, 9))
            .takes("card", home.next().card(1, 2).deed())
            .told("card_of_the_new_epoch_starts_anew"),
    ]
}

fn locks() -> Vec<Case> {
    let home = Home::first();
    let broken = |name, change: fn(&mut CardOf), refusal| {
        let good = home.card(1, 2);
        let mut card = good.clone();
        change(&mut card);
        Story::of(&home).breaks(name, (card.deed(), refusal), (good.deed(), "card"))
    };
    let next = home.next();
    let moved = CardOf { lock: OTHER_LOCK, ..next.card(1, 1) };
    vec![
        Story::of(&home).takes("epoch", next.move_in()).breaks(
            "card_of_another_lock_in_a_new_epoch",
            (moved.deed(), Refusal::OtherLock),
            (next.card(1, 1).deed(), "card"),
        ),
        broken("card_of_another_lock", |card| card.lock = OTHER_LOCK, Refusal::OtherLock),
        broken("card_of_another_life", |card| card.life = OTHER_LIFE, Refusal::OtherLife),
        broken(
            "card_of_another_device",
            |card| card.device = public(STRANGER),
            Refusal::OtherDevice,
        ),
        // This lock has no opening keys.
        broken(
            "card_that_demands_seals_of_a_lock_without_keys",
            |card| card.sealing = Some((5, true)),
            Refusal::OtherSealing,
        ),
        Story::of(&home)
            .takes("card", CardOf { sealing: Some((5, false)), ..home.card(1, 2) }.deed())
            .told("card_that_names_a_sealing_key_and_demands_nothing"),
    ]
}

fn signers() -> Vec<Case> {
    let home = Home::first();
    let good = home.card(1, 2);
    let broken = |name, card: CardOf, refusal| {
        Story::of(&home).breaks(name, (card.deed(), refusal), (good.deed(), "card"))
    };
    let by = |number| CardOf { by: number, signer: number, ..good.clone() };
    let under = |name, change: fn(&mut Clerk), refusal| {
        let mended = Story::of(&home).takes("keyset", home.keyset(2).deed());
        Story::of(&home)
            .takes("keyset", home.keyset(2).clerk(ENROL, change).deed())
            .refuses(refusal, good.deed())
            .beside(name, mended.takes("card", good.deed()))
    };
    let mut elsewhere = good.clone();
    elsewhere.scope.domain = Home::with(|home| home.issued_at += 1).domain;
    let outside = |at| Refusal::TimeOutside { at: Time(at) };
    let at = |at| CardOf { at, ..good.clone() };
    let disabled = Refusal::IssuerDisabled(id_of(ENROL));
    vec![
        broken("card_by_nobody", by(STRANGER), Refusal::UnknownIssuer(id_of(STRANGER))),
        broken("card_by_an_issuer_of_tokens", by(ISSUE), Refusal::WrongRole(id_of(ISSUE))),
        broken("card_by_an_attester", by(ATTEST), Refusal::WrongRole(id_of(ATTEST))),
        broken("card_by_a_revoker", by(REVOKE), Refusal::WrongRole(id_of(REVOKE))),
        under(
            "card_by_an_enroller_with_unknown_limits",
            |clerk| clerk.limits = vec![0x80, 0x40],
            disabled,
        ),
        under(
            "card_by_an_enroller_whose_limits_count",
            |clerk| clerk.limits = vec![8, 5],
            disabled,
        ),
        under(
            "card_by_an_enroller_that_has_expired",
            |clerk| {
                clerk.lasts = u32::try_from(DAY).unwrap();
            },
            outside(T),
        ),
        under("card_by_an_enroller_that_is_not_valid_yet", |clerk| clerk.from = T + 1, outside(T)),
        broken("card_of_the_end_of_its_signers_validity", at(UNTIL), outside(UNTIL)),
        broken("card_from_before_its_signer", at(T - DAY - 1), outside(T - DAY - 1)),
        broken("card_by_another_key", CardOf { signer: STRANGER, ..good.clone() }, forged(0)),
        broken("card_signed_for_another_domain", elsewhere, forged(0)),
        Story::of(&home).breaks(
            "card_with_a_flipped_signature",
            (Deed::Card(flipped(good.bytes())), forged(0)),
            (good.deed(), "card"),
        ),
    ]
}

/// The lock's own key in another class.
fn classes() -> Vec<Case> {
    let epoch = |name, change: fn(&mut Home)| {
        let first = Home::first();
        let good = first.next();
        let mut home = good.clone();
        change(&mut home);
        let mended = Story::of(&first).takes("epoch", good.move_in());
        Story::of(&first)
            .takes("epoch", home.move_in())
            .refuses(Refusal::KeyInTwoClasses, home.card(1, 1).deed())
            .beside(name, mended.takes("card", good.card(1, 1).deed()))
    };
    let home = Home::first();
    let issuer = home.keyset(2).and(public(DEVICE), Roles::ISSUE);
    let mended = Story::of(&home).takes("keyset", home.keyset(2).deed());
    // The cold keys of the next epoch are committed to: the device key stands among them from the
    // first.
    let cold = Home::with(|home| home.next = Keys::of(1, &[DEVICE]));
    let then = cold.next();
    let honest = Home::first().next();
    vec![
        epoch("device_is_a_root", |home| home.roots = Keys::of(1, &[DEVICE])),
        epoch("device_is_the_emergency_key", |home| home.emergency = Some(DEVICE)),
        Story::of(&cold)
            .takes("epoch", then.move_in())
            .refuses(Refusal::KeyInTwoClasses, then.card(1, 1).deed())
            .beside("device_is_a_cold_key", {
                Story::of(&Home::first())
                    .takes("epoch", honest.move_in())
                    .takes("card", honest.card(1, 1).deed())
            }),
        Story::of(&home)
            .takes("keyset", issuer.deed())
            .refuses(Refusal::KeyInTwoClasses, home.card(2, 1).deed())
            .beside("device_is_an_issuer", mended.takes("card", home.card(2, 1).deed())),
    ]
}

fn malformed() -> Vec<Case> {
    let home = Home::first();
    let good = home.card(1, 2).bytes();
    // Behind version, kind, issuer, three integers, a time of five bytes and the lock: groups,
    // device, no sealing key, flags.
    let groups = 2 + 8 + 3 + 5 + 8;
    let edit = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = good.clone();
        change(&mut bytes);
        bytes
    };
    [
        ("card_cut_short", cut(good.clone()), DecodeError::Truncated),
        ("card_too_long", longer(good.clone()), DecodeError::TrailingBytes(1)),
        ("card_of_garbage", vec![0x77; 120], DecodeError::WrongVersion(0x77)),
        ("card_of_another_kind", edit(&|bytes| bytes[1] = 3), DecodeError::WrongKind(3)),
        (
            "card_of_nine_groups",
            edit(&|bytes| bytes[groups] = 9),
            DecodeError::OverLimit(Part::Groups),
        ),
        (
            "card_of_a_device_key_of_small_order",
            edit(&|bytes| bytes[groups + 1..groups + 33].fill(0)),
            DecodeError::WeakKey,
        ),
        (
            "card_that_seals_without_a_key",
            edit(&|bytes| bytes[groups + 34] = 1),
            DecodeError::OutOfRange(Part::Flags),
        ),
    ]
    .map(|(name, bytes, error)| {
        let broken = (Deed::Card(bytes), Refusal::Malformed(error));
        Story::of(&home).breaks(name, broken, (Deed::Card(good.clone()), "card"))
    })
    .to_vec()
}

/// The last version that there is, and what cures it.
fn top() -> Vec<Case> {
    let home = Home::first();
    let burned = CardOf { groups: vec![GroupId(*b"all-ways")], ..home.card(1, u64::MAX) };
    let fresh = home.keyset(2).without(ENROL).and(public(STRANGER), Roles::ENROL);
    let honest =
        |version| CardOf { by: STRANGER, signer: STRANGER, ..home.card(2, version) }.deed();
    let again = CardOf { order: (2, u64::MAX), ..burned.clone() };
    vec![
        Story::of(&home)
            .takes("card", burned.deed())
            .refuses(Refusal::Older, home.card(1, 2).deed())
            .refuses(Refusal::Fork, home.card(1, u64::MAX).deed())
            .takes("keyset", fresh.deed())
            .refuses(Refusal::UnknownIssuer(id_of(ENROL)), again.deed())
            .takes("card", honest(1))
            .refuses(Refusal::Older, burned.deed())
            .takes("card", honest(2))
            .told("card_of_the_top_version_and_the_keyset_that_drops_its_signer"),
        Story::of(&home)
            .takes("card", burned.deed())
            .takes("epoch", home.next().move_in())
            .takes("card", home.next().card(1, 1).deed())
            .told("card_of_the_top_version_and_the_next_epoch"),
    ]
}
