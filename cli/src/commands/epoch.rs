//! `keyward epoch`: founds a domain, and recovers it (SPEC.md section 16.1).

use std::path::PathBuf;

use clap::{Args, Subcommand};
use keyward::{
    Epoch, PublicKey, Threshold,
    epoch::{Commitment, Draft},
    id, role,
    role::Role,
    wire::Kind,
};
use serde_json::json;

use crate::{
    app::App,
    domain::DomainFile,
    fail::{Failure, Result},
    files, key, object,
    object::Object,
    out::Out,
};

/// Founds a domain, and recovers it by its cold keys
#[derive(Subcommand, Debug)]
pub(crate) enum EpochCommand {
    /// Drafts the first epoch of a new domain
    New(Drafting),
    /// Drafts the epoch that follows, by the cold keys that were committed to
    Next(Drafting),
    /// Adds a cold key's signature to a draft; a complete epoch is taken into the domain's file
    Cosign(Cosign),
}

#[derive(Args, Debug)]
pub(crate) struct Drafting {
    /// The cold keys that sign this epoch, 1 to 4; destroy them afterwards
    #[arg(long, required = true, value_name = "KEY", value_delimiter = ',')]
    cold: Vec<String>,
    /// How many of them must sign [default: all]
    #[arg(long, value_name = "N")]
    cold_needed: Option<u8>,
    /// The roots, which sign keysets, 1 to 4
    #[arg(long, required = true, value_name = "KEY", value_delimiter = ',')]
    root: Vec<String>,
    /// How many of them must sign [default: all]
    #[arg(long, value_name = "N")]
    roots_needed: Option<u8>,
    /// The cold keys of the epoch that will follow, 1 to 4; this epoch commits to them
    #[arg(long, required = true, value_name = "KEY", value_delimiter = ',')]
    next: Vec<String>,
    /// How many of those will have to sign [default: all]
    #[arg(long, value_name = "N")]
    next_needed: Option<u8>,
    /// The key of break-glass tokens
    #[arg(long, value_name = "KEY")]
    emergency: Option<String>,
    #[command(flatten)]
    out: Out,
}

#[derive(Args, Debug)]
pub(crate) struct Cosign {
    /// The draft's file, which is written anew
    draft: PathBuf,
    /// A cold key
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
}

impl EpochCommand {
    pub(crate) fn run(self, app: &App) -> Result<()> {
        match self {
            Self::New(_) if app.domain.exists() => Err(Failure::input(format!(
                "{}: there is a domain already; --domain names another file",
                app.domain.display()
            ))),
            Self::New(draft) => draft.run(app, 0),
            Self::Next(draft) => {
                let held = app.domain()?.scope()?.epoch.0;
                draft.run(app, held.saturating_add(1))
            }
            Self::Cosign(cosign) => cosign.run(app),
        }
    }
}

impl Drafting {
    fn run(self, app: &App, number: u64) -> Result<()> {
        let (cold, next) = (keys(app, &self.cold)?, keys(app, &self.next)?);
        let roots = keys::<role::Root>(app, &self.root)?;
        let emergency =
            self.emergency.as_deref().map(|argument| key::public(app, argument)).transpose()?;
        let draft = Draft {
            number: id::Epoch(number),
            issued_at: app.now(),
            roots: threshold(&roots, self.roots_needed),
            emergency,
            next: Commitment::new(&threshold(&next, self.next_needed))?,
            cold: threshold(&cold, self.cold_needed),
        };
        let needed = draft.cold.needed;
        let draft = draft.encode()?;
        let sentence = format!("epoch {number}, 0 of {needed} signatures");
        let json = json!({ "epoch": number, "needed": needed });
        self.out.objects(app, &[draft.as_bytes()], &sentence, json)
    }
}

impl Cosign {
    fn run(self, app: &App) -> Result<()> {
        let path = self.draft.to_string_lossy();
        let draft = object::one_of_file(&self.draft, Kind::Epoch)?;
        let epoch = Epoch::decode(&draft)?;
        let key = key::signing::<role::Cold>(app, &self.key)?;
        let domain = match epoch.domain() {
            Some(own) => own,
            None => app.domain()?.id(),
        };
        let signed = epoch.cosign(domain, &key)?.as_bytes().to_vec();
        files::replace(&self.draft, format!("{}\n", object::of(&signed)?).as_bytes())?;
        let epoch = Epoch::decode(&signed)?;
        let number = epoch.unverified_number().0;
        let (have, needed) = (epoch.unverified_signers().count(), epoch.unverified_cold_needed());
        let mut line = format!("{path}: epoch {number}, {have} of {needed} signatures");
        if have == usize::from(needed) {
            take(app, &signed)?;
            line = format!("{line}, taken into {}", app.domain.display());
        }
        let json = json!({
            "epoch": number, "domain": domain.to_string(), "signatures": have, "needed": needed,
        });
        app.say(&format!("{line}\nDomain {domain}"), &json);
        Ok(())
    }
}

/// Takes a complete epoch into the domain's file, which the first one founds.
fn take(app: &App, epoch: &[u8]) -> Result<()> {
    let _alone = files::exclusive(&app.domain)?;
    let file = match app.domain.exists() {
        false => DomainFile::found(&app.domain, epoch)?,
        true => {
            let mut file = app.domain()?;
            file.take(&Object { kind: Kind::Epoch, bytes: epoch.to_vec() })?;
            file
        }
    };
    file.save()
}

/// Public keys of a class, ascending.
pub(crate) fn keys<R: Role>(app: &App, arguments: &[String]) -> Result<Vec<PublicKey<R>>> {
    let keys = arguments.iter().map(|argument| key::public(app, argument));
    let mut keys = keys.collect::<Result<Vec<_>>>()?;
    keys.sort_unstable();
    Ok(keys)
}

fn threshold<R: Role>(keys: &[PublicKey<R>], needed: Option<u8>) -> Threshold<'_, R> {
    let all = u8::try_from(keys.len()).unwrap_or(u8::MAX);
    Threshold { needed: needed.unwrap_or(all), keys }
}
