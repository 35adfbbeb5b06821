//! A domain's statements in one file, as anybody may carry them: all epochs and keysets, the newest
//! list, the newest card of each lock (SPEC.md sections 16 and 17).
//!
//! Reading the file verifies all of it. What it says is believed from its epoch 0 on, whose hash is
//! the domain's id: whoever gets it from elsewhere compares that.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use keyward::{
    Card, Domain, Epoch, Keyset, Refusal, Scope, Status, Trust, Walk,
    card::CheckedCard,
    id::{self, DomainId, KeysetVersion, LockId},
    wire::Kind,
};

use crate::{
    fail::{Failure, Result},
    files,
    name::lock_name,
    object::{self, Object},
};

/// What one domain has said, verified.
pub(crate) struct DomainFile {
    path: PathBuf,
    id: DomainId,
    /// The way to the newest epoch, which may be without a keyset yet.
    walk: Walk,
    epochs: Vec<Vec<u8>>,
    keysets: Vec<Vec<u8>>,
    list: Option<Vec<u8>>,
    cards: BTreeMap<LockId, Vec<u8>>,
    /// Of locks without a card in the newest epoch, the one of an epoch before: what the next is
    /// made of.
    former: BTreeMap<LockId, Vec<u8>>,
    domain: Option<Domain>,
}

