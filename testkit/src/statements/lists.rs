//! Revocation lists (SPEC.md section 17.5).

use keyward::{
    DecodeError, Refusal, Roles,
    id::{Epoch, KeysetVersion},
    wire::Part,
};

use super::{
    ATTEST, Case, DAY, Deed, ENROL, Home, ISSUE, KeysetOf, NONCE, OTHER_NONCE, REVOKE, STRANGER,
    StatusOf, Story, T, UNTIL, cut, flipped, forged, id_of, longer, public,
};

pub(super) fn cases() -> Vec<Case> {
    [order(), signers(), sessions(), malformed(), top()].concat()
}

fn order() -> Vec<Case> {
    let home = Home::first();
    let list = |keyset, number| home.list(keyset, number).deed();
    let fork = StatusOf { entries: Some(Vec::new()), ..home.list(1, 3) };
    let held = || Story::of(&home).takes("list", list(1, 3));
    let later = || held().takes("keyset", home.keyset(2).deed()).takes("list", list(2, 1));
    let good = || (list(1, 4), "list");
    vec![
        held().breaks("list_rolled_back", (list(1, 2), Refusal::Older), good()),
        later().breaks(
            "list_of_an_older_keyset_with_a_higher_number",
            (list(1, 99), Refusal::Older),
            (list(2, 2), "list"),
        ),
        Story::of(&home).takes("list", list(1, 1)).takes("list", list(1, 2)).breaks(
            "list_frozen",
            (list(1, 1), Refusal::Older),
            (list(1, 3), "list"),
        ),
        held().breaks("list_forked", (fork.deed(), Refusal::Fork), good()),
        held().breaks(
            "list_forked_in_its_time_alone",
            (StatusOf { at: T + 1, ..home.list(1, 3) }.deed(), Refusal::Fork),
            good(),
        ),
        held().breaks(
            "list_forked_and_not_signed",
            (StatusOf { signer: STRANGER, ..fork }.deed(), forged(0)),
            good(),
        ),
        held().breaks(
            "list_of_a_keyset_ahead",
            (list(2, 1), Refusal::KeysetAhead { held: KeysetVersion(1), got: KeysetVersion(2) }),
            good(),
        ),
        held()
            .takes("unchanged", list(1, 3))
            .takes("unchanged", StatusOf { signer: STRANGER, ..home.list(1, 3) }.deed())
            .told("held_list_is_no_news"),
        Story::of(&home)
            .refuses(
                Refusal::KeysetAhead { held: KeysetVersion(1), got: KeysetVersion(2) },
                list(2, 1),
            )
            .takes("keyset", home.keyset(2).deed())
            .takes("list", list(2, 1))
            .told("list_before_its_keyset_comes_again"),
        held().takes("list", list(1, 1_000)).told("list_numbers_left_out"),
        held()
            .takes("keyset", home.keyset(2).deed())
            .takes("list", list(1, 4))
            .told("list_of_the_keyset_before_the_held_one"),
    ]
}

fn signers() -> Vec<Case> {
    let home = Home::first();
    let good = home.list(1, 1);
    let broken = |name, list: StatusOf, refusal| {
        Story::of(&home).breaks(name, (list.deed(), refusal), (good.deed(), "list"))
    };
    let by = |number| StatusOf { by: number, signer: number, ..good.clone() };
    let under = |name, change: fn(&mut super::Clerk), refusal| {
        let held: KeysetOf = home.keyset(2).clerk(REVOKE, change);
        let mended = Story::of(&home).takes("keyset", home.keyset(2).deed());
        Story::of(&home)
            .takes("keyset", held.deed())
            .refuses(refusal, good.deed())
            .beside(name, mended.takes("list", good.deed()))
    };
    let outside = |at| Refusal::TimeOutside { at: keyward::Time(at) };
    let at = |at| StatusOf { at, ..good.clone() };
    let mut elsewhere = good.clone();
    elsewhere.scope.domain = Home::with(|home| home.issued_at += 1).domain;
    let disabled = Refusal::IssuerDisabled(id_of(REVOKE));
    vec![
        broken("list_by_nobody", by(STRANGER), Refusal::UnknownIssuer(id_of(STRANGER))),
        broken("list_by_an_issuer_of_tokens", by(ISSUE), Refusal::WrongRole(id_of(ISSUE))),
        broken("list_by_an_attester", by(ATTEST), Refusal::WrongRole(id_of(ATTEST))),
        broken("list_by_an_enroller", by(ENROL), Refusal::WrongRole(id_of(ENROL))),
        under(
            "list_by_a_revoker_with_unknown_limits",
            |clerk| clerk.limits = vec![0x80, 0x40],
            disabled,
        ),
        under("list_by_a_revoker_whose_limits_count", |clerk| clerk.limits = vec![8, 5], disabled),
        under(
            "list_by_a_revoker_that_has_expired",
            |clerk| {
                clerk.lasts = u32::try_from(DAY).unwrap();
            },
            outside(T),
        ),
        under("list_by_a_revoker_that_is_not_valid_yet", |clerk| clerk.from = T + 1, outside(T)),
        broken("list_of_the_end_of_its_signers_validity", at(UNTIL), outside(UNTIL)),
        broken("list_from_before_its_signer", at(T - DAY - 1), outside(T - DAY - 1)),
        broken("list_by_another_key", StatusOf { signer: STRANGER, ..good.clone() }, forged(0)),
        broken("list_signed_for_another_domain", elsewhere, forged(0)),
        broken(
            "list_of_another_epoch",
            home.next().list(1, 1),
            Refusal::OtherEpoch { held: Epoch(0), got: Epoch(1) },
        ),
        Story::of(&home).breaks(
            "list_with_a_flipped_signature",
            (Deed::Status { bytes: flipped(good.bytes()), nonce: None, lo: 0 }, forged(0)),
            (good.deed(), "list"),
        ),
        Story::of(&home)
            .takes("list", at(T - DAY).deed())
            .takes("list", StatusOf { at: UNTIL - 1, ..home.list(1, 2) }.deed())
            .told("list_of_the_first_and_last_second_of_its_signer"),
    ]
}

