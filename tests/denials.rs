//! Every denial of a request: one rule broken, the exact variant asserted, and the same scene
//! accepted before the rule was broken. The scenes are the testkit's catalogue, of which the
//! vectors are made too.

use keyward::{Channel, DecodeError, Denial, SignatureFault, Time, denial::Place, status::Revoked};
use keyward_testkit::{
    bound,
    catalogue::{self, Case},
    edges, model, musts, order,
    scene::{Attested, EMERGENCY, ISSUER, Link, Mode, Scene, issuer_id},
    world::START,
};

const T: u64 = START.0;

fn case(name: &str) -> Case {
    catalogue::cases().into_iter().find(|case| case.name == name).expect("a case of this name")
}

macro_rules! denials {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            let case = case(stringify!($name));
            drop(case.mended.verdict().expect("accepted before the rule is broken"));
            assert_eq!(case.broken.verdict().expect_err("denied"), case.denial);
        })*

        const NAMES: &[&str] = &[$(stringify!($name)),*];
    };
}

denials! {
    unknown_issuer
    issuer_without_the_role
    issuer_with_unknown_limits
    issuer_with_limits_that_count
    issuer_not_yet_valid
    issuer_expired
    issuer_limited_to_other_rights
    no_challenge
    challenge_of_thirty_seconds_and_a_bit
    unchallenged_where_the_card_refuses
    unchallenged_for_another_right
    unchallenged_with_a_witness
    unchallenged_with_a_status_over_a_nonce
    unchallenged_from_the_future
    unchallenged_without_an_upper_bound
    unchallenged_beyond_the_horizon
    unchallenged_and_expired
    counter_seen
    counter_behind_the_window
    counter_reserved
    clear_where_the_card_demands_a_seal
    emergency_token_that_may_be_passed_on
    emergency_token_passed_on
    emergency_for_another_right
    emergency_unchallenged
    emergency_that_counts
    emergency_proven_expired
    emergency_where_none_is_provided_for
    status_of_another_epoch
    status_of_an_unknown_issuer
    status_of_one_who_does_not_attest
    status_of_an_issuer_with_unknown_limits
    status_missing
    status_too_old
    status_self_attested
    status_naming_a_newer_keyset
    status_naming_a_newer_list
    status_before_its_signer_was_valid
    status_after_its_signer_was_valid
    serial_below_the_floor
    link_in_the_middle_revoked
    grantee_in_the_middle_revoked
    holder_revoked
    witness_revoked
    right_not_granted
    right_dropped_on_the_way
    right_written_in_below
    other_lock
    other_group
    group_that_the_lock_left
    other_lock_by_a_later_link
    too_early
    too_late
    perhaps_too_late
    no_upper_bound
    validity_narrowed_below
    outside_the_schedule
    excepted_date
    no_table_of_offsets
    past_the_end_of_the_table
    before_the_table
    schedule_with_a_day_of_doubt
    uses_spent
    uses_of_a_later_link_spent
    first_use_too_late
    first_use_over
    channel_refused
    ranged_demanded_and_radio_asserted
    unchallenged_counts_as_remote
    witness_missing
    second_witness_missing
    witness_that_no_caveat_names
    grantee_as_its_own_witness
    app_without_checker
    app_with_unknown_tag
    app_refused
}

#[test]
fn every_case_of_the_catalogue_is_a_test_here() {
    let cases: Vec<_> = catalogue::cases().iter().map(|case| case.name).collect();
    assert_eq!(cases, NAMES);
}

/// The verifier and the naive model say this.
fn agreed(name: &str, scene: &Scene, verdict: Result<(), u16>) {
    let judged = scene.verdict().map(drop).map_err(|denial| denial.code());
    assert_eq!(judged, verdict, "{name}");
    // The model knows no limits of issuers.
    if scene.entries.iter().all(|entry| entry.limits.is_empty()) {
        assert_eq!(model::judge(scene), verdict, "{name}, by the model");
    }
}

