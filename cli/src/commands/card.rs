//! `keyward card`: says what a lock is (SPEC.md section 16.3).

use std::path::PathBuf;

use clap::Args;
use keyward::{
    Roles, SealingKey, Unclaimed,
    card::{CardOrder, Draft},
    id::{CardVersion, Epoch, GroupId},
    wire::Kind,
    zone::ZoneId,
};
use serde_json::json;

use crate::{
    app::App,
    fail::{Failure, Result},
    files, issuer, key, name, object,
    object::Object,
    out::Out,
};

/// Issues a lock's card, into the domain's file: what apps and the lock itself believe of it
///
/// A lock that has a card keeps what no option changes.
#[derive(Args, Debug)]
pub(crate) struct CardCommand {
    /// The lock's name in the domain, up to 8 letters; never given twice
    lock: String,
    /// What the lock showed when it was new: from `keyward lock new`, or an installer's app
    #[arg(long, value_name = "OBJECT")]
    unclaimed: Option<String>,
    /// An issuer that may enrol
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The groups that it is in, at most 8, instead of those before
    #[arg(long = "group", value_name = "NAME", value_delimiter = ',')]
    groups: Option<Vec<String>>,
    /// The key that presentations are sealed to
    #[arg(long, value_name = "KEY")]
    sealing: Option<String>,
    /// Whether it takes sealed presentations alone
    #[arg(long, value_name = "BOOL")]
    sealed_only: Option<bool>,
    /// Whether it takes presentations without a challenge: codes, queues
    #[arg(long, value_name = "BOOL")]
    unchallenged: Option<bool>,
    /// The number of the zone that it stands in, as the keyset has it
    #[arg(long, value_name = "N")]
    door_zone: Option<u8>,
    #[command(flatten)]
    out: Out,
}

/// What a card says, before or without the options.
struct Before {
    unclaimed: Unclaimed,
    groups: Vec<GroupId>,
    sealing: Option<SealingKey>,
    sealed_only: bool,
    unchallenged: bool,
    zone: Option<ZoneId>,
    version: u64,
}

impl CardCommand {
    pub(crate) fn run(self, app: &App) -> Result<()> {
        let lock = name::lock(&self.lock)?;
        let _alone = files::exclusive(&app.domain)?;
        let mut file = app.domain()?;
        let epoch = file.scope()?.epoch;
        let held = file.card(lock).ok().or_else(|| file.former_card(lock));
        let before = match (&self.unclaimed, held) {
            (Some(argument), held) => {
                let bytes = object::one(argument, Kind::Unclaimed)?;
                let shown = Unclaimed::decode(&bytes)?;
                match held {
                    Some(card) if card.unverified_nonce() == shown.nonce => {
                        Before { unclaimed: shown, ..Before::of(&card, epoch)? }
                    }
                    Some(card) if card.unverified_epoch() == epoch => {
                        let lock = &self.lock;
                        return Err(Failure::input(format!(
                            "{lock}: the name of another lock, or of this one before it was \
                             reset: tokens that are out would open it; give it a name of its own"
                        )));
                    }
                    // In a new epoch old tokens open nothing, and a name may be given anew.
                    _ => Before::new(shown),
                }
            }
            (None, Some(card)) => Before::of(&card, epoch)?,
            (None, None) => {
                let lock = &self.lock;
                return Err(Failure::input(format!(
                    "--unclaimed is missing: {lock} has no card yet; `keyward lock new` shows what a lock is"
                )));
            }
        };
        let enroller = issuer::read(app, &file, &self.key, Roles::ENROL, "enrol locks")?;
        let keyset = file.domain()?.keyset()?.unverified_version();
        let order = CardOrder { keyset, version: CardVersion(before.version.saturating_add(1)) };
        let mut groups = match &self.groups {
            Some(names) => names.iter().map(|text| name::group(text)).collect::<Result<_>>()?,
            None => before.groups,
        };
        groups.sort_unstable();
        let sealing = match &self.sealing {
            Some(argument) => Some(key::sealing(app, argument)?),
            None => before.sealing,
        };
        let draft = Draft {
            scope: file.scope()?,
            order,
            at: app.now(),
            lock,
            groups: &groups,
            device: before.unclaimed.device,
            sealing,
            sealed_only: self.sealed_only.unwrap_or(before.sealed_only),
            unchallenged: self.unchallenged.unwrap_or(before.unchallenged),
            zone: self.door_zone.map(ZoneId).or(before.zone),
            nonce: before.unclaimed.nonce,
        };
        let card = draft.by(&enroller.public())?.sign(&enroller)?.as_bytes().to_vec();
        file.take(&Object { kind: Kind::Card, bytes: card.clone() })?;
        file.save()?;
        let version = order.version.0;
        let sentence =
            format!("card {version} of {}, taken into {}", self.lock, app.domain.display());
        let json = json!({ "lock": lock.to_string(), "name": self.lock, "version": version });
        match self.out.out.is_some() || app.json {
            true => self.out.objects(app, &[&card], &sentence, json),
            false => {
                app.say(&sentence, &json);
                Ok(())
            }
        }
    }
}

impl Before {
    fn new(unclaimed: Unclaimed) -> Self {
        let (groups, sealing, zone) = (Vec::new(), None, None);
        let (sealed_only, unchallenged, version) = (false, false, 0);
        Self { unclaimed, groups, sealing, sealed_only, unchallenged, zone, version }
    }

    /// A lock keeps its settings over an epoch's end; versions begin anew.
    fn of(card: &keyward::Card<'_>, epoch: Epoch) -> Result<Self> {
        let (device, nonce) = (card.unverified_device()?, card.unverified_nonce());
        Ok(Self {
            unclaimed: Unclaimed { device, nonce },
            groups: card.unverified_groups().collect(),
            sealing: card.unverified_sealing(),
            sealed_only: card.unverified_sealed_only(),
            unchallenged: card.unverified_unchallenged(),
            zone: card.unverified_zone(),
            version: match card.unverified_epoch() == epoch {
                true => card.unverified_order().version.0,
                false => 0,
            },
        })
    }
}