impl DomainFile {
    /// Reads the file and verifies what is in it.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        if !path.exists() {
            return Err(Failure::input(format!(
                "{}: no such domain; `keyward epoch new` founds one, --domain names another file",
                path.display()
            )));
        }
        let objects = object::read(&path.to_string_lossy())?;
        Self::of(path, objects).map_err(|failure| {
            let (path, why) = (path.display().to_string(), failure.to_string());
            Failure::input(if why.starts_with(&path) { why } else { format!("{path}: {why}") })
        })
    }

    /// A domain of the statements among these objects; other kinds are passed over.
    pub(crate) fn of(path: &Path, objects: Vec<Object>) -> Result<Self> {
        let mut statements = objects
            .into_iter()
            .filter_map(|object| Some((Order::of(&object)?, object)))
            .collect::<Vec<_>>();
        statements.sort_by_key(|(order, _)| *order);
        let mut statements = statements.into_iter().map(|(_, object)| object);
        let first = statements.next().filter(|object| object.kind == Kind::Epoch);
        let first = first.ok_or_else(|| Failure::input("it has no epoch 0"))?;
        let mut file = Self::found(path, &first.bytes)?;
        for statement in statements {
            file.take(&statement)?;
        }
        Ok(file)
    }

    /// A domain that begins with its epoch 0, which all of its cold keys' threshold have signed.
    pub(crate) fn found(path: &Path, first: &[u8]) -> Result<Self> {
        let epoch = Epoch::decode(first)?;
        let id = epoch.domain().ok_or_else(|| Failure::input("it has no epoch 0"))?;
        Ok(Self {
            path: path.to_owned(),
            id,
            walk: Walk::from_first(id, &epoch)?,
            epochs: vec![first.to_vec()],
            keysets: Vec::new(),
            list: None,
            cards: BTreeMap::new(),
            former: BTreeMap::new(),
            domain: None,
        })
    }

    /// Takes a statement in, if it holds; returns a sentence of what became of it.
    pub(crate) fn take(&mut self, object: &Object) -> Result<&'static str> {
        let bytes = &object.bytes;
        match object.kind {
            Kind::Epoch => self.take_epoch(bytes),
            Kind::Keyset => self.take_keyset(bytes),
            Kind::Status => self.take_list(bytes),
            Kind::Card => self.take_card(bytes),
            kind => Err(Failure::input(format!("a {} is no statement", object::name(kind)))),
        }
    }

    fn take_epoch(&mut self, bytes: &[u8]) -> Result<&'static str> {
        // The bodies are compared: of what is held nobody looks at the signatures again.
        let hash = Epoch::decode(bytes)?.body_hash();
        let held = self.epochs.iter().filter_map(|known| Epoch::decode(known).ok());
        if held.map(|known| known.body_hash()).any(|known| known == hash) {
            return Ok(HELD);
        }
        // A walk ends after 16 epochs; a keyset ends it before.
        if let Some(domain) = self.domain.as_ref().filter(|_| self.has_keyset()) {
            self.walk = domain.walk()?;
        }
        self.walk.step(&Epoch::decode(bytes)?)?;
        self.epochs.push(bytes.to_vec());
        self.former.append(&mut self.cards);
        self.list = None;
        Ok(TAKEN)
    }

    fn take_keyset(&mut self, bytes: &[u8]) -> Result<&'static str> {
        let keyset = Keyset::decode(bytes)?;
        let hash = keyset.body_hash();
        let held = self.keysets.iter().filter_map(|known| Keyset::decode(known).ok());
        if held.map(|known| known.body_hash()).any(|known| known == hash) {
            return Ok(HELD);
        }
        let begins = !self.has_keyset();
        match &mut self.domain {
            Some(domain) if begins => drop(domain.take_epoch(self.walk.clone(), &keyset)?),
            Some(domain) => drop(domain.take_keyset(&keyset)?),
            none => *none = Some(Domain::found(self.walk.clone(), &keyset)?),
        }
        self.keysets.push(bytes.to_vec());
        Ok(TAKEN)
    }

    fn take_list(&mut self, bytes: &[u8]) -> Result<&'static str> {
        if self.domain_mut()?.take_list(&Status::decode(bytes)?)? == keyward::Taken::Unchanged {
            return Ok(HELD);
        }
        self.list = Some(bytes.to_vec());
        Ok(TAKEN)
    }

    fn take_card(&mut self, bytes: &[u8]) -> Result<&'static str> {
        let card = Card::decode(bytes)?;
        let lock = self.domain()?.check_card(&card)?.lock();
        if let Some(held) = self.cards.get(&lock) {
            let order = Card::decode(held)?.unverified_order();
            match card.unverified_order().cmp(&order) {
                _ if held == bytes => return Ok(HELD),
                std::cmp::Ordering::Less => return Err(Refusal::Older.into()),
                std::cmp::Ordering::Equal => return Err(Refusal::Fork.into()),
                std::cmp::Ordering::Greater => {}
            }
        }
        self.former.remove(&lock);
        self.cards.insert(lock, bytes.to_vec());
        Ok(TAKEN)
    }

    /// Whether the newest epoch has a keyset.
    fn has_keyset(&self) -> bool {
        let held = self.domain.as_ref().and_then(|domain| domain.scope().ok());
        let newest = self.epoch().map(|epoch| epoch.unverified_number());
        held.map(|scope| scope.epoch) == newest.ok()
    }

    /// Writes the file anew.
    pub(crate) fn save(&self) -> Result<()> {
        let mut text = String::from("# A domain's statements: nothing here is secret.\n");
        for statement in self.statements() {
            text.push_str(&object::of(&statement)?);
            text.push('\n');
        }
        files::replace(&self.path, text.as_bytes())
    }

    /// All statements, in the order in which a lock or an auditor takes them.
    pub(crate) fn statements(&self) -> Vec<Vec<u8>> {
        let mut all = self.epochs.clone();
        all.extend(self.keysets.iter().cloned());
        all.extend(self.list.clone());
        all.extend(self.former.values().cloned());
        all.extend(self.cards.values().cloned());
        all
    }

    /// The domain's name.
    pub(crate) const fn id(&self) -> DomainId {
        self.id
    }

    /// The newest epoch.
    pub(crate) fn epoch(&self) -> Result<Epoch<'_>> {
        let bytes = self.epochs.last().ok_or_else(|| Failure::input("it has no epoch"))?;
        Ok(Epoch::decode(bytes)?)
    }

    /// The newest epoch's scope.
    pub(crate) fn scope(&self) -> Result<Scope> {
        Ok(Scope { domain: self.id, epoch: self.epoch()?.unverified_number() })
    }

    /// The domain with the keyset of its newest epoch.
    pub(crate) fn domain(&self) -> Result<&Domain> {
        let held = self.domain.as_ref().filter(|_| self.has_keyset());
        held.ok_or_else(|| no_keyset(&self.path))
    }

    fn domain_mut(&mut self) -> Result<&mut Domain> {
        let has = self.has_keyset();
        self.domain.as_mut().filter(|_| has).ok_or_else(|| no_keyset(&self.path))
    }

    /// The keyset of the newest epoch, if it has one.
    pub(crate) fn keyset(&self) -> Option<Keyset<'_>> {
        self.domain().ok()?.keyset().ok()
    }

    /// Epochs, one after the other.
    pub(crate) fn epochs(&self) -> &[Vec<u8>] {
        &self.epochs
    }

    /// Keysets, one after the other.
    pub(crate) fn keysets(&self) -> &[Vec<u8>] {
        &self.keysets
    }

    /// The newest list's bytes.
    pub(crate) fn list_bytes(&self) -> Option<&[u8]> {
        self.list.as_deref()
    }

    /// The cards of the newest epoch.
    pub(crate) const fn cards(&self) -> &BTreeMap<LockId, Vec<u8>> {
        &self.cards
    }

    /// A lock's card.
    pub(crate) fn card(&self, lock: LockId) -> Result<Card<'_>> {
        let bytes = self.cards.get(&lock).ok_or_else(|| {
            let (path, lock) = (self.path.display(), lock_name(&lock));
            Failure::input(format!("{path}: no card of the lock {lock}; `keyward card` issues one"))
        })?;
        Ok(Card::decode(bytes)?)
    }

    /// A lock's card of an epoch before, where it has none in the newest.
    pub(crate) fn former_card(&self, lock: LockId) -> Option<Card<'_>> {
        Card::decode(self.former.get(&lock)?).ok()
    }

    /// A lock's card, as apps believe it.
    pub(crate) fn checked_card(&self, lock: LockId) -> Result<CheckedCard<'_>> {
        Ok(self.domain()?.check_card(&self.card(lock)?)?)
    }

    /// What a lock with its newest card trusts.
    pub(crate) fn trust(&self, lock: LockId) -> Result<Trust<'_>> {
        let domain = self.domain()?;
        let list = domain.list()?;
        let emergency = self.epoch()?.unverified_emergency().transpose()?;
        let card = self.card(lock)?;
        Ok(Trust::pinned(self.scope()?, emergency, &domain.keyset()?, &card, list.as_ref()))
    }
}

