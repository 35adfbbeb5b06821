//! Claims, and what a lock that nobody owns takes (SPEC.md section 18).

use keyward::{
    DecodeError, Refusal, Roles, SignatureFault,
    id::{ClaimNonce, Epoch, KeysetVersion},
    lock::Identity,
    role,
};

use super::{
    CardOf, Case, ClaimOf, DEVICE, Deed, Home, ISSUE, NONCE, OTHER_LIFE, STRANGER, Story, T, cut,
    forged, id_of, identity, longer, public,
};
use crate::scene::key;

const MISMATCH: Refusal = Refusal::ClaimSignature(SignatureFault::Mismatch);
const TRUNCATED: Refusal = Refusal::Malformed(DecodeError::Truncated);

const REBORN: u8 = 11;

/// Another life of the lock, in which all is drawn anew.
fn reborn() -> Identity {
    let device = key::<role::Device>(REBORN).public();
    Identity { device, nonce: ClaimNonce(*b"the-next-life..."), ..identity() }
}

fn boxless() -> Identity {
    Identity { claim_key: None, ..identity() }
}

/// A lock of this identity refuses this claim, and takes that one.
fn claim(
    name: &'static str,
    lock: Identity,
    (deed, refusal): (Deed, Refusal),
    mended: Deed,
) -> Case {
    let story = Story { identity: lock, steps: Vec::new() };
    story.breaks(name, (deed, refusal), (mended, "claim"))
}

pub(super) fn cases() -> Vec<Case> {
    [words(), twice(), parts(), contents(), lives(), unclaimed()].concat()
}

/// What is wrong twice.
fn twice() -> Vec<Case> {
    let home = Home::first();
    let stray = CardOf { life: OTHER_LIFE, device: public(STRANGER), ..home.card(1, 1) };
    let mine = home.claim();
    let strays = ClaimOf { card: stray.bytes(), ..mine.clone() };
    vec![claim(
        "claim_of_another_life_and_device",
        identity(),
        (strays.deed(), Refusal::OtherLife),
        mine.deed(),
    )]
}

/// Who says so.
fn words() -> Vec<Case> {
    let home = Home::first();
    let (mine, good) = (home.claim(), home.claim().deed());
    let by_contact = ClaimOf { signer: None, contact: true, ..mine.clone() };
    let touched = by_contact.deed();
    let other_card = mine.clone().with(|claim| claim.card = home.card(1, 2).bytes());
    let later = home.next();
    let other_domain =
        ClaimOf { domain: Home::with(|home| home.issued_at += 1).domain, ..mine.clone() };
    let other = Identity { device: key::<role::Device>(STRANGER).public(), ..identity() };
    vec![
        claim(
            "claim_without_the_claim_key",
            identity(),
            (ClaimOf { signer: None, ..mine.clone() }.deed(), Refusal::ClaimUnsigned),
            good.clone(),
        ),
        claim(
            "claim_by_contact_where_there_is_a_claim_key",
            identity(),
            (touched.clone(), Refusal::ClaimUnsigned),
            good.clone(),
        ),
        claim(
            "claim_by_another_key",
            identity(),
            (ClaimOf { signer: Some(STRANGER), ..mine.clone() }.deed(), MISMATCH),
            good.clone(),
        ),
        claim(
            "claim_signed_for_another_card",
            identity(),
            (mine.over(other_card.bytes(identity()).unwrap()), MISMATCH),
            good.clone(),
        ),
        claim(
            "claim_signed_for_another_epoch",
            identity(),
            (mine.over(later.claim().bytes(identity()).unwrap()), MISMATCH),
            good.clone(),
        ),
        claim(
            "claim_signed_for_another_lock",
            identity(),
            (mine.over(mine.bytes(other).unwrap()), MISMATCH),
            good.clone(),
        ),
        claim(
            "claim_whose_domain_was_changed",
            identity(),
            (
                mine.over({
                    let mut bytes = mine.bytes(identity()).unwrap();
                    bytes[2..34].copy_from_slice(&other_domain.domain.0);
                    bytes
                }),
                MISMATCH,
            ),
            good.clone(),
        ),
        claim(
            "claim_signed_where_there_is_no_claim_key",
            boxless(),
            (ClaimOf { contact: true, ..mine.clone() }.deed(), MISMATCH),
            touched.clone(),
        ),
        claim(
            "claim_without_contact",
            boxless(),
            (ClaimOf { contact: false, ..by_contact.clone() }.deed(), Refusal::NotInContact),
            touched.clone(),
        ),
        claim(
            "claim_of_a_later_epoch_without_contact",
            boxless(),
            (
                ClaimOf { signer: None, contact: false, ..later.claim() }.deed(),
                Refusal::NotInContact,
            ),
            touched,
        ),
        claim(
            "claim_for_no_domain",
            identity(),
            (
                ClaimOf { domain: keyward::id::DomainId([0; 32]), ..mine.clone() }.deed(),
                Refusal::OtherDomain,
            ),
            good.clone(),
        ),
        claim(
            "claim_for_a_domain_by_another_ones_first_epoch",
            identity(),
            (other_domain.deed(), Refusal::OtherDomain),
            good,
        ),
    ]
}

