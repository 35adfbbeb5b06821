//! A domain's life on files: epochs, keysets, lists, cards, and what is refused.

mod desk;

use desk::Desk;

#[test]
fn a_keyset_keeps_what_no_option_changes() {
    let desk = Desk::with_domain();
    desk.done("key new issuer -o new.key");
    desk.done("keyset new --issuer new.pub=issue --drop watch.pub -o next.kw");
    let told = desk.done("keyset cosign next.kw --key root.key");
    assert!(told.contains("keyset 2, 1 of 1 signatures, taken into domain.kw"), "{told}");
    let grant = "--to courier.pub --right unlock --lock flat --for 1d";
    desk.done(&format!("token issue {grant} --key new.key"));
    desk.done(&format!("token issue {grant} --key office.key"));
    let error = desk.fails("status --key watch.key", 2);
    assert!(error.contains("no issuer of the domain's keyset"), "{error}");
    let error = desk.fails("status --key new.key", 2);
    assert!(error.contains("may not attest"), "{error}");
}

#[test]
fn serials_are_never_given_twice() {
    let desk = Desk::with_domain();
    let grant =
        "token issue --to courier.pub --key office.key --right unlock --lock flat --for 1d --json";
    let serial = |text: String| {
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        json["serial"].as_u64().unwrap()
    };
    let serials: Vec<u64> = (0..3).map(|_| serial(desk.done(grant))).collect();
    assert_eq!(serials, [1, 2, 3]);
    // One that is given by hand is given, and so is one that is behind.
    let serials = ["--serial 5", "", "--serial 4", ""];
    let serials = serials.map(|by_hand| serial(desk.done(&format!("{grant} {by_hand}"))));
    assert_eq!(serials, [5, 6, 4, 7]);
    desk.write("domain.kw.serial", b"nonsense");
    desk.fails(grant, 3);
}

#[test]
fn a_draft_that_is_no_file_is_not_signed_into_one() {
    let desk = Desk::with_domain();
    desk.done("keyset new --drop watch.pub -o next.kw");
    for (cosign, draft) in [
        ("epoch cosign --key cold-0.key", desk.read("epoch.kw")),
        ("keyset cosign --key root.key", desk.read("next.kw")),
    ] {
        let piped = desk.fed(&format!("{cosign} -"), draft.as_bytes());
        assert_eq!(piped.status.code(), Some(2), "{cosign}: {}", desk::stderr(&piped));
        assert!(desk::stderr(&piped).contains("written anew"), "{}", desk::stderr(&piped));
        assert!(!desk.path("-").exists());
        let error = desk.fails(&format!("{cosign} {}", draft.trim_end()), 2);
        assert!(error.contains("written anew"), "{error}");
    }
}

#[test]
fn an_issuer_s_time_is_said_with_the_issuer() {
    let desk = Desk::with_domain();
    for time in ["--for 800d", "--from tomorrow"] {
        let error = desk.fails(&format!("keyset new {time} -o next.kw"), 2);
        assert!(error.contains("--issuer"), "{error}");
        desk.done(&format!("keyset new --issuer watch.pub=attest {time} -o next.kw"));
    }
}

#[test]
fn the_next_epoch_takes_the_cold_keys_that_were_committed_to() {
    let desk = Desk::with_domain();
    desk.done("key new cold -o cold-2.key thief.key");
    desk.done("key new root -o root-1.key");
    desk.done("epoch next --cold thief.pub --root root-1.pub --next cold-2.pub -o forged.kw");
    let error = desk.fails("epoch cosign forged.kw --key thief.key", 1);
    assert!(error.contains("NotCommitted (623)"), "{error}");
    desk.done("epoch next --cold cold-1.pub --root root-1.pub --next cold-2.pub -o epoch-1.kw");
    let told = desk.done("epoch cosign epoch-1.kw --key cold-1.key");
    assert!(told.contains("epoch 1, 1 of 1 signatures, taken into domain.kw"), "{told}");
    // Nobody issues before the new roots have said who may.
    let error = desk.fails("status --key watch.key", 2);
    assert!(error.contains("no keyset yet"), "{error}");
    desk.done("keyset new --issuer watch.pub=attest -o keyset-1.kw");
    let error = desk.fails("keyset cosign keyset-1.kw --key root.key", 2);
    assert!(error.contains("key"), "{error}");
    desk.done("keyset cosign keyset-1.kw --key root-1.key");
    desk.done("status --key watch.key");
}

#[test]
fn thresholds_are_met_by_several_keys() {
    let desk = Desk::new();
    desk.done("key new cold -o a.key b.key c.key");
    desk.done("key new root -o r.key s.key");
    desk.done(
        "epoch new --cold a.pub,b.pub --root r.pub,s.pub --roots-needed 2 --next c.pub -o e.kw",
    );
    let told = desk.done("epoch cosign e.kw --key a.key");
    assert!(told.contains("1 of 2 signatures") && !told.contains("taken"), "{told}");
    desk.fails("epoch cosign e.kw --key a.key", 2);
    desk.done("epoch cosign e.kw --key b.key");
    desk.done("key new issuer -o i.key");
    desk.done("keyset new --issuer i.pub=issue -o k.kw");
    desk.done("keyset cosign k.kw --key s.key");
    assert!(desk.done("keyset cosign k.kw --key r.key").contains("taken into"));
}

