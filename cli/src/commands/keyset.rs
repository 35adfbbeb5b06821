//! `keyward keyset`: who may issue, attest, revoke and enrol (SPEC.md section 16.2).

use std::path::PathBuf;

use clap::{Args, Subcommand};
use keyward::{
    Issuer, Keyset, PublicKey, Roles, Status, Time,
    id::KeysetVersion,
    keyset::Draft,
    role,
    wire::Kind,
    zone::{Zone, ZoneId},
};
use keyward_backend::zones;
use serde_json::json;

use crate::{
    app::App,
    domain::DomainFile,
    fail::{Failure, Result},
    files, key, object,
    object::Object,
    out::Out,
    show, when,
};

/// Says who may issue, attest, revoke and enrol
#[derive(Subcommand, Debug)]
pub(crate) enum KeysetCommand {
    /// Drafts the next keyset: what the newest says, with the changes that are given
    New(Drafting),
    /// Adds a root's signature to a draft; a complete keyset is taken into the domain's file
    Cosign(Cosign),
    /// Shows the newest keyset, or the one in FILE
    Show(Show),
}

#[derive(Args, Debug)]
pub(crate) struct Drafting {
    /// Adds an issuer or replaces it, as office.pub=issue,attest,revoke,enrol
    #[arg(long = "issuer", value_name = "KEY=ROLES")]
    issuers: Vec<String>,
    /// From when the added issuers' signatures count [default: now]
    #[arg(long, value_name = "TIME", requires = "issuers")]
    from: Option<String>,
    /// For how long
    #[arg(long = "for", value_name = "DURATION", default_value = "400d", requires = "issuers")]
    lasts: String,
    /// Drops an issuer: a key, its file or its id
    #[arg(long = "drop", value_name = "KEY")]
    dropped: Vec<String>,
    /// Where the locks' logs are sealed to: a public key of the class sealing
    #[arg(long, value_name = "KEY")]
    log_to: Option<String>,
    /// The zones that doors stand in, by their numbers from 1, at most 4: their offsets for the next
    /// 400 days [default: those of the keyset before, which end sooner]
    #[arg(long = "door-zone", value_name = "NAME", value_delimiter = ',')]
    zones: Vec<String>,
    #[command(flatten)]
    out: Out,
}

#[derive(Args, Debug)]
pub(crate) struct Cosign {
    /// The draft's file, which is written anew
    draft: PathBuf,
    /// A root
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
}

#[derive(Args, Debug)]
pub(crate) struct Show {
    /// A keyset, or a file that holds one
    keyset: Option<String>,
}

impl KeysetCommand {
    pub(crate) fn run(self, app: &App) -> Result<()> {
        match self {
            Self::New(draft) => draft.run(app),
            Self::Cosign(cosign) => cosign.run(app),
            Self::Show(Show { keyset: Some(argument) }) => show::print(
                app,
                &[Object { kind: Kind::Keyset, bytes: object::one(&argument, Kind::Keyset)? }],
            ),
            Self::Show(Show { keyset: None }) => {
                let file = app.domain()?;
                let bytes = file.keysets().last().cloned();
                let bytes = bytes.ok_or_else(|| Failure::input("the domain has no keyset"))?;
                show::print(app, &[Object { kind: Kind::Keyset, bytes }])
            }
        }
    }
}

/// Days that offset tables and, by default, issuers are written for.
const DAYS: u64 = 400;
const DAY: u64 = 86_400;

impl Drafting {
    fn run(self, app: &App) -> Result<()> {
        let file = app.domain()?;
        let (held, now) = (file.keyset(), app.now());
        let mut issuers: Vec<Issuer<'_>> =
            held.iter().flat_map(Keyset::unverified_issuers).collect();
        for argument in &self.dropped {
            drop_from(&mut issuers, app, argument)?;
        }
        let from = match self.from.as_deref() {
            Some(text) => when::instant(text, &app.clock).map_err(|why| why.of("--from"))?,
            None => now,
        };
        let lasts = when::duration(&self.lasts).map_err(|why| why.of("--for"))?;
        let clerks = self.issuers.iter().map(|argument| clerk(app, argument));
        let clerks = clerks.collect::<Result<Vec<_>>>()?;
        for (key, roles) in &clerks {
            issuers.retain(|known| known.key() != Ok(*key));
            issuers.push(Issuer::new(key, *roles, from, lasts));
        }
        issuers.sort_by_key(|issuer| issuer.key().ok());
        let log_to = match &self.log_to {
            Some(argument) => Some(key::sealing(app, argument)?),
            None => held.as_ref().and_then(Keyset::unverified_log_to),
        };
        let zones = match (self.zones.as_slice(), &held) {
            ([], Some(held)) => kept(held)?,
            (names, _) => tables(names, now)?,
        };
        let zones =
            zones.iter().map(|bytes| Ok(Zone::decode(bytes)?)).collect::<Result<Vec<_>>>()?;
        let version = held.as_ref().map_or(0, |held| held.unverified_version().0).saturating_add(1);
        let epoch = file.scope()?.epoch;
        let draft = Draft {
            epoch,
            version: KeysetVersion(version),
            issued_at: now,
            log_to,
            issuers: &issuers,
            zones: &zones,
        };
        let (draft, count) = (draft.encode()?, issuers.len());
        let needed = file.epoch()?.unverified_roots_needed();
        let sentence =
            format!("keyset {version} of epoch {epoch}, {count} issuers, 0 of {needed} signatures");
        let json = json!({
            "epoch": epoch.0, "version": version, "issuers": count, "needed": needed,
        });
        self.out.objects(app, &[draft.as_bytes()], &sentence, json)
    }
}

