//! Each rule of the format, broken once: the exact decode error is asserted.

use keyward_testkit::malformed;

#[test]
fn every_malformed_object_is_named() {
    for case in malformed::cases() {
        assert_eq!(malformed::decode(case.kind, &case.bytes), case.error, "{}", case.name);
    }
}

#[test]
fn the_committed_vectors_are_what_the_generator_gives() {
    for (committed, generated) in [
        (include_str!("vectors/verify.json"), keyward_testkit::vectors::verify()),
        (include_str!("vectors/decode.json"), keyward_testkit::vectors::decode()),
        (include_str!("vectors/text.json"), keyward_testkit::vectors::texts()),
        (include_str!("vectors/trust.json"), keyward_testkit::vectors::trust()),
        (include_str!("vectors/receipts.json"), keyward_testkit::vectors::receipts()),
        (include_str!("vectors/seal.json"), keyward_testkit::vectors::seal()),
    ] {
        let generated = serde_json::to_string_pretty(&generated).expect("JSON") + "\n";
        assert!(committed == generated, "run `cargo xtask vectors`");
    }
}