/// Each part of a claim, cut short.
fn parts() -> Vec<Case> {
    let home = Home::first();
    let mine = ClaimOf { list: Some(home.list(1, 1).bytes()), ..home.claim() };
    let word = mine.bytes(identity()).unwrap();
    let change = |change: fn(&mut ClaimOf)| mine.clone().with(change).over(word.clone());
    [
        ("claim_cut_short", mine.over(cut(word.clone())), TRUNCATED),
        (
            "claim_of_garbage",
            mine.over(vec![0x3c; 98]),
            Refusal::Malformed(DecodeError::WrongVersion(0x3c)),
        ),
        (
            "claim_too_long",
            mine.over(longer(word.clone())),
            Refusal::Malformed(DecodeError::OverLimit(keyward::wire::Part::Object)),
        ),
        (
            "claim_with_its_epoch_cut_short",
            change(|claim| claim.epoch = cut(claim.epoch.clone())),
            TRUNCATED,
        ),
        (
            "claim_with_its_keyset_cut_short",
            change(|claim| claim.keyset = cut(claim.keyset.clone())),
            TRUNCATED,
        ),
        (
            "claim_with_its_card_cut_short",
            change(|claim| claim.card = cut(claim.card.clone())),
            TRUNCATED,
        ),
        (
            "claim_with_its_list_cut_short",
            change(|claim| claim.list = claim.list.clone().map(cut)),
            TRUNCATED,
        ),
        (
            "claim_with_keyset_and_epoch_exchanged",
            change(|claim| std::mem::swap(&mut claim.epoch, &mut claim.keyset)),
            Refusal::Malformed(DecodeError::WrongKind(10)),
        ),
    ]
    .map(|(name, deed, refusal)| claim(name, identity(), (deed, refusal), mine.deed()))
    .to_vec()
}

/// What comes with a claim is judged as it is later.
fn contents() -> Vec<Case> {
    let home = Home::first();
    let mine = ClaimOf { list: Some(home.list(1, 1).bytes()), ..home.claim() };
    let change = |change: &dyn Fn(&mut ClaimOf)| {
        let mut claim = mine.clone();
        change(&mut claim);
        claim.deed()
    };
    let card = |change: fn(&mut super::CardOf)| {
        let mut card = home.card(1, 1);
        change(&mut card);
        ClaimOf { card: card.bytes(), ..mine.clone() }.deed()
    };
    let list = |list: super::StatusOf| ClaimOf { list: Some(list.bytes()), ..mine.clone() }.deed();
    let reused = Home::with(|home| home.next = home.cold.clone());
    let in_two = home.keyset(1).and(public(120), Roles::ISSUE).bytes();
    let device_too = home.keyset(1).and(public(DEVICE), Roles::ISSUE).bytes();
    let ahead = |got| Refusal::KeysetAhead { held: KeysetVersion(1), got: KeysetVersion(got) };
    let other = |got| Refusal::OtherEpoch { held: Epoch(0), got: Epoch(got) };
    let mut cases = [
        (
            "claim_with_a_card_of_another_lock",
            card(|card| card.device = public(STRANGER)),
            Refusal::OtherDevice,
        ),
        (
            "claim_with_a_card_of_another_life",
            card(|card| card.life = OTHER_LIFE),
            Refusal::OtherLife,
        ),
        (
            "claim_with_a_card_that_demands_seals",
            card(|card| card.sealing = Some((5, true))),
            Refusal::OtherSealing,
        ),
        (
            "claim_with_a_card_by_no_enroller",
            card(|card| (card.by, card.signer) = (ISSUE, ISSUE)),
            Refusal::WrongRole(id_of(ISSUE)),
        ),
        ("claim_with_a_card_that_is_not_signed", card(|card| card.signer = STRANGER), forged(0)),
        ("claim_with_a_keyset_behind_the_card", card(|card| card.order = (2, 1)), ahead(2)),
        ("claim_with_a_card_of_another_epoch", card(|card| card.scope.epoch = Epoch(1)), other(1)),
        (
            "claim_with_an_epoch_that_commits_to_itself",
            reused.claim().deed(),
            Refusal::ColdKeysReused,
        ),
        (
            "claim_with_an_epoch_of_one_signature",
            change(&|claim| claim.epoch = home.epoch_by(&[home.cold.signer(60)])),
            Refusal::SignatureCount { needed: 2, got: 1 },
        ),
        (
            "claim_with_a_keyset_of_another_epoch",
            change(&|claim| claim.keyset = home.next().keyset(1).bytes()),
            other(1),
        ),
        (
            "claim_with_a_keyset_of_one_signature",
            change(&|claim| claim.keyset = home.keyset(1).by(&[home.roots.signer(120)])),
            Refusal::SignatureCount { needed: 2, got: 1 },
        ),
        (
            "claim_with_a_root_as_issuer",
            change(&|claim| claim.keyset = in_two.clone()),
            Refusal::KeyInTwoClasses,
        ),
        (
            "claim_with_the_device_key_as_issuer",
            change(&|claim| claim.keyset = device_too.clone()),
            Refusal::KeyInTwoClasses,
        ),
        (
            "claim_with_a_status_for_a_list",
            change(&|claim| claim.list = Some(home.status(T).bytes())),
            Refusal::NotAList,
        ),
        (
            "claim_with_a_status_of_another_epoch_for_a_list",
            change(&|claim| claim.list = Some(home.next().status(T).bytes())),
            Refusal::NotAList,
        ),
        (
            "claim_with_a_list_over_a_nonce",
            list(super::StatusOf { nonce: Some(NONCE), ..home.list(1, 1) }),
            forged(0),
        ),
        ("claim_with_a_list_of_a_keyset_ahead", list(home.list(2, 1)), ahead(2)),
        ("claim_with_a_list_of_another_epoch", list(home.next().list(1, 1)), other(1)),
    ]
    .map(|(name, deed, refusal)| claim(name, identity(), (deed, refusal), mine.deed()))
    .to_vec();
    let later = home.next();
    let elsewhere = Home { domain: Home::with(|home| home.issued_at += 1).domain, ..home.next() };
    let epoch = elsewhere.epoch();
    cases.push(claim(
        "claim_with_a_later_epoch_signed_for_another_domain",
        identity(),
        (ClaimOf { epoch, ..later.claim() }.deed(), forged(0)),
        later.claim().deed(),
    ));
    cases
}

