//! What a directory of many domains costs: `cargo bench -p keyward-backend --bench directory
//! [domains]`, 100 000 if nothing is said.
//!
//! Each domain has an epoch, a keyset of four issuers, and one door; every second one a list. The
//! memory is what the process has more of afterwards, by `/proc`; looking up and reading is timed
//! beside the signatures of the smallest presentation.

use std::{
    fs,
    hint::black_box,
    time::{Duration, Instant},
};

use ed25519_dalek::Signer as _;
use keyward::{
    Card, Domain, Epoch, Issuer, Keyset, PublicKey, Roles, Scope, Seconds, SigningKey, State,
    Status, Threshold, Time, card,
    card::CardOrder,
    epoch::{self, Commitment},
    id::{self, CardVersion, ClaimNonce, KeysetVersion, ListNumber, LockId},
    keyset, role,
    status::{ListOrder, Revoked},
};
use keyward_backend::directory::{Bundle, Directory, Door};
use rand_core::{Rng, SeedableRng};
use rayon::prelude::*;

const NOW: Time = Time(1_795_510_800);

fn main() {
    let count = std::env::args().filter_map(|word| word.parse().ok()).next().unwrap_or(100_000);
    let keys = Keys::new();
    // In portions, so that what is made isn't mistaken for what is held.
    let directory = Directory::new();
    let before = resident();
    let mut doors = Vec::with_capacity(count);
    let mut founding = Duration::ZERO;
    let mut bytes = 0;
    for from in (0..count).step_by(10_000) {
        let numbers = from..count.min(from + 10_000);
        let made: Vec<_> = numbers.into_par_iter().map(|number| keys.domain(number)).collect();
        bytes += made.iter().map(Made::len).sum::<usize>();
        let start = Instant::now();
        made.par_iter().for_each(|made| made.found(&directory));
        founding += start.elapsed();
        doors.extend(made.iter().map(|made| made.door));
    }
    let doors_bytes = count * size_of::<Door>();
    let held = resident() - before - doors_bytes;
    println!("domains: {}", directory.len());
    println!("bytes_of_statements_a_domain: {}", bytes / count);
    println!("bytes_a_domain: {}", held / count);
    println!("bytes_of_a_domain_of_the_core: {}", size_of::<Domain>() + size_of::<Card<'_>>());
    println!("founding_us_a_domain: {:.0}", founding.as_secs_f64() * 1e6 / count as f64);

    // In an order that no cache foresees.
    let mut rng = chacha20::ChaCha20Rng::seed_from_u64(3);
    let asked: Vec<_> =
        (0..200_000).map(|_| doors[rng.next_u64() as usize % doors.len()]).collect();
    let raw = ed25519_dalek::SigningKey::from_bytes(&[5; 32]);
    let signature = raw.sign(&[1; 200]);
    let (mut looks, mut reads, mut floors) = (vec![], vec![], vec![]);
    for asked in asked.chunks(4000) {
        looks.push(each(asked, |door| drop(black_box(directory.trust(door).unwrap()))));
        reads.push(each(asked, |door| {
            let held = directory.trust(door).unwrap();
            black_box(held.trust().unwrap().lock());
        }));
        floors.push(each(&asked[..400], |_| {
            // The two signatures of a presentation of one link.
            for _ in 0..2 {
                let key = ed25519_dalek::VerifyingKey::from_bytes(raw.verifying_key().as_bytes());
                key.unwrap().verify_strict(&[1; 200], &signature).unwrap();
            }
        }));
    }
    let (look, read, floor) = (median(looks), median(reads), median(floors));
    println!("lookup_ns: {look:.0}");
    println!("lookup_and_read_ns: {read:.0}");
    println!("two_signatures_ns: {floor:.0}");
    println!("lookup_and_read_ratio_to_two_signatures: {:.4}", read / floor);
}

/// One owner's keys, for all domains; what differs is when the epoch was drafted.
struct Keys {
    roots: Vec<SigningKey<role::Root>>,
    cold: Vec<SigningKey<role::Cold>>,
    next: Commitment,
    issuers: Vec<SigningKey<role::Issuer>>,
    device: PublicKey<role::Device>,
}

/// A domain's statements.
struct Made {
    door: Door,
    epoch: Vec<u8>,
    keyset: Vec<u8>,
    list: Option<Vec<u8>>,
    card: Vec<u8>,
}

impl Made {
    fn len(&self) -> usize {
        let list = self.list.as_ref().map_or(0, Vec::len);
        self.epoch.len() + self.keyset.len() + list + self.card.len()
    }

    fn found(&self, directory: &Directory) {
        let (domain, list) = (self.door.domain, self.list.as_deref());
        let (epochs, keysets) = ([self.epoch.as_slice()], [self.keyset.as_slice()]);
        let cards = [self.card.as_slice()];
        let bundle = Bundle { domain, epochs: &epochs, keysets: &keysets, list, cards: &cards };
        directory.found(&bundle).unwrap();
    }
}

impl Keys {
    fn new() -> Self {
        let mut rng = chacha20::ChaCha20Rng::seed_from_u64(1);
        fn sorted<R: role::Role>(
            count: usize,
            rng: &mut chacha20::ChaCha20Rng,
        ) -> Vec<SigningKey<R>> {
            let mut keys: Vec<_> = (0..count).map(|_| SigningKey::generate(rng)).collect();
            keys.sort_by_key(SigningKey::public);
            keys
        }
        let next: Vec<_> =
            sorted::<role::Cold>(2, &mut rng).iter().map(SigningKey::public).collect();
        Self {
            roots: sorted(2, &mut rng),
            cold: sorted(2, &mut rng),
            next: Commitment::new(&Threshold { needed: 2, keys: &next }).unwrap(),
            issuers: sorted(4, &mut rng),
            device: SigningKey::generate(&mut rng).public(),
        }
    }

    fn domain(&self, number: usize) -> Made {
        let roots: Vec<_> = self.roots.iter().map(SigningKey::public).collect();
        let cold: Vec<_> = self.cold.iter().map(SigningKey::public).collect();
        let draft = epoch::Draft {
            number: id::Epoch(0),
            issued_at: NOW.after(number as u64),
            roots: Threshold { needed: 2, keys: &roots },
            emergency: None,
            next: self.next,
            cold: Threshold { needed: 2, keys: &cold },
        };
        let mut epoch = draft.encode().unwrap().as_bytes().to_vec();
        let domain = Epoch::decode(&epoch).unwrap().domain().unwrap();
        for key in &self.cold {
            epoch = Epoch::decode(&epoch).unwrap().cosign(domain, key).unwrap().as_bytes().to_vec();
        }
        let scope = Scope { domain, epoch: id::Epoch(0) };
        let keyset = self.keyset(&scope, &Epoch::decode(&epoch).unwrap());
        let list = number.is_multiple_of(2).then(|| self.list(scope));
        let lock = LockId(*b"flat-12a");
        let order = CardOrder { keyset: KeysetVersion(1), version: CardVersion(1) };
        let draft = card::Draft {
            scope,
            order,
            at: NOW,
            lock,
            groups: &[id::GroupId(*b"way-in..")],
            device: self.device,
            sealing: None,
            sealed_only: false,
            unchallenged: false,
            zone: None,
            nonce: ClaimNonce([2; 16]),
        };
        let card = draft.by(&self.issuers[0].public()).unwrap().sign(&self.issuers[0]).unwrap();
        let card = card.as_bytes().to_vec();
        Made { door: Door { domain, lock }, epoch, keyset, list, card }
    }

    fn keyset(&self, scope: &Scope, epoch: &Epoch<'_>) -> Vec<u8> {
        let keys: Vec<_> = self.issuers.iter().map(SigningKey::public).collect();
        let all = Roles::ISSUE.and(Roles::ATTEST).and(Roles::REVOKE).and(Roles::ENROL);
        let from = Time(NOW.0 - 86_400);
        let issuers: Vec<_> =
            keys.iter().map(|key| Issuer::new(key, all, from, Seconds::days(400))).collect();
        let draft = keyset::Draft {
            epoch: scope.epoch,
            version: KeysetVersion(1),
            issued_at: NOW,
            log_to: None,
            issuers: &issuers,
            zones: &[],
        };
        let mut bytes = draft.encode().unwrap().as_bytes().to_vec();
        for root in &self.roots {
            let signed = Keyset::decode(&bytes).unwrap().cosign(scope, epoch, root).unwrap();
            bytes = signed.as_bytes().to_vec();
        }
        bytes
    }

    fn list(&self, scope: Scope) -> Vec<u8> {
        let order = ListOrder { keyset: KeysetVersion(1), number: ListNumber(1) };
        let state = State { keyset: KeysetVersion(1), list: order, at: NOW };
        let entries: Vec<_> = (0..4).map(|number| Revoked([number; 8])).collect();
        let key = &self.issuers[0];
        let draft = Status::revoke(scope, &key.public(), state, &entries, &[], None).unwrap();
        draft.sign(key).unwrap().as_bytes().to_vec()
    }
}

/// What the process holds in memory, in bytes.
fn resident() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib: usize = line.and_then(|line| line.trim().split(' ').next()?.parse().ok()).unwrap_or(0);
    kib * 1024
}

/// Nanoseconds for each.
fn each(doors: &[Door], mut job: impl FnMut(&Door)) -> f64 {
    let start = Instant::now();
    doors.iter().for_each(&mut job);
    start.elapsed().as_secs_f64() * 1e9 / doors.len() as f64
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
