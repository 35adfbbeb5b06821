//! What can't be read is told up to where it can.

use keyward::Seconds;
use snapbox::{IntoData, assert_data_eq, str};

use crate::home::{self, Home, text_of};

#[test]
fn a_damaged_token_is_told_up_to_the_damage() {
    let mut home = Home::new();
    let held = home.with_every_caveat();
    std::fs::write(home.path("token"), &text_of(&held.token)[..180]).unwrap();
    let said = home.show(&["token"]);
    assert_data_eq!(
        said.out,
        str![[r#"
token, NOT VERIFIED: damaged at byte 116, link 0 schedule: the object is cut off
  size            127 bytes
  issuer          1f194ea0ef3f1efc
  serial          1000000
  link 0 grantee  company
  link 0 depth    2
  link 0 rights   for unlock or hold open
  link 0 target   at lock flat-12a or group way-in..
  link 0 valid    from Tue 2026-11-24 10:00 until Thu 2026-12-24 10:00
                  [Europe/Berlin], 29 d 23 h left
  link 0 uses     twice at each lock
  link 0 witness  only if this witness agrees: camera
  link 0 maxopen  the door relocks after 30 s
  link 0 fresh    with a status no older than 5 min
  byte 116: the object is cut off; what stands behind it can't be read (11
  bytes)

"#]]
        .raw()
    );
    assert_data_eq!(
        said.err,
        str![[r#"
keyward: token, line 1: the object is cut off

"#]]
        .raw()
    );
    assert_eq!(said.code, 2);
}

#[test]
fn a_token_with_an_unknown_caveat_is_told_up_to_that() {
    let mut home = Home::new();
    let held = home.plain(Seconds::days(7));
    // Version, kind, issuer, serial (3 bytes) and count; then grantee and depth.
    let mut token = held.token.clone();
    let bitmap = 2 + 8 + 3 + 1 + 32 + 1;
    assert_eq!(token[bitmap], 0b111);
    token.splice(bitmap..=bitmap, [0b1000_0111, 0b10_0000]);
    home.file("token", &[&token]);
    let said = home.run(&["token", "show", "token", "--at", home::AT]);
    assert_data_eq!(
        said.out,
        str![[r#"
token, NOT VERIFIED: damaged at byte 68, link 0 caveats: a caveat of an unknown
       kind (bit 12)
  size            132 bytes
  issuer          1f194ea0ef3f1efc
  serial          1000000
  link 0 grantee  key 5c71c58d699be04e40806e9811fdb655
  link 0 depth    1
  link 0 rights   for unlock
  link 0 target   at lock flat-12a
  link 0 valid    from Tue 2026-11-24 10:00 until Tue 2026-12-01 10:00
                  [Europe/Berlin], 6 d 23 h left
  byte 68: a caveat of an unknown kind (bit 12); what stands behind it can't be
  read (64 bytes)

"#]]
        .raw()
    );
    assert_data_eq!(
        said.err,
        str![[r#"
keyward: token, line 1: there is a caveat of a later version (bit 12), which can't be read

"#]]
        .raw()
    );
    assert_eq!(said.code, 2);
}

#[test]
fn what_is_whole_is_told_beside_what_is_damaged() {
    let mut home = Home::new();
    let held = home.plain(Seconds::days(7));
    let texts = [text_of(&held.origin), "kw1.token.AQ!".into(), text_of(&held.token), "x".into()];
    std::fs::write(home.path("mixed"), texts.join("\n")).unwrap();
    let said = home.show(&["mixed"]);
    assert_eq!(said.out.matches("token, verified").count(), 1, "{}", said.out);
    assert_data_eq!(
        said.err,
        str![[r#"
keyward: mixed, line 2: not base64url without padding; and 1 more can't be read

"#]]
        .raw()
    );
    assert_eq!(said.code, 2);
}

#[test]
fn a_secret_key_is_never_repeated() {
    let home = Home::new();
    std::fs::write(home.path("key"), "kw1secret.holder.AQEBAQEBAQEBAQEBAQEBAQEB").unwrap();
    let said = home.show(&["key"]);
    assert!(!said.out.contains("AQEB") && !said.err.contains("AQEB"));
    assert_eq!((said.out.as_str(), said.code), ("", 2));
}
