//! A server that verifies for many doors: all of its work but the network and the durable mark.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    sync::Mutex,
};

use keyward::{
    Card, Domain, Presentation,
    card::CheckedCard,
    id::{Counter, KeyName, LinkId, LockId},
    ledger::{Memory, Uses},
    replay::{CounterFault, Unseen},
    verify::{Chains, View, verify_with},
};
use keyward_testkit::fleet::{Fleet, Visit};

/// What a domain's owner has told the server, and what has been spent.
pub struct Server<'a> {
    domain: &'a Domain,
    cards: HashMap<LockId, CheckedCard<'a>>,
    spent: Spent,
}

impl<'a> Server<'a> {
    /// A server for all doors of a fleet.
    pub fn new(fleet: &'a Fleet, domain: &'a Domain) -> Self {
        let check = |(lock, card): (&LockId, &'a Vec<u8>)| {
            let card = Card::decode(card).expect("a card");
            (*lock, domain.check_card(&card).expect("a checked card"))
        };
        let cards = fleet.owner.library.cards.iter().map(check).collect();
        Self { domain, cards, spent: Spent::default() }
    }

    /// Reads one presentation, looks up what its door trusts, verifies it, and spends it in RAM.
    pub fn serve(&self, visit: &Visit, chains: &dyn Chains) {
        let presentation = Presentation::decode(&visit.presentation).expect("a presentation");
        let card = self.cards.get(&visit.door).expect("a door");
        let trust = self.domain.trust(card).expect("trust");
        let (now, challenge) = (Visit::now(), Some(visit.open()));
        let view = View { trust: &trust, memory: &self.spent, now, challenge, app: None };
        let accepted = verify_with(&presentation, &view, chains).expect("accepted");
        self.spent.spend(&visit.nonce.0, &accepted);
    }

    /// Forgets what was spent, so that the same presentations can come again.
    pub fn forget(&self) {
        self.spent.shards.iter().for_each(|shard| {
            let mut shard = shard.lock().expect("whole");
            (shard.nonces.clear(), shard.uses.clear());
        });
    }
}

/// Nonces and uses that were spent, in memory.
#[derive(Default)]
struct Spent {
    shards: [Mutex<Shard>; 16],
}

#[derive(Default)]
struct Shard {
    nonces: HashMap<[u8; 16], ()>,
    uses: HashMap<[u8; 16], Uses>,
}

impl Spent {
    fn spend(&self, nonce: &[u8; 16], accepted: &keyward::verify::Accepted) {
        let again = self.shard(nonce).lock().expect("whole").nonces.insert(*nonce, ());
        assert!(again.is_none(), "spent before");
        for counted in accepted.changes().counted() {
            let mut shard = self.shard(&counted.link.0).lock().expect("whole");
            let before = shard.uses.insert(counted.link.0, counted.after);
            assert_eq!(before.unwrap_or_default(), counted.before, "changed meanwhile");
        }
    }

    fn shard(&self, key: &[u8; 16]) -> &Mutex<Shard> {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        &self.shards[usize::try_from(hasher.finish() % 16).expect("below 16")]
    }
}

impl Memory for Spent {
    fn uses(&self, link: &LinkId) -> Uses {
        let shard = self.shard(&link.0).lock().expect("whole");
        shard.uses.get(&link.0).copied().unwrap_or_default()
    }

    fn counter(&self, _: &KeyName, _: Counter) -> Result<Unseen, CounterFault> {
        Err(CounterFault::Seen)
    }
}