/// Reads `KEY=ROLES`.
fn clerk(app: &App, argument: &str) -> Result<(PublicKey<role::Issuer>, Roles)> {
    let bad =
        || Failure::input(format!("--issuer {argument}: as office.pub=issue,attest,revoke,enrol"));
    let (key, names) = argument.rsplit_once('=').ok_or_else(bad)?;
    let roles = names.split(',').map(|name| {
        let found = ROLES.iter().find(|(known, _)| *known == name);
        found.map(|(_, role)| *role).ok_or_else(bad)
    });
    let roles = roles.collect::<Result<Vec<_>>>()?.into_iter().reduce(Roles::and);
    Ok((key::public(app, key)?, roles.ok_or_else(bad)?))
}

/// The roles by their names.
pub(crate) const ROLES: [(&str, Roles); 4] = [
    ("issue", Roles::ISSUE),
    ("attest", Roles::ATTEST),
    ("revoke", Roles::REVOKE),
    ("enrol", Roles::ENROL),
];

fn drop_from(issuers: &mut Vec<Issuer<'_>>, app: &App, argument: &str) -> Result<()> {
    let before = issuers.len();
    match issuers.iter().any(|issuer| issuer.id().to_string() == argument) {
        true => issuers.retain(|issuer| issuer.id().to_string() != argument),
        false => {
            let key = key::public::<role::Issuer>(app, argument)?;
            issuers.retain(|issuer| issuer.key() != Ok(key));
        }
    }
    match issuers.len() < before {
        true => Ok(()),
        false => Err(Failure::input(format!("--drop {argument}: the keyset has no such issuer"))),
    }
}

/// The offset tables of the keyset before: their names are not in it, so they end when they did.
fn kept(held: &Keyset<'_>) -> Result<Vec<Vec<u8>>> {
    let zones = held.unverified_zones().map(|zone| {
        let steps: Vec<_> = zone.transitions().collect();
        Ok(Zone::encode(zone.id(), &steps, zone.end())?.as_bytes().to_vec())
    });
    zones.collect()
}

/// Offset tables from yesterday's midnight on.
fn tables(names: &[String], now: Time) -> Result<Vec<Vec<u8>>> {
    let from = Time((now.0 / DAY).saturating_sub(1) * DAY);
    let until = from.after((DAYS + 1) * DAY);
    let mut tables = Vec::new();
    for (id, name) in (1..).zip(names) {
        let table = zones::table(ZoneId(id), name, from, until);
        let (table, _end) =
            table.map_err(|error| Failure::input(format!("--door-zone {name}: {error}")))?;
        tables.push(table.as_bytes().to_vec());
    }
    Ok(tables)
}

impl Cosign {
    fn run(self, app: &App) -> Result<()> {
        let path = self.draft.to_string_lossy();
        let draft = object::one_of_file(&self.draft, Kind::Keyset)?;
        let key = key::signing::<role::Root>(app, &self.key)?;
        let _alone = files::exclusive(&app.domain)?;
        let mut file = app.domain()?;
        let signed = {
            let signed = Keyset::decode(&draft)?.cosign(&file.scope()?, &file.epoch()?, &key)?;
            signed.as_bytes().to_vec()
        };
        files::replace(&self.draft, format!("{}\n", object::of(&signed)?).as_bytes())?;
        let keyset = Keyset::decode(&signed)?;
        let (have, needed) =
            (keyset.unverified_signers().count(), file.epoch()?.unverified_roots_needed());
        let version = keyset.unverified_version().0;
        let mut line = format!("{path}: keyset {version}, {have} of {needed} signatures");
        if have == usize::from(needed) {
            file.take(&Object { kind: Kind::Keyset, bytes: signed.clone() })?;
            file.save()?;
            line = format!("{line}, taken into {}", app.domain.display());
            if is_orphaned(&file)? {
                line.push_str(
                    "; whoever signed the revocation list is dropped, and no lock takes that list \
                     any more: sign it anew by `keyward revoke --key FILE`",
                );
            }
        }
        app.say(&line, &json!({ "version": version, "signatures": have, "needed": needed }));
        Ok(())
    }
}

/// Whether the list's signer may revoke no more (SPEC.md section 8.4).
fn is_orphaned(file: &DomainFile) -> Result<bool> {
    let (Some(bytes), Some(keyset)) = (file.list_bytes(), file.keyset()) else { return Ok(false) };
    let signer = Status::decode(bytes)?.unverified_issuer();
    let mut issuers = keyset.unverified_issuers();
    Ok(!issuers.any(|issuer| issuer.id() == signer && issuer.roles().has(Roles::REVOKE)))
}
