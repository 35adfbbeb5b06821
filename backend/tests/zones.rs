//! A table says what IANA says, up to its end, and nothing past it.

use keyward::{
    Time,
    zone::{Zone, ZoneId},
};
use keyward_backend::zones::{ZoneError, table};

const NOVEMBER: Time = Time(1_795_510_800);

#[test]
fn a_table_ends_where_it_is_told_or_where_it_is_full() {
    let year = NOVEMBER.after(365 * 86_400);
    let (bytes, end) = table(ZoneId(3), "Europe/Berlin", NOVEMBER, year).unwrap();
    assert_eq!(u64::from(end) * 60, year.0);
    let zone = Zone::decode(bytes.as_bytes()).unwrap();
    assert_eq!(zone.local(NOVEMBER).unwrap().minute(), 10 * 60, "winter: an hour ahead");
    assert_eq!(zone.local(NOVEMBER.after(200 * 86_400)).unwrap().minute(), 11 * 60, "summer");
    assert_eq!(zone.local(year), None);

    let (bytes, end) =
        table(ZoneId(3), "Europe/Berlin", NOVEMBER, NOVEMBER.after(20 * 365 * 86_400)).unwrap();
    let (last, zone) = (u64::from(end) * 60, Zone::decode(bytes.as_bytes()).unwrap());
    assert!((7..9).contains(&((last - NOVEMBER.0) / (365 * 86_400))), "sixteen offsets");
    assert!(zone.local(Time(last - 1)).is_some());
    assert_eq!(zone.local(Time(last)), None);
}

#[test]
fn what_is_no_table_is_named() {
    let year = NOVEMBER.after(365 * 86_400);
    let error = |name, from| table(ZoneId(1), name, from, year).err();
    assert_eq!(error("Europe/Atlantis", NOVEMBER), Some(ZoneError::Unknown));
    assert_eq!(error("Europe/Berlin", NOVEMBER.after(1)), Some(ZoneError::NotWholeMinutes));
    assert_eq!(error("Europe/Berlin", Time(u64::MAX)), Some(ZoneError::OutOfRange));
    // Liberia kept its mean solar time until 1972.
    assert_eq!(error("Africa/Monrovia", Time(60)), Some(ZoneError::NotWholeMinutes));
}