#[test]
fn of_two_broken_rules_the_earlier_denies() {
    for case in order::cases() {
        let name = case.name;
        agreed(name, &case.both, Err(case.codes[0]));
        agreed(&format!("{name}, without the second"), &case.first, Err(case.codes[0]));
        agreed(&format!("{name}, without the first"), &case.second, Err(case.codes[1]));
        agreed(&format!("{name}, mended"), &case.mended, Ok(()));
    }
}

#[test]
fn scenes_on_the_edge_of_a_rule() {
    for edge in edges::cases().into_iter().chain(musts::cases()) {
        let name = edge.name;
        agreed(name, &edge.scene, edge.verdict);
        assert_eq!(edge.mended.is_some(), edge.verdict.is_err(), "{name}");
        if let Some(mended) = edge.mended {
            agreed(&format!("{name}, mended"), &mended, Ok(()));
        }
    }
}

#[test]
fn every_denial_is_named_by_a_case_or_a_test_below() {
    let mut named: Vec<u16> = catalogue::cases().iter().map(|case| case.denial.code()).collect();
    // Malformed, the four signatures and the revoked link below; the table in tests/lock.rs, an
    // unclaimed lock and a release in tests/life.rs, state and store in tests/restart.rs, what isn't
    // opened in tests/sealed_door.rs.
    named.extend([
        100, 190, 191, 192, 193, 194, 195, 215, 300, 301, 302, 303, 401, 500, 501, 502, 503, 504,
        505, 506, 507,
    ]);
    for (code, name) in Denial::ALL {
        assert!(named.contains(code), "{code} {name}");
    }
}

fn one() -> Scene {
    Scene::default()
}

fn three() -> Scene {
    Scene::with(|scene| scene.links = vec![Link::grant(2), Link::plain(1), Link::plain(0)])
}

fn emergency() -> Scene {
    Scene::with(|scene| scene.issuer = EMERGENCY)
}

#[test]
fn revoking_a_link_kills_it_and_all_below_and_nothing_else() {
    let scene = three();
    for (index, id) in (0..).zip(scene.link_ids()) {
        let mut revoked = scene.clone();
        revoked.revoked = vec![Revoked::from(id)];
        assert_eq!(revoked.verdict().unwrap_err(), Denial::LinkRevoked(index));
        // The chain above the revoked link still opens for its own holder.
        revoked.links.truncate(index.into());
        if index > 0 {
            drop(revoked.verdict().expect("the links above"));
        }
    }
}

#[test]
fn a_signature_by_another_key_is_named_by_its_place() {
    let scene = Scene::full();
    let bytes = scene.presentation();
    drop(scene.judge(&bytes).expect("accepted as it was made"));
    let wrong = SignatureFault::Mismatch;
    // Each signature's S, found from the ends of the parts that SPEC.md section 12 lays out.
    let holder = bytes.len() - 1 - 20;
    let link = |back: usize| bytes.len() - 64 - 1 - 20 - back;
    let later = 32 + 1 + 9 + 64;
    let witness = 2 + 1 + 16 + 1 + 1 + 1 + 32 + 16 + 64 - 20;
    let status = witness + 20 + 1 + (8 + 1 + 1 + 2 + 5 + 1 + 1) + 64 - 20;
    for (place, at, denial) in [
        ("holder", holder, Denial::HolderSignature(wrong)),
        ("link 2", link(0), link_fault(2)),
        ("link 1", link(later), link_fault(1)),
        ("link 0", link(2 * later), link_fault(0)),
        ("witness", witness, Denial::WitnessSignature { witness: 0, fault: wrong }),
        ("status", status, Denial::StatusSignature(wrong)),
    ] {
        let mut bytes = bytes.clone();
        bytes[at] ^= 1;
        assert_eq!(scene.judge(&bytes).unwrap_err(), denial, "{place}");
    }
}