#[test]
fn a_revoked_company_is_on_the_list_until_it_is_taken_off() {
    let desk = Desk::with_domain();
    let told = desk.done("revoke company.pub courier.pub --key office.key");
    assert!(told.contains("list 1 (entries: 2"), "{told}");
    let told = desk.done("revoke company.pub --undo --key office.key");
    assert!(told.contains("list 2 (entries: 1"), "{told}");
    desk.fails("revoke company.pub --undo --key office.key", 2);
    desk.fails("revoke company.pub --key watch.key", 2);
    let told = desk.done("revoke --below 41:office.pub --key office.key");
    assert!(told.contains("(entries: 1, serial floors: 1)"), "{told}");
}

#[test]
fn statements_are_verified_before_they_are_taken() {
    let desk = Desk::with_domain();
    desk.done("revoke company.pub --key office.key");
    let other = Desk::with_domain();
    let taken = desk.read("domain.kw");
    other.write("brought.kw", taken.as_bytes());
    // Another domain's statements.
    let error = other.fails("domain take brought.kw", 1);
    assert!(error.contains("refused"), "{error}");
    // The same into a file that is new.
    let told = other.done("--domain copy.kw domain take brought.kw");
    assert!(told.contains("3 new"), "{told}");
    let told = other.done("--domain copy.kw domain take brought.kw");
    assert!(told.contains("0 new"), "{told}");
}

#[test]
fn a_copy_with_other_signatures_is_not_taken_beside_the_original() {
    let desk = Desk::with_domain();
    let before = desk.read("domain.kw");
    let spoilt = |name: &str| {
        let text = desk.read(name);
        let text = text.trim_end();
        // Within the signature, which ends the object.
        let at = text.len() - 20;
        let other = if text.as_bytes()[at] == b'A' { "B" } else { "A" };
        format!("{}{other}{}", &text[..at], &text[at + 1..])
    };
    for name in ["epoch.kw", "keyset.kw"] {
        desk.write("spoilt.kw", spoilt(name).as_bytes());
        desk.done("domain take spoilt.kw");
        assert_eq!(desk.read("domain.kw"), before, "{name}");
    }
}

#[test]
fn a_list_takes_nobody_whom_it_doesn_t_revoke() {
    let desk = Desk::with_domain();
    for (key, instead) in [("office.pub", "keyset new --drop"), ("root.pub", "epoch next")] {
        let error = desk.fails(&format!("revoke {key} --key office.key"), 2);
        assert!(error.contains(instead), "{error}");
    }
    let other = Desk::with_domain();
    other.done(
        "token issue --to company.pub --key office.key --right unlock --lock flat --for 1d -o t",
    );
    desk.write("theirs", other.read("t").as_bytes());
    let error = desk.fails("revoke theirs --key office.key", 2);
    assert!(error.contains("another domain"), "{error}");
    assert!(!desk.read("domain.kw").contains("kw1.status."));
}

#[test]
fn a_list_of_a_dropped_revoker_is_to_be_signed_anew() {
    let desk = Desk::with_domain();
    desk.done("revoke company.pub --key office.key");
    desk.done("keyset new --issuer watch.pub=revoke,attest -o more.kw");
    let told = desk.done("keyset cosign more.kw --key root.key");
    assert!(!told.contains("keyward revoke"), "{told}");
    desk.done("keyset new --drop office.pub -o less.kw");
    let told = desk.done("keyset cosign less.kw --key root.key");
    assert!(told.contains("sign it anew by `keyward revoke"), "{told}");
}

#[test]
fn a_lock_keeps_its_settings_over_an_epoch_and_its_name_for_itself() {
    let desk = Desk::with_domain();
    desk.done("lock new flat");
    desk.done("lock new other");
    desk.done("card flat-12a --unclaimed flat/unclaimed --key office.key --group way-in");
    let error = desk.fails("card flat-12a --unclaimed other/unclaimed --key office.key", 2);
    assert!(error.contains("a name of its own"), "{error}");
    desk.done("key new cold -o cold-2.key");
    desk.done("key new root -o root-1.key");
    desk.done("epoch next --cold cold-1.pub --root root-1.pub --next cold-2.pub -o epoch-1.kw");
    desk.done("epoch cosign epoch-1.kw --key cold-1.key");
    desk.done("keyset new --issuer office.pub=issue,revoke,enrol -o keyset-1.kw");
    desk.done("keyset cosign keyset-1.kw --key root-1.key");
    let told = desk.done("card flat-12a --key office.key -o card");
    assert!(told.contains("card 1 of flat-12a"), "{told}");
    let told = desk.done("show card");
    let mut lines = told.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    assert!(told.contains("way-in") && lines.any(|line| line == ["epoch", "1"]), "{told}");
}

#[test]
fn a_lock_that_is_shown_once_more_keeps_its_settings() {
    let desk = Desk::with_domain();
    desk.done("lock new flat --sealing");
    let card = "card flat-12a --unclaimed flat/unclaimed --key office.key";
    desk.done(&format!("{card} --sealing flat/sealing.pub --sealed-only true --group way-in"));
    let told = desk.done(&format!("{card} --unchallenged true -o card"));
    assert!(told.contains("card 2 of flat-12a"), "{told}");
    let told = desk.done("show card");
    let line = |name: &str| {
        let found = told.lines().find_map(|line| line.trim_start().strip_prefix(name));
        found.unwrap_or_else(|| panic!("{name}: {told}")).trim()
    };
    assert!(line("sealed only").starts_with("it takes sealed presentations alone"), "{told}");
    assert!(line("groups").starts_with("way-in"), "{told}");
    assert_ne!(line("unchallenged"), "no");
}
