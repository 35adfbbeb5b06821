//! Rights and channels: their names and their sets.

use keyward::{Caveats, Channel, Channels, Right, Rights};

const RIGHTS: [(Right, u8, &str); 6] = [
    (Right::UNLOCK, 0, "unlock"),
    (Right::LOCK, 1, "lock"),
    (Right::HOLD_OPEN, 2, "hold open"),
    (Right::STATUS, 3, "status"),
    (Right::READ_LOG, 4, "read log"),
    (Right::RELEASE, 5, "release"),
];
const CHANNELS: [Channel; 4] = [Channel::Remote, Channel::Radio, Channel::Contact, Channel::Ranged];

#[test]
fn each_right_of_the_standard_has_its_bit_and_name() {
    for (right, bit, name) in RIGHTS {
        assert_eq!((right.bit(), right.name()), (bit, Some(name)));
        assert_eq!(Right::new(bit), Some(right));
    }
    assert_eq!(Right::new(31).unwrap().name(), None);
    assert_eq!(Right::new(32), None);
}

#[test]
fn a_set_of_rights_has_what_was_put_in_however_often() {
    let set = Rights::of(Right::UNLOCK).and(Right::STATUS).and(Right::UNLOCK);
    let has: Vec<_> = RIGHTS.iter().map(|(right, ..)| set.has(*right)).collect();
    assert_eq!(has, [true, false, false, true, false, false]);
}

#[test]
fn a_set_of_channels_has_what_was_put_in_however_often() {
    for one in CHANNELS {
        for other in CHANNELS {
            let set = Channels::of(one).and(other).and(one);
            for channel in CHANNELS {
                assert_eq!(set.has(channel), channel == one || channel == other);
            }
        }
    }
    assert!(Caveats::narrowing().channels(Channels::of(Channel::Contact)).is_ok());
}
