//! Epochs: walked one by one, each named by the one before (SPEC.md section 17.4).

use keyward::{DecodeError, Refusal, Roles, id::Epoch, wire::Part};

use super::{
    Case, Clerk, Deed, EMERGENCY, Home, ISSUE, Keys, STRANGER, Story, T, cut, flipped, forged,
    longer, negation, public,
};

pub(super) fn cases() -> Vec<Case> {
    [order(), signatures(), walks(), classes(), malformed(), after()].concat()
}

fn other(held: u64, got: u64) -> Refusal {
    Refusal::OtherEpoch { held: Epoch(held), got: Epoch(got) }
}

/// Of the last of these epochs, with its first keyset.
fn walk(homes: &[&Home]) -> Deed {
    let epochs = homes.iter().map(|home| home.epoch()).collect();
    Deed::Epochs { epochs, keyset: homes.last().unwrap().keyset(1).bytes() }
}

/// An epoch by these bytes, with the first keyset of the next.
fn only(home: &Home, epoch: Vec<u8>) -> Deed {
    Deed::Epochs { epochs: vec![epoch], keyset: home.keyset(1).bytes() }
}

fn order() -> Vec<Case> {
    let first = Home::first();
    let second = first.next();
    let third = second.next();
    let good = || (second.move_in(), "epoch");
    let fork = Home { issued_at: T + 9, ..first.clone() };
    let stranger = Home { cold: Keys::of(1, &[STRANGER]), ..first.clone() };
    let with_fork = |epoch| (only(&second, epoch), Refusal::Fork);
    vec![
        Story::of(&first).takes("epoch", second.move_in()).breaks(
            "epoch_rolled_back",
            (first.move_in(), Refusal::Older),
            (third.move_in(), "epoch"),
        ),
        Story::of(&first).breaks(
            "epoch_skipped",
            (third.move_in(), Refusal::EpochSkipped { held: Epoch(0), got: Epoch(2) }),
            (walk(&[&second, &third]), "epoch"),
        ),
        Story::of(&first).breaks(
            "epochs_in_the_wrong_order",
            (walk(&[&third, &second]), Refusal::EpochSkipped { held: Epoch(0), got: Epoch(2) }),
            (walk(&[&second, &third]), "epoch"),
        ),
        Story::of(&first).breaks("epoch_forked", with_fork(fork.epoch()), good()),
        Story::of(&first).takes("epoch", second.move_in()).breaks(
            "epoch_forked_after_a_walk",
            with_fork(Home { issued_at: T + 9, ..second.clone() }.epoch()),
            (third.move_in(), "epoch"),
        ),
        Story::of(&first).takes("epoch", walk(&[&second, &third])).breaks(
            "epoch_rolled_back_by_two",
            (first.move_in(), Refusal::Older),
            (third.next().move_in(), "epoch"),
        ),
        Story::of(&first).breaks(
            "epoch_forked_and_not_signed",
            (only(&second, flipped(fork.epoch())), forged(1)),
            good(),
        ),
        Story::of(&first).breaks(
            "epoch_of_the_held_number_by_other_cold_keys",
            (only(&second, stranger.epoch()), Refusal::NotCommitted),
            good(),
        ),
        Story::of(&first)
            .takes("unchanged", first.move_in())
            .takes(
                "keyset",
                Deed::Epochs { epochs: vec![first.epoch()], keyset: first.keyset(2).bytes() },
            )
            .takes("epoch", walk(&[&first, &second]))
            .told("held_epoch_is_no_news"),
    ]
}

