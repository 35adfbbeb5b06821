//! Tokens: the chain, and what a lock would say now.

use keyward::{Seconds, status::Revoked};
use snapbox::{IntoData, assert_data_eq, str};

use crate::home::Home;

#[test]
fn a_token_with_every_caveat() {
    let mut home = Home::new();
    let held = home.with_every_caveat();
    home.file("token", &[&held.origin, &held.token]);
    let said = home.show(&["token"]);
    assert_eq!(said.code, 0);
    assert_data_eq!(
        said.out,
        str![[r#"
origin, verified: the domain names this issuer in this epoch, of this domain
  size    67 bytes
  domain  9402344ec959c6adad174de1fbd1934caedf73a419c65dfac6fa4e57424cc7c9
  epoch   0
  issuer  office, id 1f194ea0ef3f1efc

token, verified: all signatures hold, of this domain
  size    206 bytes
  issuer  office (id 1f194ea0ef3f1efc)
  serial  1000000
  domain  9402344ec959c6adad174de1fbd1934caedf73a419c65dfac6fa4e57424cc7c9
  epoch   0
  Tue 2026-11-24 10:30 [Europe/Berlin]: would open, if: it was used fewer than 2
    times at flat-12a before; camera agrees; a status no older than 5 min is
    brought; its first use at flat-12a is this one, or at most 1 d ago; the lock's
    host agrees to condition 7
    unlock at flat-12a, over radio
  office (id 1f194ea0ef3f1efc) grants
  └─ link 0: to company, who can hand it on twice
     its id, for `keyward revoke`: 912829ee190a1ed91300b016fb02faf5
     ✓ for unlock or hold open
     ✓ at lock flat-12a or group way-in..
     ✓ from Tue 2026-11-24 10:00 until Thu 2026-12-24 10:00 [Europe/Berlin], 29
       d 23 h left
     ✓ twice at each lock
     ? only if this witness agrees: camera — WitnessMissing (441)
     ✓ the door relocks after 30 s
     ? with a status no older than 5 min — StatusMissing (450)
     ✓ tue, thu 09:00-12:00 by the lock's own clock, not on
       2026-12-24..2027-01-02
     ✓ first used before Tue 2026-12-01 10:00 [Europe/Berlin], in 6 d 23 h, and
       for 1 d from then on, at each lock
     ✓ only over radio or contact
     ? if the lock's host agrees to condition 7, data 00ff — AppUnchecked (460)

"#]]
        .raw()
    );
}

#[test]
fn a_token_that_would_open_if_something_is_brought() {
    let mut home = Home::new();
    let held = home.with_every_caveat();
    home.file("token", &[&held.origin, &held.token]);
    let said = home.run(&["token", "show", "token", "--at", "2026-12-01 09:30"]);
    assert_data_eq!(
        said.out,
        str![[r#"
token, verified: all signatures hold, of this domain
  size    206 bytes
  issuer  the issuer of id 1f194ea0ef3f1efc
  serial  1000000
  domain  9402344ec959c6adad174de1fbd1934caedf73a419c65dfac6fa4e57424cc7c9
  epoch   0
  Tue 2026-12-01 09:30 [Europe/Berlin]: would open, if: it was used fewer than 2
    times at flat-12a before; key 96e57d911f7b54cf66fa56a109c58414 agrees; a
    status no older than 5 min is brought; its first use at flat-12a is this one,
    or at most 1 d ago; the lock's host agrees to condition 7
    unlock at flat-12a, over radio
  the issuer of id 1f194ea0ef3f1efc grants
  └─ link 0: to key d0ea915d4647ddfd4ae4a83350ae018c, who can hand it on twice
     its id, for `keyward revoke`: 912829ee190a1ed91300b016fb02faf5
     ✓ for unlock or hold open
     ✓ at lock flat-12a or group way-in..
     ✓ from Tue 2026-11-24 10:00 until Thu 2026-12-24 10:00 [Europe/Berlin], 23
       d 30 min left
     ✓ twice at each lock
     ? only if this witness agrees: key 96e57d911f7b54cf66fa56a109c58414 —
       WitnessMissing (441)
     ✓ the door relocks after 30 s
     ? with a status no older than 5 min — StatusMissing (450)
     ✓ tue, thu 09:00-12:00 by the lock's own clock, not on
       2026-12-24..2027-01-02
     ✓ first used before Tue 2026-12-01 10:00 [Europe/Berlin], in 30 min, and
       for 1 d from then on, at each lock
     ✓ only over radio or contact
     ? if the lock's host agrees to condition 7, data 00ff — AppUnchecked (460)

"#]]
        .raw()
    );
}

#[test]
fn a_two_link_token_that_has_expired() {
    let mut home = Home::new();
    let held = home.of_two_links();
    home.file("token", &[&held.token]);
    let said = home.show(&["token"]);
    assert_data_eq!(
        said.out,
        str![[r#"
token, verified: all signatures hold, of this domain
  size    237 bytes
  issuer  office (id 1f194ea0ef3f1efc)
  serial  1000000
  domain  9402344ec959c6adad174de1fbd1934caedf73a419c65dfac6fa4e57424cc7c9
  epoch   0
  Tue 2026-11-24 10:30 [Europe/Berlin]: denied, Expired (421): ended 15 min ago
    unlock at flat-12a, over radio; `keyward why 421` explains
  office (id 1f194ea0ef3f1efc) grants
  └─ link 0: to company, who can hand it on once
     its id, for `keyward revoke`: 54d4f5dcf0352bcea5f13b2c50e76513
     ✓ for unlock
     ✓ at lock flat-12a
     ✓ from Tue 2026-11-24 10:00 until Tue 2026-12-01 10:00 [Europe/Berlin], 6 d
       23 h left
     └─ link 1: to courier, who can't hand it on
        its id, for `keyward revoke`: 9bab40e91268edd3dcc3eb4d1a131da8
        ✗ from Tue 2026-11-24 10:00 until Tue 2026-11-24 10:15 [Europe/Berlin],
          ended 15 min ago — Expired (421)
        ✓ once at each lock

"#]]
        .raw()
    );
}

#[test]
fn the_same_without_a_domain() {
    let mut home = Home::new();
    let held = home.of_two_links();
    home.file("token", &[&held.origin, &held.token]);
    let said = home.show(&["token", "--domain", "none.kw"]);
    assert_data_eq!(
        said.out,
        str![[r#"
origin, NOT VERIFIED: an origin is unsigned and proves nothing; no domain to
        compare with
  size    67 bytes
  domain  9402344ec959c6adad174de1fbd1934caedf73a419c65dfac6fa4e57424cc7c9
  epoch   0
  issuer  office, id 1f194ea0ef3f1efc

token, genuine by its own origin; no domain to compare with
  size    237 bytes
  issuer  office (id 1f194ea0ef3f1efc)
  serial  1000000
  domain  9402344ec959c6adad174de1fbd1934caedf73a419c65dfac6fa4e57424cc7c9
  epoch   0
  Tue 2026-11-24 10:30 [Europe/Berlin]: denied, Expired (421): ended 15 min ago
    unlock, over radio; by time alone: no domain to compare with; give --domain
  office (id 1f194ea0ef3f1efc) grants
  └─ link 0: to company, who can hand it on once
     its id, for `keyward revoke`: 54d4f5dcf0352bcea5f13b2c50e76513
     · for unlock
     · at lock flat-12a
     ✓ from Tue 2026-11-24 10:00 until Tue 2026-12-01 10:00 [Europe/Berlin], 6 d
       23 h left
     └─ link 1: to courier, who can't hand it on
        its id, for `keyward revoke`: 9bab40e91268edd3dcc3eb4d1a131da8
        ✗ from Tue 2026-11-24 10:00 until Tue 2026-11-24 10:15 [Europe/Berlin],
          ended 15 min ago — Expired (421)
        · once at each lock

"#]]
        .raw()
    );
}

#[test]
fn the_same_with_a_signature_that_does_not_hold() {
    let mut home = Home::new();
    let held = home.of_two_links();
    let mut token = held.token.clone();
    let last = token.len() - 40;
    token[last] ^= 1;
    home.file("token", &[&held.origin, &token]);
    let said = home.show(&["token", "--domain", "none.kw"]);
    let first = said.out.split("\n\n").nth(1).unwrap().lines().take(2).collect::<Vec<_>>();
    assert_data_eq!(
        first.join("\n"),
        str![[r#"
token, NOT VERIFIED: LinkSignature (301): the signature of link 1 doesn't hold
  size    237 bytes
"#]]
        .raw()
    );
}

#[test]
fn a_revoked_holder_is_denied() {
    let mut home = Home::new();
    let held = home.plain(Seconds::days(7));
    let (courier, at) = (home.world.courier.public().name(), home.at());
    home.world.owner.revoke([Revoked::from(courier)], at);
    home.save();
    home.file("token", &[&held.token]);
    let said = home.show(&["token"]);
    assert!(said.out.contains(": denied, KeyRevoked (402): the key of"), "{}", said.out);
}
