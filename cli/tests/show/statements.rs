//! A domain's statements, and who vouches for each.

use keyward::{Epoch, Keyset, Seconds, epoch::Draft, status::Revoked};
use snapbox::{IntoData, assert_data_eq, str};

use crate::home::Home;

#[test]
fn an_epoch_that_is_a_draft_with_one_signature() {
    let home = Home::new();
    let (cold, roots) = (&home.world.owner.cold, &home.world.owner.roots);
    let next: Vec<_> = cold.iter().map(|key| key.public()).collect();
    let roots: Vec<_> = roots.iter().map(|key| key.public()).collect();
    let own =
        [keyward::SigningKey::from_secret(&[1; 32]), keyward::SigningKey::from_secret(&[2; 32])];
    let mut keys: Vec<_> = own.iter().map(|key| key.public()).collect();
    keys.sort_unstable();
    let draft = Draft {
        number: keyward::id::Epoch(0),
        issued_at: home.at(),
        roots: keyward::Threshold { needed: 1, keys: &roots },
        emergency: None,
        next: keyward::epoch::Commitment::new(&keyward::Threshold { needed: 2, keys: &next })
            .unwrap(),
        cold: keyward::Threshold { needed: 2, keys: &keys },
    };
    let draft = draft.encode().unwrap();
    let epoch = Epoch::decode(draft.as_bytes()).unwrap();
    let signed = epoch.cosign(epoch.domain().unwrap(), &own[0]).unwrap();
    home.file("epoch", &[signed.as_bytes()]);
    assert_data_eq!(
        home.show(&["epoch"]).out,
        str![[r#"
epoch, NOT VERIFIED: a draft with 1 of 2 signatures
  size       239 bytes
  number     0
  domain     8298924818055dd187fcda3efd2857490089b12ba1bd24a507f3454ff94ef0dd,
             which it founds
  issued at  Tue 2026-11-24 10:30 [Europe/Berlin], now
  roots      1 of 2 must sign a keyset
             key 670b21c87b25a5ea34a05029917032dc
             key ff76ace9d1fe74193fc1cdd314f1e883
  emergency  none: no token breaks the glass
  cold       2 of 2 must sign this epoch
             key 403be9cecaf37af883c8381b81227d14: hasn't signed
             key e1214dbf76c76539783288599adf2c52: has signed
  next       19ce349a73eaf640555fefb3ed8724a85b1bfb34f4aef7a1fefe066095f62f38,
             the commitment to the next cold keys

"#]]
        .raw()
    );
}

#[test]
fn a_keyset_in_force_and_one_without_signatures() {
    let home = Home::new();
    let keyset = home.world.owner.library.keyset.clone();
    home.file("keyset", &[&keyset]);
    assert_data_eq!(
        home.show(&["keyset"]).out,
        str![[r#"
keyset, verified: signed by 2 roots, of this domain, in force
  size        337 bytes
  epoch       0
  version     1
  issued at   Tue 2026-11-24 10:00 [Europe/Berlin], 30 min ago
  log to      no key: logs are not sealed
  issuers     attester, id 0550e99f2ef08f1d
              may attest from Mon 2026-11-23 10:00 until Wed 2027-12-29 10:00
              [Europe/Berlin], 399 d 23 h left
              revoker, id 0c67f03afc59dc0f
              may revoke from Mon 2026-11-23 10:00 until Wed 2027-12-29 10:00
              [Europe/Berlin], 399 d 23 h left
              office, id 1f194ea0ef3f1efc
              may issue from Mon 2026-11-23 10:00 until Wed 2027-12-29 10:00
              [Europe/Berlin], 399 d 23 h left
              enroller, id 67241320c555f1c3
              may enrol from Mon 2026-11-23 10:00 until Wed 2027-12-29 10:00
              [Europe/Berlin], 399 d 23 h left
  zones       zone 1: now UTC+01:00, 3 offsets, until Wed 2027-12-29 01:00
              [Europe/Berlin]
  signatures  0, 1 (the roots by their places, from 0)

"#]]
        .raw()
    );
    let decoded = Keyset::decode(&keyset).unwrap();
    let bare = keyset.len() - 65 * decoded.unverified_signers().count();
    let mut draft = keyset[..bare].to_vec();
    *draft.last_mut().unwrap() = 0;
    home.file("draft", &[&draft]);
    let said = home.show(&["draft"]);
    assert_data_eq!(
        said.out.lines().next().unwrap(),
        str!["keyset, NOT VERIFIED: a draft with 0 of 2 signatures"].raw()
    );
}

#[test]
fn a_card() {
    let mut home = Home::new();
    home.world.seal_doors();
    home.save();
    home.file("card", &[&home.world.owner.library.cards[&home.world.flat.id]]);
    assert_data_eq!(
        home.show(&["card"]).out,
        str![[r#"
card, verified: signed by an issuer that may enrol, of this domain, in force
  size          183 bytes
  lock          flat-12a
  issuer        enroller (id 67241320c555f1c3)
  epoch         0
  version       4, under keyset 1
  keyset        1
  at            Tue 2026-11-24 10:00 [Europe/Berlin], 30 min ago
  groups        way-in..
  device        key 0ad7e1cb2b123b2e2a69e286f00ea9bd
  sealing       e32ae1f453f8cc130cee12572d5c127d48ceaa749c3552c98eb93093feae0f46
  sealed only   it takes sealed presentations alone
  unchallenged  no
  zone          1 of its keyset
  life          04771fab8ce1e9b5475cf13f534a95e6

"#]]
        .raw()
    );
}

#[test]
fn a_list_and_a_status() {
    let mut home = Home::new();
    let (courier, at) = (home.world.courier.public().name(), home.at());
    home.world.owner.revoke([Revoked::from(courier), Revoked([0; 8])], at);
    home.save();
    home.file("list", &[home.world.owner.library.list.as_deref().unwrap()]);
    assert_data_eq!(
        home.show(&["list"]).out,
        str![[r#"
status, verified: signed by an issuer that may revoke, of this domain, in force
  size        103 bytes
  issuer      revoker (id 0c67f03afc59dc0f)
  epoch       0
  keyset      1 is the newest
  list        list 1 under keyset 1 is the newest
  at          Tue 2026-11-24 10:30 [Europe/Berlin], now
  over nonce  no
  revoked     2 links or keys
              0000000000000000
              5c71c58d699be04e (courier)
  floors      none

"#]]
        .raw()
    );
    home.file("status", &[&home.world.owner.attest(at, None)]);
    assert_data_eq!(
        home.show(&["status"]).out,
        str![[r#"
status, verified: signed by an issuer that may attest, of this domain
  size        85 bytes
  issuer      attester (id 0550e99f2ef08f1d)
  epoch       0
  keyset      1 is the newest
  list        list 1 under keyset 1 is the newest
  at          Tue 2026-11-24 10:30 [Europe/Berlin], now
  over nonce  no

"#]]
        .raw()
    );
}

#[test]
fn the_domain_and_its_keyset_are_shown_by_their_commands() {
    let home = Home::new();
    let said = home.run(&["domain", "show"]);
    let kinds: Vec<_> = said.out.split("\n\n").map(|one| one.split(',').next().unwrap()).collect();
    let all = home.world.owner.keysets.len();
    assert_eq!(kinds.iter().filter(|kind| **kind == "keyset").count(), all);
    assert_eq!(kinds.iter().filter(|kind| **kind == "card").count(), 3);
    assert!(!said.out.contains("NOT VERIFIED"), "{}", said.out);
    let said = home.run(&["keyset", "show"]);
    assert!(said.out.starts_with("keyset, verified: signed by 2 roots, of this domain, in force"));
}

#[test]
fn a_domain_in_the_input_alone_is_genuine_and_no_more() {
    let home = Home::new();
    let said = home.show(&["domain.kw", "--domain", "none.kw"]);
    assert!(!said.out.contains(", verified"), "{}", said.out);
    assert!(
        said.out.starts_with("epoch, genuine by the epoch 0 in the same input: "),
        "{}",
        said.out
    );
}

#[test]
fn another_domain_is_called_so() {
    let (home, mut other) = (Home::new(), Home::new());
    other.world = keyward_testkit::world::World::new(13);
    let held = other.plain(Seconds::days(7));
    let epoch = other.world.owner.library.epochs[0].clone();
    home.file("foreign", &[&epoch, &held.origin, &held.token]);
    let said = home.show(&["foreign"]);
    let firsts: Vec<_> = said.out.split("\n\n").map(|one| one.split(':').next().unwrap()).collect();
    let wanted = ["epoch, NOT VERIFIED", "origin, NOT VERIFIED", "token, NOT VERIFIED"];
    assert_eq!(firsts, wanted);
    assert_eq!(said.out.matches("NOT VERIFIED: of another domain").count(), 3, "{}", said.out);
}

#[test]
fn a_statement_with_a_changed_signature_is_not_verified() {
    let mut home = Home::new();
    let (at, world) = (home.at(), &mut home.world);
    world.owner.revoke([Revoked([0; 8])], at);
    let library = &world.owner.library;
    let statements = [
        library.epochs[0].clone(),
        library.keyset.clone(),
        library.cards[&world.flat.id].clone(),
        library.list.clone().unwrap(),
        world.owner.attest(at, None),
    ];
    home.save();
    for mut statement in statements {
        home.file("statement", &[&statement]);
        let said = home.show(&["statement"]);
        assert!(said.out.contains(", verified: "), "{}", said.out);
        let last = statement.len() - 50;
        statement[last] ^= 1;
        home.file("statement", &[&statement]);
        let said = home.show(&["statement"]);
        assert!(said.out.contains(", NOT VERIFIED: "), "{}", said.out);
    }
}