/// A list over a nonce holds in its session alone.
fn sessions() -> Vec<Case> {
    let home = Home::first();
    let over = StatusOf { nonce: Some(NONCE), ..home.list(1, 1) };
    let good = || (over.within(NONCE), "list");
    vec![
        Story::of(&home).breaks(
            "list_over_a_nonce_without_a_session",
            (over.deed(), forged(0)),
            good(),
        ),
        Story::of(&home).breaks(
            "list_over_another_nonce",
            (over.within(OTHER_NONCE), forged(0)),
            good(),
        ),
    ]
}

fn malformed() -> Vec<Case> {
    let home = Home::first();
    let good = home.list(1, 1).bytes();
    // In front of the one entry: version, kind, issuer, five integers, two flags.
    let count = 2 + 8 + 1 + 1 + 1 + 1 + 5 + 2;
    let entries = |entries: &[u8], number: u8| {
        let entries: Vec<_> = entries.iter().flat_map(|byte| [*byte; 8]).collect();
        [&good[..count], &[number], &entries, &[0], &[0; 64]].concat()
    };
    let many: Vec<_> = (0..65).collect();
    let edited = |at: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[at] = byte;
        bytes
    };
    let full =
        StatusOf { entries: Some((0..64).map(|byte| [byte; 8]).collect()), ..home.list(1, 1) };
    let mut cases = [
        ("list_cut_short", cut(good.clone()), DecodeError::Truncated),
        ("list_too_long", longer(good.clone()), DecodeError::TrailingBytes(1)),
        ("list_of_garbage", vec![0xff; 90], DecodeError::WrongVersion(0xff)),
        ("list_of_65_entries", entries(&many, 65), DecodeError::OverLimit(Part::Revocations)),
        ("list_unsorted", entries(&[2, 1], 2), DecodeError::Unsorted(Part::Revocations)),
        ("list_with_an_entry_twice", entries(&[1, 1], 2), DecodeError::Doubled(Part::Revocations)),
        (
            "list_under_another_keyset_than_it_names",
            edited(12, 0),
            DecodeError::OutOfRange(Part::ListKeyset),
        ),
    ]
    .map(|(name, bytes, error)| {
        let deed = |bytes| Deed::Status { bytes, nonce: None, lo: 0 };
        let broken = (deed(bytes), Refusal::Malformed(error));
        Story::of(&home).breaks(name, broken, (deed(good.clone()), "list"))
    })
    .to_vec();
    cases.push(Story::of(&home).takes("list", full.deed()).told("list_of_64_entries"));
    cases
}

/// The last number that there is, and what cures it.
fn top() -> Vec<Case> {
    let home = Home::first();
    let burned = StatusOf { entries: Some(Vec::new()), ..home.list(1, u64::MAX) };
    let fresh = home.keyset(2).without(REVOKE).and(public(STRANGER), Roles::REVOKE);
    let honest =
        |keyset, number| StatusOf { by: STRANGER, signer: STRANGER, ..home.list(keyset, number) };
    let again = StatusOf { keyset: 2, list: (2, u64::MAX), ..burned.clone() };
    vec![
        Story::of(&home)
            .takes("list", burned.deed())
            .refuses(Refusal::Older, home.list(1, 2).deed())
            .refuses(Refusal::Fork, home.list(1, u64::MAX).deed())
            .takes("keyset", fresh.deed())
            .refuses(Refusal::UnknownIssuer(id_of(REVOKE)), again.deed())
            .refuses(Refusal::Older, honest(1, 2).deed())
            .takes("list", honest(2, 1).deed())
            .refuses(Refusal::Older, burned.deed())
            .takes("list", honest(2, 2).deed())
            .told("list_of_the_top_number_and_the_keyset_that_drops_its_signer"),
        Story::of(&home)
            .takes("list", burned.deed())
            .takes("epoch", home.next().move_in())
            .takes("list", home.next().list(1, 1).deed())
            .told("list_of_the_top_number_and_the_next_epoch"),
    ]
}
