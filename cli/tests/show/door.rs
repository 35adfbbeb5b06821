//! What passes at a door, and what its lock says of it.

use keyward::Seconds;
use snapbox::{IntoData, assert_data_eq, str};

use crate::home::Home;

#[test]
fn a_presentation_beside_its_challenge_and_alone() {
    let mut home = Home::new();
    let held = home.plain(Seconds::days(7));
    let (challenge, request) = home.request(&held);
    let agreed = home.world.camera.agree(&request).unwrap();
    let status = home.world.owner.attest(home.at(), None);
    let presented =
        home.world.courier.present(&request, std::slice::from_ref(&agreed), Some(&status));
    home.file("presented", &[&challenge, &presented]);
    let said = home.show(&["presented"]);
    assert_data_eq!(
        said.out,
        str![[r#"
challenge, NOT VERIFIED: nobody signs a challenge; it is worth what the way it
           came is
  size    32 bytes
  lock    flat-12a
  nonce   78343d3b982aa7732f393375d81bf894
  epoch   0
  keyset  1
  list    none
  card    1, under keyset 1

presentation, verified: all signatures hold, of this domain; its holder has
              signed it, for flat-12a, and what it brings along holds
  size       423 bytes
  lock       flat-12a
  right      unlock
  parameter  70617263656c20371b5b324a
  moment     answers the challenge 78343d3b982aa7732f393375d81bf894, over radio
  witnesses  camera with evidence 7265636f7264696e672d000000000001
  status     of Tue 2026-11-24 10:30 [Europe/Berlin], now, by attester (id
             0550e99f2ef08f1d)
  issuer     office (id 1f194ea0ef3f1efc)
  serial     1000000
  domain     9402344ec959c6adad174de1fbd1934caedf73a419c65dfac6fa4e57424cc7c9
  epoch      0
  Tue 2026-11-24 10:30 [Europe/Berlin]: would open
    unlock at flat-12a, over radio
  office (id 1f194ea0ef3f1efc) grants
  └─ link 0: to courier, who can hand it on once
     its id, for `keyward revoke`: 74ddb38e0ea0283ec25d6b9e857c3b6e
     ✓ for unlock
     ✓ at lock flat-12a
     ✓ from Tue 2026-11-24 10:00 until Tue 2026-12-01 10:00 [Europe/Berlin], 6 d
       23 h left

"#]]
        .raw()
    );
    home.file("alone", &[&presented]);
    let said = home.show(&["alone"]);
    assert_data_eq!(
        said.out.lines().take(4).collect::<Vec<_>>().join("\n"),
        str![[r#"
presentation, NOT VERIFIED: the holder's signature is over the lock's challenge,
              or the request, which doesn't stand beside it; its token:
              verified: all signatures hold, of this domain
  size       423 bytes
"#]]
        .raw()
    );
    home.file("agreed", &[&request, &agreed]);
    let said = home.show(&["agreed"]);
    assert_data_eq!(
        said.out.split("\n\n").nth(1).unwrap(),
        str![[r#"
witness, genuine by the witness's own key: it agrees to the request beside it,
         unlock at flat-12a
  size      114 bytes
  witness   camera
  evidence  7265636f7264696e672d000000000001

"#]]
        .raw()
    );
}

#[test]
fn a_presentation_whose_witness_has_agreed_to_another_request_is_not_verified() {
    let mut home = Home::new();
    let held = home.plain(Seconds::days(7));
    let (_, other) = home.request(&held);
    let agreed = home.world.camera.agree(&other).unwrap();
    let (challenge, request) = home.request(&held);
    let presented = home.world.courier.present(&request, &[agreed], None);
    home.file("presented", &[&challenge, &presented]);
    let said = home.show(&["presented"]);
    let told = said.out.split("\n\n").nth(1).unwrap().lines().next().unwrap().to_owned();
    assert_data_eq!(
        told,
        str!["presentation, NOT VERIFIED: WitnessSignature (302): a witness's statement isn't"]
            .raw()
    );
}

#[test]
fn an_entry_and_its_receipt() {
    let mut home = Home::new();
    let held = home.plain(Seconds::days(7));
    let (_, request) = home.request(&held);
    let presented = home.world.courier.present(&request, &[], None);
    let now = home.world.now();
    let (_, verdict) = home.world.flat.present(&presented, now);
    let receipt = home.world.flat.receipt(&verdict.unwrap());
    let entries = home.world.flat.log(now);
    home.file("log", &[&receipt, entries.last().unwrap()]);
    assert_data_eq!(
        home.show(&["log"]).out,
        str![[r#"
receipt, verified: signed by the lock, of this domain
  size    190 bytes
  lock    flat-12a
  log     events
  number  3; the lock held 0 and on
  oldest  0
  epoch   0
  starts  0 times
  time    Tue 2026-11-24 10:00 [Europe/Berlin], by the host's clock
  event   unlock was granted: the door was opened
          core 82573e4a43522c083917aafa60f6fc86671bbc3d0278c3511f02ec5b760e1392
  hash    86b23e1e7dd2708ef01283a3f184561cdea81b1f5824ba04c7759e08d9996fdc
  before  8ccd637239a2bb0212fbea14da2594b77358c8a498901a361990d15cc5de333b

entry, verified: signed by the lock, of this domain
  size     250 bytes
  lock     flat-12a
  log      events
  number   3; the lock held 0 and on
  oldest   0
  epoch    0
  starts   0 times
  time     Tue 2026-11-24 10:00 [Europe/Berlin], by the host's clock
  event    unlock was granted: the door was opened
           core 82573e4a43522c083917aafa60f6fc86671bbc3d0278c3511f02ec5b760e1392
  hash     86b23e1e7dd2708ef01283a3f184561cdea81b1f5824ba04c7759e08d9996fdc
  before   8ccd637239a2bb0212fbea14da2594b77358c8a498901a361990d15cc5de333b
  private  opened by courier
           by the authority of office (id 1f194ea0ef3f1efc)
           link 74ddb38e0ea0283ec25d6b9e857c3b6e

"#]]
        .raw()
    );
}

#[test]
fn a_sealed_object() {
    let mut home = Home::new();
    home.world.seal_doors();
    home.save();
    let held = home.plain(Seconds::days(7));
    let (_, request) = home.request(&held);
    let presented = home.world.courier.present(&request, &[], None);
    let world = &mut home.world;
    let sealed = world.courier.seal(&request, &presented, &world.owner, &mut world.rng);
    home.file("sealed", &[&sealed]);
    assert_data_eq!(
        home.show(&["sealed"]).out,
        str![[r#"
sealed, NOT VERIFIED: what is in it only its reader can open; nobody signs the
        outside
  size    562 bytes
  text    512 bytes
  holds   by its size a presentation, which its lock can open
  sender  a339fca7ee98ab8b7fb9fa94fcb33c1f578d62ea5a8bd0d022a18e63d0d8d073,
          drawn for this alone

"#]]
        .raw()
    );
}