/// One life after the other.
fn lives() -> Vec<Case> {
    let home = Home::first();
    let claim = home.claim().deed();
    let fresh = |lock: Identity| {
        let mut card = home.card(1, 1);
        (card.device, card.life) = (*lock.device.as_bytes(), lock.nonce.0);
        let claim = ClaimOf { card: card.bytes(), ..home.claim() };
        claim.over(claim.bytes(lock).unwrap())
    };
    let device = key::<role::Device>(STRANGER).public();
    let next = Identity { device, nonce: ClaimNonce(OTHER_LIFE), ..identity() };
    let released = Story::of(&home).takes("release", Deed::Release(next));
    let malformed = home.claim().over(Vec::new());
    vec![
        Story::of(&home).refuses(Refusal::AlreadyClaimed, fresh(reborn())).beside(
            "second_claim",
            {
                Story::of(&home)
                    .takes("release", Deed::Release(reborn()))
                    .takes("claim", fresh(reborn()))
            },
        ),
        Story::of(&home)
            .refuses(Refusal::AlreadyClaimed, malformed)
            .takes("release", Deed::Release(next))
            .takes("claim", fresh(next))
            .told("claimed_comes_before_malformed"),
        released.clone().breaks(
            "claim_of_the_life_before",
            (claim.clone(), Refusal::OtherLife),
            (fresh(next), "claim"),
        ),
        released
            .refuses(Refusal::Unclaimed, home.keyset(2).deed())
            .takes("claim", fresh(next))
            .takes("keyset", home.keyset(2).deed())
            .told("released_lock_takes_nothing_before_its_claim"),
        Story::unclaimed()
            .takes("claim", home.next().claim().deed())
            .takes("epoch", home.next().next().move_in())
            .told("claimed_at_a_later_epoch"),
        Story::unclaimed()
            .takes("claim", ClaimOf { list: Some(home.list(1, 4).bytes()), ..home.claim() }.deed())
            .refuses(Refusal::Older, home.list(1, 3).deed())
            .takes("unchanged", home.list(1, 4).deed())
            .takes("list", home.list(1, 5).deed())
            .told("list_given_at_the_claim"),
        Story::unclaimed()
            .takes("claim", {
                let keyset = home.keyset(7).bytes();
                ClaimOf { keyset, ..home.claim() }.deed()
            })
            .takes("card", home.card(7, 1).deed())
            .told("claimed_under_a_keyset_that_is_ahead_of_the_card"),
    ]
}

/// Statements to a lock that nobody owns.
fn unclaimed() -> Vec<Case> {
    let home = Home::first();
    [
        ("unclaimed_and_an_epoch", home.next().move_in(), "epoch"),
        ("unclaimed_and_a_keyset", home.keyset(2).deed(), "keyset"),
        ("unclaimed_and_a_card", home.card(1, 2).deed(), "card"),
        ("unclaimed_and_a_list", home.list(1, 1).deed(), "list"),
        ("unclaimed_and_a_status", home.status(T).deed(), "time"),
    ]
    .into_iter()
    .map(|(name, deed, what)| {
        let mended = Story::of(&home).takes(what, deed.clone());
        Story::unclaimed().refuses(Refusal::Unclaimed, deed).beside(name, mended)
    })
    .chain([Story::unclaimed()
        .refuses(Refusal::Unclaimed, Deed::Keyset(Vec::new()))
        .takes("claim", home.claim().deed())
        .told("unclaimed_comes_before_malformed")])
    .collect()
}