fn signatures() -> Vec<Case> {
    let first = Home::first();
    let second = first.next();
    let good = || (second.move_in(), "epoch");
    let broken = |name, epoch: Vec<u8>, refusal| {
        Story::of(&first).breaks(name, (only(&second, epoch), refusal), good())
    };
    let (low, high) = (second.cold.signer(62), second.cold.signer(63));
    let elsewhere =
        Home { domain: Home::with(|home| home.issued_at += 1).domain, ..second.clone() };
    let stolen = Home { cold: Keys::of(2, &[STRANGER, STRANGER + 1]), ..second.clone() };
    let lower = Home { cold: Keys::of(1, &[62, 63]), ..second.clone() };
    let reused = Home { next: second.cold.clone(), ..second.clone() };
    let third = second.next();
    let of_the_first = Home { cold: first.cold.clone(), ..second.clone() };
    // Two of three.
    let three = Home::with(|home| {
        home.cold = Keys::of(2, &[20, 21, 22]);
        home.next = Keys::of(2, &[23, 24, 25]);
    });
    let after_three = Home { next: Keys::of(2, &[26, 27]), ..three.next() };
    let by = |numbers: &[u8]| {
        let signers: Vec<_> =
            numbers.iter().map(|number| after_three.cold.signer(*number)).collect();
        only(&after_three, after_three.epoch_by(&signers))
    };
    vec![
        broken(
            "epoch_by_one_cold_key_of_two",
            second.epoch_by(&[low]),
            Refusal::SignatureCount { needed: 2, got: 1 },
        ),
        broken(
            "epoch_that_nobody_signed",
            second.epoch_by(&[]),
            Refusal::SignatureCount { needed: 2, got: 0 },
        ),
        Story::of(&three).breaks(
            "epoch_with_a_signature_too_many",
            (by(&[23, 24, 25]), Refusal::SignatureCount { needed: 2, got: 3 }),
            (by(&[23, 25]), "epoch"),
        ),
        broken(
            "epoch_by_a_key_at_no_place",
            second.epoch_by(&[low.min(high), (3, STRANGER)]),
            Refusal::UnknownSigner(3),
        ),
        broken(
            "epoch_by_one_cold_key_at_two_places",
            second.epoch_by(&[(0, low.min(high).1), (1, low.min(high).1)]),
            forged(1),
        ),
        broken("epoch_with_a_flipped_signature", flipped(second.epoch()), forged(1)),
        broken("epoch_signed_for_another_domain", elsewhere.epoch(), forged(0)),
        broken("epoch_by_other_cold_keys", stolen.epoch(), Refusal::NotCommitted),
        broken("epoch_by_a_lower_threshold", lower.epoch(), Refusal::NotCommitted),
        broken("epoch_by_the_cold_keys_before", of_the_first.epoch(), Refusal::NotCommitted),
        broken("epoch_that_commits_to_its_own_keys", reused.epoch(), Refusal::ColdKeysReused),
        broken(
            "epoch_by_the_roots",
            {
                let signers = [(0, 120), (1, 121)];
                second.epoch_by(&signers)
            },
            forged(0),
        ),
        Story::of(&first).breaks(
            "keyset_of_the_new_epoch_by_the_roots_of_the_old",
            (
                Deed::Epochs {
                    epochs: vec![second.epoch()],
                    keyset: {
                        let old = [first.roots.signer(120), first.roots.signer(121)];
                        second.keyset(1).by(&old)
                    },
                },
                forged(0),
            ),
            good(),
        ),
        Story::of(&first).breaks(
            "walk_broken_in_the_middle",
            (
                Deed::Epochs {
                    epochs: vec![second.epoch_by(&[low]), third.epoch()],
                    keyset: third.keyset(1).bytes(),
                },
                Refusal::SignatureCount { needed: 2, got: 1 },
            ),
            (walk(&[&second, &third]), "epoch"),
        ),
        Story::of(&three)
            .takes("epoch", by(&[23, 24]))
            .takes("unchanged", by(&[24, 25]))
            .told("epoch_by_other_signers_is_the_same"),
    ]
}

fn walks() -> Vec<Case> {
    let mut homes = vec![Home::first()];
    for _ in 0..17 {
        homes.push(homes.last().unwrap().next());
    }
    let all: Vec<_> = homes.iter().collect();
    let first = &homes[0];
    let second = &homes[1];
    let none = Deed::Epochs { epochs: vec![second.epoch()], keyset: Vec::new() };
    let of_the_first =
        Deed::Epochs { epochs: vec![second.epoch()], keyset: first.keyset(2).bytes() };
    vec![
        Story::of(first).breaks(
            "seventeen_epochs",
            (walk(&all[1..]), Refusal::TooManyEpochs),
            (walk(&all[1..17]), "epoch"),
        ),
        Story::of(first)
            .takes("epoch", walk(&all[..17]))
            .told("the_held_epoch_before_sixteen_others_counts_for_nothing"),
        Story::of(first).breaks(
            "a_seventeenth_epoch_that_nobody_committed_to",
            (
                Deed::Epochs {
                    epochs: all[1..17]
                        .iter()
                        .map(|home| home.epoch())
                        .chain([
                            Home { cold: Keys::of(1, &[STRANGER]), ..homes[17].clone() }.epoch()
                        ])
                        .collect(),
                    keyset: homes[17].keyset(1).bytes(),
                },
                Refusal::TooManyEpochs,
            ),
            (walk(&all[1..17]), "epoch"),
        ),
        Story::of(first).breaks(
            "a_skipped_epoch_before_one_that_is_garbage",
            (
                Deed::Epochs { epochs: vec![homes[2].epoch(), vec![0]], keyset: Vec::new() },
                Refusal::EpochSkipped { held: Epoch(0), got: Epoch(2) },
            ),
            (walk(&all[1..3]), "epoch"),
        ),
        Story::of(first).breaks(
            "epoch_without_its_keyset",
            (none, Refusal::Malformed(DecodeError::Truncated)),
            (second.move_in(), "epoch"),
        ),
        Story::of(first).breaks(
            "epoch_with_the_keyset_of_the_one_before",
            (of_the_first, other(1, 0)),
            (second.move_in(), "epoch"),
        ),
        Story::of(first).breaks(
            "keyset_of_the_next_epoch_alone",
            (second.keyset(1).deed(), other(0, 1)),
            (second.move_in(), "epoch"),
        ),
    ]
}

