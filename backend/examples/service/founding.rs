//! A domain of one door, founded at the first start and read at every later one.

use std::{
    error::Error,
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use keyward::{
    Epoch, Issuer, Keyset, Roles, Scope, Seconds, SigningKey, Threshold, Time, card,
    card::CardOrder,
    epoch::{self, Commitment},
    id::{self, CardVersion, ClaimNonce, DomainId, KeysetVersion, LockId},
    keyset, role,
};

/// The door that the domain begins with.
pub const DOOR: LockId = LockId(*b"front-01");

/// What was founded.
pub struct Founded {
    pub domain: DomainId,
    pub epoch: Vec<u8>,
    pub keyset: Vec<u8>,
    pub card: Vec<u8>,
    pub fleet: [u8; 32],
    issuer: [u8; 32],
    client: [u8; 32],
}

impl Founded {
    /// The key that issues, attests, revokes and enrols.
    pub fn issuer(&self) -> SigningKey<role::Issuer> {
        SigningKey::from_secret(&self.issuer)
    }

    /// The domain in its first epoch.
    pub const fn scope(&self) -> Scope {
        Scope { domain: self.domain, epoch: id::Epoch(0) }
    }

    /// What the client sends.
    pub fn api_key(&self) -> String {
        hex(&self.client)
    }
}

/// Reads what was founded in a folder, or founds it.
pub fn open(folder: &Path) -> Result<Founded, Box<dyn Error>> {
    if !folder.join("card").exists() {
        found(folder)?;
    }
    let epoch = fs::read(folder.join("epoch"))?;
    let secret = |name: &str| -> Result<[u8; 32], Box<dyn Error>> {
        Ok(fs::read(folder.join(name))?.as_slice().try_into()?)
    };
    Ok(Founded {
        domain: Epoch::decode(&epoch)?.domain().ok_or("not the first epoch")?,
        keyset: fs::read(folder.join("keyset"))?,
        card: fs::read(folder.join("card"))?,
        fleet: secret("fleet.secret")?,
        issuer: secret("issuer.secret")?,
        client: secret("client.secret")?,
        epoch,
    })
}

/// Draws the keys, signs the statements, and writes them down; the card last, which says that all
/// is there.
fn found(folder: &Path) -> Result<(), Box<dyn Error>> {
    let now = Time(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs());
    let draw = |name: &str| -> Result<[u8; 32], Box<dyn Error>> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed)?;
        write_secret(&folder.join(name), &seed)?;
        Ok(seed)
    };
    let cold = SigningKey::<role::Cold>::from_secret(&draw("cold.secret")?);
    let next = SigningKey::<role::Cold>::from_secret(&draw("next-cold.secret")?);
    let root = SigningKey::<role::Root>::from_secret(&draw("root.secret")?);
    let device = SigningKey::<role::Device>::from_secret(&draw("door.secret")?);
    let issuer = SigningKey::<role::Issuer>::from_secret(&draw("issuer.secret")?);
    draw("fleet.secret")?;
    let client = draw("client.secret")?;
    write_secret(&folder.join("client.key"), hex(&client).as_bytes())?;

    let draft = epoch::Draft {
        number: id::Epoch(0),
        issued_at: now,
        roots: Threshold { needed: 1, keys: &[root.public()] },
        emergency: None,
        next: Commitment::new(&Threshold { needed: 1, keys: &[next.public()] })?,
        cold: Threshold { needed: 1, keys: &[cold.public()] },
    };
    let draft = draft.encode()?;
    let draft = Epoch::decode(draft.as_bytes())?;
    let domain = draft.domain().ok_or("not the first epoch")?;
    let epoch = draft.cosign(domain, &cold)?;
    let scope = Scope { domain, epoch: id::Epoch(0) };

    let (key, all) = (issuer.public(), Roles::ISSUE.and(Roles::ATTEST));
    let all = all.and(Roles::REVOKE).and(Roles::ENROL);
    // From yesterday on: clocks differ.
    let from = Time(now.0 - 86_400);
    let issuers = [Issuer::new(&key, all, from, Seconds::days(400))];
    let draft = keyset::Draft {
        epoch: scope.epoch,
        version: KeysetVersion(1),
        issued_at: now,
        log_to: None,
        issuers: &issuers,
        zones: &[],
    };
    let draft = draft.encode()?;
    let read = Epoch::decode(epoch.as_bytes())?;
    let keyset = Keyset::decode(draft.as_bytes())?.cosign(&scope, &read, &root)?;

    let card = card::Draft {
        scope,
        order: CardOrder { keyset: KeysetVersion(1), version: CardVersion(1) },
        at: now,
        lock: DOOR,
        groups: &[],
        device: device.public(),
        sealing: None,
        sealed_only: false,
        unchallenged: false,
        zone: None,
        nonce: ClaimNonce([1; 16]),
    };
    let card = card.by(&key)?.sign(&issuer)?;
    fs::write(folder.join("epoch"), epoch.as_bytes())?;
    fs::write(folder.join("keyset"), keyset.as_bytes())?;
    fs::write(folder.join("card"), card.as_bytes())?;
    Ok(())
}

/// Writes what nobody else may read.
fn write_secret(path: &Path, secret: &[u8]) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    options.open(path)?.write_all(secret)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
