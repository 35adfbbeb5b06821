//! What a card says once it is checked: all that its draft said, for the domain that checked it.

use keyward::{
    Card, SealingKey,
    card::{CardOrder, Draft},
    id::{CardVersion, GroupId, KeysetVersion},
    zone::ZoneId,
};
use keyward_testkit::world::{START, World};

#[test]
fn a_checked_card_says_what_its_draft_said() {
    let world = World::new(7);
    let owner = &world.owner;
    let (unclaimed, groups) = (world.flat.unclaimed(), [[3; 8], [4; 8]].map(GroupId));
    let order = CardOrder { keyset: KeysetVersion(1), version: CardVersion(1 << 40) };
    for drawn in 0..16 {
        let [sealing, sealed_only, unchallenged, zoned] = [1, 2, 4, 8].map(|bit| drawn & bit != 0);
        if sealed_only && !sealing {
            continue;
        }
        let draft = Draft {
            scope: owner.scope(),
            order,
            at: START,
            lock: world.flat.id,
            groups: &groups,
            device: unclaimed.device,
            sealing: sealing.then(|| SealingKey::from_bytes([9; 32])),
            sealed_only,
            unchallenged,
            zone: zoned.then_some(ZoneId(5)),
            nonce: unclaimed.nonce,
        };
        let card = draft.by(&owner.enroller.public()).unwrap().sign(&owner.enroller).unwrap();
        let domain = owner.held();
        let checked = domain.check_card(&Card::decode(card.as_bytes()).unwrap()).unwrap();
        assert_eq!((checked.domain(), checked.lock()), (owner.domain, world.flat.id));
        assert_eq!((checked.order(), checked.nonce()), (order, unclaimed.nonce));
        assert!(checked.groups().eq(groups));
        assert_eq!(checked.device().unwrap(), unclaimed.device);
        assert_eq!((checked.sealing(), checked.sealed_only()), (draft.sealing, sealed_only));
        assert_eq!((checked.unchallenged(), checked.zone()), (unchallenged, draft.zone));
    }
}
