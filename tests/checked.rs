//! What a card and a token say once they are checked: all that was drafted.

use keyward::{
    Ask, Card, Caveats, Challenge, Channel, Request, Right, Rights, SealingKey, Seconds,
    SigningKey, Target, Token, Valid,
    card::{CardOrder, Draft},
    caveat::Caveat,
    id::{CardVersion, Fresh, GroupId, KeysetVersion, Serial},
    role,
    token::Origin,
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

#[test]
fn a_checked_token_says_what_was_granted_and_passed_on() {
    let mut world = World::new(8);
    let targets = [Target::Lock(world.flat.id)];
    let valid = Valid { from: world.now, lasts: Seconds::minutes(15) };
    let grant = Caveats::grant(Rights::of(Right::UNLOCK), &targets, valid).unwrap();
    let (held, guest) = (world.owner.grant(&world.courier.public(), 3, &grant), [7; 32]);
    let guest = SigningKey::<role::Holder>::from_secret(&guest).public();
    let narrower = Caveats::narrowing().uses(2).unwrap();
    let passed = world.courier.delegate(&held, &guest, 1, &narrower);
    let token = Token::decode(&passed.token).unwrap();
    let checked = token.check(&Origin::decode(&passed.origin).unwrap()).unwrap();
    assert_eq!(checked.serial(), Serial(1_000_000));
    let links: Vec<_> = checked.links().collect();
    let grantees: Vec<_> = links.iter().map(|link| link.grantee().unwrap()).collect();
    assert_eq!(grantees, [world.courier.public(), guest]);
    assert_eq!(links.iter().map(|link| link.depth()).collect::<Vec<_>>(), [3, 1]);
    let caveats: Vec<_> = links[1].caveats().map(Result::unwrap).collect();
    assert_eq!(caveats, [Caveat::Uses(2)]);
    assert_eq!(links[0].caveats().count(), 3);
    assert_ne!(links[0].id(), links[1].id());
}

#[test]
fn a_request_that_is_read_asks_what_was_asked_over_each_channel() {
    let mut world = World::new(9);
    let targets = [Target::Lock(world.flat.id)];
    let valid = Valid { from: world.now, lasts: Seconds::minutes(15) };
    let grant = Caveats::grant(Rights::of(Right::UNLOCK), &targets, valid).unwrap();
    let held = world.owner.grant(&world.courier.public(), 0, &grant);
    let token = Token::decode(&held.token).unwrap();
    let origin = Origin::decode(&held.origin).unwrap();
    let ask = Ask { lock: world.flat.id, right: Right::UNLOCK, parameter: b"left" };
    for channel in [Channel::Remote, Channel::Radio, Channel::Contact, Channel::Ranged] {
        let challenge = world.flat.connect(channel, world.now());
        let challenge = Challenge::decode(&challenge).unwrap();
        let fresh = Fresh([channel.byte(); 16]);
        let made = Request::challenged(&origin, &token, ask, &challenge, channel, fresh).unwrap();
        let bytes = made.encode().unwrap();
        let read = Request::decode(bytes.as_bytes()).unwrap();
        assert_eq!((read.ask(), read.moment()), (made.ask(), made.moment()));
        assert_eq!((read.origin(), read.token()), (made.origin(), made.token()));
        assert_eq!(read.core().unwrap(), made.core().unwrap());
    }
}
