//! Statuses without a list, which tell the time (SPEC.md section 17.5).

use keyward::{DecodeError, Refusal, Time, id::Epoch, wire::Part};

use super::{
    ATTEST, Case, Clerk, DAY, Deed, ENROL, Home, ISSUE, NONCE, OTHER_NONCE, REVOKE, STRANGER,
    StatusOf, Story, T, UNTIL, cut, forged, id_of, longer,
};

pub(super) fn cases() -> Vec<Case> {
    [signers(), sessions(), times(), malformed()].concat()
}

fn outside(at: u64) -> Refusal {
    Refusal::TimeOutside { at: Time(at) }
}

fn signers() -> Vec<Case> {
    let home = Home::first();
    let good = home.status(T + 60);
    let broken = |name, status: StatusOf, refusal| {
        Story::of(&home).breaks(name, (status.deed(), refusal), (good.deed(), "time"))
    };
    let by = |number| StatusOf { by: number, signer: number, ..good.clone() };
    let under = |name, change: fn(&mut Clerk), refusal| {
        let mended = Story::of(&home).takes("keyset", home.keyset(2).deed());
        Story::of(&home)
            .takes("keyset", home.keyset(2).clerk(ATTEST, change).deed())
            .refuses(refusal, good.deed())
            .beside(name, mended.takes("time", good.deed()))
    };
    let mut elsewhere = good.clone();
    elsewhere.scope.domain = Home::with(|home| home.issued_at += 1).domain;
    let disabled = Refusal::IssuerDisabled(id_of(ATTEST));
    let at = |at| StatusOf { at, ..good.clone() };
    vec![
        broken("status_by_nobody", by(STRANGER), Refusal::UnknownIssuer(id_of(STRANGER))),
        broken("status_by_an_issuer_of_tokens", by(ISSUE), Refusal::WrongRole(id_of(ISSUE))),
        broken("status_by_a_revoker", by(REVOKE), Refusal::WrongRole(id_of(REVOKE))),
        broken("status_by_an_enroller", by(ENROL), Refusal::WrongRole(id_of(ENROL))),
        under(
            "status_by_an_attester_with_unknown_limits",
            |clerk| clerk.limits = vec![0x80, 0x40],
            disabled,
        ),
        under(
            "status_by_an_attester_whose_limits_count",
            |clerk| clerk.limits = vec![8, 5],
            disabled,
        ),
        under(
            "status_by_an_attester_that_has_expired",
            |clerk| {
                clerk.lasts = u32::try_from(DAY + 60).unwrap();
            },
            outside(T + 60),
        ),
        under(
            "status_by_an_attester_that_is_not_valid_yet",
            |clerk| clerk.from = T + 61,
            outside(T + 60),
        ),
        broken("status_from_the_end_of_its_signers_validity", at(UNTIL), outside(UNTIL)),
        broken("status_from_before_its_signer", at(T - DAY - 1), outside(T - DAY - 1)),
        broken("status_by_another_key", StatusOf { signer: STRANGER, ..good.clone() }, forged(0)),
        broken("status_signed_for_another_domain", elsewhere, forged(0)),
        broken(
            "status_of_another_epoch",
            home.next().status(T + 60),
            Refusal::OtherEpoch { held: Epoch(0), got: Epoch(1) },
        ),
    ]
}

fn sessions() -> Vec<Case> {
    let home = Home::first();
    let over = StatusOf { nonce: Some(NONCE), ..home.status(T + 60) };
    let good = || (over.within(NONCE), "time");
    let proven = |lo| Deed::Status { bytes: over.bytes(), nonce: Some(NONCE), lo };
    // The flag says "no nonce"; the signature is over one.
    let mut unflagged = over.bytes();
    let flag = unflagged.len() - 64 - 2;
    unflagged[flag] = 0;
    let within = |bytes| Deed::Status { bytes, nonce: Some(NONCE), lo: 0 };
    let plain = home.status(T + 60).bytes();
    vec![
        Story::of(&home).breaks(
            "status_over_a_nonce_without_a_session",
            (over.deed(), forged(0)),
            good(),
        ),
        Story::of(&home).breaks(
            "status_over_another_nonce",
            (over.within(OTHER_NONCE), forged(0)),
            good(),
        ),
        Story::of(&home).breaks(
            "status_whose_nonce_is_denied",
            (within(unflagged), forged(0)),
            good(),
        ),
        Story::of(&home).breaks(
            "status_over_a_nonce_by_an_attester_that_is_proven_to_have_expired",
            (proven(UNTIL), outside(T + 60)),
            (proven(UNTIL - 1), "time"),
        ),
        Story::of(&home)
            .takes("time", Deed::Status { bytes: plain.clone(), nonce: None, lo: UNTIL })
            .told("status_over_no_nonce_outlives_its_attester"),
        Story::of(&home)
            .takes("time", home.status(T + 60).deed())
            .takes("time", over.within(NONCE))
            .takes("unchanged", home.status(T + 60).deed())
            .told("status_over_a_nonce_that_is_not_above_the_floor"),
        Story::of(&home).takes("time", within(plain)).told("status_over_no_nonce_in_a_session"),
    ]
}

fn times() -> Vec<Case> {
    let home = Home::first();
    vec![
        Story::of(&home)
            .takes("time", home.status(T + 600).deed())
            .takes("unchanged", home.status(T + 60).deed())
            .takes("unchanged", home.status(T + 600).deed())
            .takes("time", home.status(UNTIL - 1).deed())
            .told("time_never_falls_within_an_epoch"),
        Story::of(&home)
            .takes("time", StatusOf { keyset: 9, list: (8, 7), ..home.status(T) }.deed())
            .takes("keyset", home.keyset(2).deed())
            .takes("list", home.list(1, 1).deed())
            .told("status_that_names_what_is_ahead_moves_nothing"),
    ]
}

fn malformed() -> Vec<Case> {
    let home = Home::first();
    let good = home.status(T).bytes();
    let edited = |at: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[at] = byte;
        bytes
    };
    [
        ("status_cut_short", cut(good.clone()), DecodeError::Truncated),
        ("status_too_long", longer(good.clone()), DecodeError::TrailingBytes(1)),
        ("status_of_garbage", vec![0; 84], DecodeError::WrongVersion(0)),
        ("status_of_another_kind", edited(1, 11), DecodeError::WrongKind(11)),
        ("status_with_a_flag_of_2", edited(19, 2), DecodeError::OutOfRange(Part::Tag)),
        (
            "status_whose_list_is_ahead_of_its_keyset",
            edited(12, 2),
            DecodeError::OutOfRange(Part::ListKeyset),
        ),
    ]
    .map(|(name, bytes, error)| {
        let deed = |bytes| Deed::Status { bytes, nonce: None, lo: 0 };
        let broken = (deed(bytes), Refusal::Malformed(error));
        Story::of(&home).breaks(name, broken, (deed(good.clone()), "time"))
    })
    .to_vec()
}