const HELD: &str = "held already";
const TAKEN: &str = "taken in";

fn no_keyset(path: &Path) -> Failure {
    let path = path.display();
    Failure::input(format!("{path}: the epoch has no keyset yet; `keyward keyset new` drafts one"))
}

/// The order in which statements are taken, so that each is judged by what was in force: epoch,
/// keyset version, then keysets before lists before cards, then their own numbers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Order(id::Epoch, KeysetVersion, u8, u64);

impl Order {
    fn of(object: &Object) -> Option<Self> {
        let bytes = &object.bytes;
        match object.kind {
            Kind::Epoch => {
                let epoch = Epoch::decode(bytes).ok()?;
                Some(Self(epoch.unverified_number(), KeysetVersion(0), 0, 0))
            }
            Kind::Keyset => {
                let keyset = Keyset::decode(bytes).ok()?;
                Some(Self(keyset.unverified_epoch(), keyset.unverified_version(), 1, 0))
            }
            Kind::Status => {
                let status = Status::decode(bytes).ok()?;
                let order = status.unverified_state().list;
                let listed = status.unverified_list().is_some();
                listed.then(|| Self(status.unverified_epoch(), order.keyset, 2, order.number.0))
            }
            Kind::Card => {
                let card = Card::decode(bytes).ok()?;
                let order = card.unverified_order();
                Some(Self(card.unverified_epoch(), order.keyset, 3, order.version.0))
            }
            _ => None,
        }
    }
}
