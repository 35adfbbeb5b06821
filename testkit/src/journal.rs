//! A journal as others see it: its records, and records of one's own (SPEC.md section 22).

use hmac::{Hmac, KeyInit, Mac};
use keyward::{
    limits::MAX_RECORD,
    store::{Cursor, Store},
};
use sha2::Sha512;

/// All records of a log, with their tags.
pub fn records(store: &mut impl Store) -> Vec<Vec<u8>> {
    let (mut records, mut at) = (Vec::new(), Cursor::START);
    let mut buffer = [0; MAX_RECORD];
    while let Some((length, next)) = Store::read(store, at, &mut buffer).unwrap() {
        records.push(buffer[..length].to_vec());
        at = next;
    }
    records
}

/// Makes these records a store's log.
pub fn write(store: &mut impl Store, records: &[Vec<u8>]) {
    Store::begin(store).unwrap();
    records.iter().for_each(|record| Store::stage(store, record).unwrap());
    Store::publish(store).unwrap();
}

/// The records of these bodies, as whoever knows the secret makes them.
pub fn tagged(secret: &[u8; 32], bodies: impl IntoIterator<Item = Vec<u8>>) -> Vec<Vec<u8>> {
    let mut before = [0_u8; 16];
    let mut record = |body: Vec<u8>| {
        let mut mac = Hmac::<Sha512>::new_from_slice(secret).unwrap();
        mac.update(b"keyward-1/log\0\0\0");
        mac.update(&before);
        mac.update(&body);
        before.copy_from_slice(&mac.finalize().into_bytes()[..16]);
        [body.as_slice(), &before].concat()
    };
    bodies.into_iter().map(&mut record).collect()
}

/// A record without its tag.
pub fn body(record: &[u8]) -> Vec<u8> {
    record[..record.len() - 16].to_vec()
}

/// The bodies of a log as the schema before had them: without entries, and with what a lock counted
/// then in its start. No decision among them may have a witness.
pub fn before_logs(bodies: &[Vec<u8>], next: u8, boots: u8) -> Vec<Vec<u8>> {
    let older = |body: &Vec<u8>| match body[0] {
        0 => {
            let mut older = body.clone();
            older[1] = 2;
            let number = 2 + 32 + 16 + 32;
            let floor = number + varint(&older[number..]);
            let words = floor + varint(&older[floor..]);
            let open = words + varint(&older[words..]);
            older.insert(open, 0);
            older.splice(words..words, [next, boots]);
            Some(older)
        }
        // What was taken in, and when.
        12 => {
            let mut at = 1 + varint(&body[1..]);
            at += if body[at] == 1 { 1 + varint(&body[at + 1..]) } else { 1 } + 1;
            let kind = match body[at + 1] {
                10 => 2,
                3 => 3,
                _ => 4,
            };
            Some([&[kind], &body[at..]].concat())
        }
        13.. => None,
        _ => Some(body.clone()),
    };
    bodies.iter().filter_map(older).collect()
}

fn varint(bytes: &[u8]) -> usize {
    1 + bytes.iter().take_while(|byte| **byte >= 0x80).count()
}