#[test]
fn signatures_are_checked_in_their_order() {
    let scene = Scene::full();
    let ends = bound::signature_ends(&scene);
    for two in ends.windows(2) {
        let mut bytes = scene.presentation();
        two.iter().for_each(|(_, end, _)| bytes[end - 20] ^= 1);
        let (name, _, code) = two[0];
        assert_eq!(scene.judge(&bytes).unwrap_err().code(), code, "{name}");
    }
    for (name, scene, bytes, code) in bound::around_signatures() {
        assert_eq!(scene.judge(&bytes).unwrap_err().code(), code, "{name}");
    }
}

#[test]
fn a_signature_for_something_else_is_named() {
    for case in bound::cases() {
        drop(case.scene.verdict().expect(case.name));
        let denial = case.scene.judge(&case.bytes).expect_err(case.name);
        assert_eq!(denial.code(), case.code, "{}", case.name);
    }
}

fn link_fault(link: u8) -> Denial {
    let fault = SignatureFault::Mismatch;
    Denial::LinkSignature(keyward::token::LinkFault { link, fault })
}

#[test]
fn malformed_bytes_are_named() {
    let denial = one().judge(&[]).unwrap_err();
    assert_eq!(denial, Denial::Malformed(DecodeError::Truncated));
}

#[test]
fn a_key_that_is_no_point_of_the_curve_is_named() {
    // y = 2 has no x on the curve; the key decodes, since its bytes are canonical.
    let mut bytes = one().presentation();
    let grantee = bytes.len() - 64 - 64 - (32 + 1 + 1 + 1 + 10 + 7);
    bytes[grantee..grantee + 32].fill(0);
    bytes[grantee] = 2;
    let denial = Denial::HolderSignature(SignatureFault::KeyNotOnCurve);
    assert_eq!(one().judge(&bytes).unwrap_err(), denial);
}

#[test]
fn an_emergency_token_needs_no_clock() {
    let mut scene = emergency();
    (scene.lo, scene.hi) = (0, None);
    drop(scene.verdict().expect("the owner gets in"));
}

#[test]
fn a_status_over_the_nonce_is_a_clock() {
    let mut scene = Scene::with(|scene| {
        (scene.lo, scene.hi) = (T - 86_400, None);
        scene.mode = Mode::Challenged { age: Some(5_000), channel: Channel::Radio };
        scene.status = Some(Attested { over_nonce: true, ..Attested::new(T + 890) });
    });
    drop(scene.verdict().expect("T + 890 + 5 + 1 is before the end"));
    // The status may have been signed right after the nonce was given, and all of the age since.
    scene.mode = Mode::Challenged { age: Some(9_000), channel: Channel::Radio };
    let until = Time(T + 900);
    assert_eq!(
        scene.verdict().unwrap_err(),
        Denial::MayHaveExpired { place: Place::Link(0), hi: Some(until), until }
    );
}

#[test]
fn the_numbers_of_denials_ascend_and_never_repeat() {
    let numbers: Vec<_> = Denial::ALL.iter().map(|(code, _)| *code).collect();
    assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
}

#[test]
fn only_policy_is_evidence_and_strangers_learn_nothing() {
    use keyward::Answer;
    let before = [
        case("no_challenge").denial,
        Denial::HolderSignature(SignatureFault::Mismatch),
        Denial::Malformed(DecodeError::Truncated),
        Denial::StatusNonceUnchallenged,
    ];
    for denial in before {
        assert!(!denial.is_evidence());
        assert_eq!(denial.answer(), Answer::Denied, "{denial}");
    }
    assert_eq!(Denial::UnknownIssuer(issuer_id(ISSUER)).answer(), Answer::NeedKeyset);
    assert_eq!(Denial::StatusMissing(Place::Link(0)).answer(), Answer::NeedStatus);
    let missing = case("witness_missing").denial;
    assert!(missing.is_evidence());
    assert_eq!(missing.answer(), Answer::NeedWitness);
    assert_eq!(case("no_upper_bound").denial.answer(), Answer::NeedTime);
}
