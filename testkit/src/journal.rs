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

/// The bodies of a log as schema 3 had them, where windows have so many words: its tables have names
/// of twice the length. It has the same of a list, which no lock of this schema reads.
pub fn of_schema_3(bodies: &[Vec<u8>], words: usize) -> Vec<Vec<u8>> {
    let older = |body: &Vec<u8>| match body[0] {
        0 => [&[0, 3], &body[2..]].concat(),
        5 => widened(body, 3, 0),
        6 => widened(body, 2, words * 8),
        _ => body.clone(),
    };
    bodies.iter().map(older).collect()
}

/// Entries whose names, the link's or holder's and the payer's two, are as long again; behind them
/// are so many integers, and so many bytes.
fn widened(body: &[u8], integers: usize, behind: usize) -> Vec<u8> {
    let (mut out, mut at) = (vec![body[0]], 1);
    while at < body.len() {
        for half in [8, 4, 4] {
            out.extend(&body[at..at + half]);
            out.extend(vec![0xee; half]);
            at += half;
        }
        let from = at;
        let width = (0..integers).fold(0, |width, _| width + varint(&body[from + width..]));
        // Some are cut short.
        at = (from + width + behind).min(body.len());
        out.extend(&body[from..at]);
    }
    out
}

fn varint(bytes: &[u8]) -> usize {
    1 + bytes.iter().take_while(|byte| **byte >= 0x80).count()
}