/// One key of two classes, as it shows when the keyset comes.
fn classes() -> Vec<Case> {
    let with = |name, refusal, change: fn(&mut Home), keys: &[([u8; 32], Roles)]| {
        let first = Home::first();
        let good = first.next();
        let mut home = good.clone();
        change(&mut home);
        let mut keyset = home.keyset(1);
        keyset.clerks.extend(keys.iter().map(|(key, roles)| Clerk::new(*key, *roles)));
        let deed = Deed::Epochs { epochs: vec![home.epoch()], keyset: keyset.bytes() };
        Story::of(&first).breaks(name, (deed, refusal), (good.move_in(), "epoch"))
    };
    let two = Refusal::KeyInTwoClasses;
    vec![
        with("root_is_cold", two, |home| home.roots = home.cold.clone(), &[]),
        with("root_is_emergency", two, |home| home.roots = Keys::of(1, &[EMERGENCY]), &[]),
        with("cold_is_emergency", two, |home| home.emergency = Some(62), &[]),
        with("cold_is_issuer", two, |_| {}, &[(public(62), Roles::ISSUE)]),
        with("root_is_issuer", two, |_| {}, &[(public(122), Roles::ISSUE)]),
        with("emergency_is_issuer", two, |home| home.emergency = Some(ISSUE), &[]),
        with(
            "emergency_has_the_key_id_of_an_issuer",
            Refusal::EqualKeyIds,
            |_| {},
            &[(negation(EMERGENCY), Roles::ISSUE)],
        ),
    ]
}

fn malformed() -> Vec<Case> {
    let first = Home::first();
    let second = first.next();
    let edited = |at: usize, byte: u8| {
        let mut bytes = second.epoch();
        bytes[at] = byte;
        bytes
    };
    let twice = second.epoch_by(&[(0, 62), (0, 63)]);
    [
        ("epoch_cut_short", cut(second.epoch()), DecodeError::Truncated),
        ("epoch_too_long", longer(second.epoch()), DecodeError::TrailingBytes(1)),
        ("epoch_of_garbage", vec![0xa5; 300], DecodeError::WrongVersion(0xa5)),
        ("epoch_of_nothing", Vec::new(), DecodeError::Truncated),
        ("epoch_of_another_kind", edited(1, 10), DecodeError::WrongKind(10)),
        // Behind version, kind, number and a time of five bytes.
        ("threshold_of_none", edited(8, 0), DecodeError::OutOfRange(Part::Threshold)),
        ("threshold_above_the_keys", edited(8, 3), DecodeError::OutOfRange(Part::Threshold)),
        ("signer_counted_twice", twice, DecodeError::Doubled(Part::Signatures)),
        (
            "signer_beyond_four",
            second.epoch_by(&[second.cold.signer(62), (4, 63)]),
            DecodeError::OutOfRange(Part::Signer),
        ),
    ]
    .map(|(name, epoch, error)| {
        let broken = (only(&second, epoch), Refusal::Malformed(error));
        Story::of(&first).breaks(name, broken, (second.move_in(), "epoch"))
    })
    .to_vec()
}

/// What an epoch leaves behind.
fn after() -> Vec<Case> {
    let first = Home::first();
    let second = Home { issued_at: T - 1_000, ..first.next() };
    let moved = || Story::of(&first).takes("epoch", second.move_in());
    let old = other(1, 0);
    vec![
        moved().breaks(
            "keyset_of_the_epoch_before",
            (first.keyset(9).deed(), old),
            (second.keyset(9).deed(), "keyset"),
        ),
        moved().breaks(
            "card_of_the_epoch_before",
            (first.card(1, 9).deed(), old),
            (second.card(1, 9).deed(), "card"),
        ),
        moved().breaks(
            "list_of_the_epoch_before",
            (first.list(1, 9).deed(), old),
            (second.list(1, 9).deed(), "list"),
        ),
        moved().breaks(
            "status_of_the_epoch_before",
            (first.status(T).deed(), old),
            (second.status(T).deed(), "time"),
        ),
        Story::of(&first)
            .takes("time", first.status(T + 5_000).deed())
            .takes("epoch", second.move_in())
            .takes("time", second.status(T - 500).deed())
            .told("time_falls_with_an_epoch"),
        Story::of(&first)
            .takes("list", first.list(1, u64::MAX).deed())
            .takes("card", first.card(1, u64::MAX).deed())
            .takes("epoch", second.move_in())
            .takes("list", second.list(1, 1).deed())
            .takes("card", second.card(1, 1).deed())
            .told("clean_slate"),
    ]
}
