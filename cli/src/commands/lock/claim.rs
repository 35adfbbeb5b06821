//! `keyward lock claim`: a domain takes a lock (SPEC.md section 18.1).

use std::path::PathBuf;

use clap::Args;
use keyward::{Refusal, Unclaimed, lock::Bundle, role};
use serde_json::json;

use super::telling;
use crate::{
    app::App,
    domain::DomainFile,
    fail::{Failure, Result},
    key,
    lock::{Host, Which, refused},
    name,
    out::Out,
};

#[derive(Args, Debug)]
pub(crate) struct Claim {
    #[command(flatten)]
    which: Which,
    /// The lock's name in the domain, by which it has a card
    #[arg(long, value_name = "NAME")]
    lock: String,
    /// The key from the lock's box [default: DIR/claim.key]
    #[arg(long = "claim-key", value_name = "FILE", conflicts_with = "contact")]
    key: Option<PathBuf>,
    /// Whoever claims touches the lock: for one without a claim key
    #[arg(long)]
    contact: bool,
    #[command(flatten)]
    out: Out,
}

impl Claim {
    pub(crate) fn run(self, app: &App) -> Result<()> {
        let lock = name::lock(&self.lock)?;
        let mut host = Host::start(&self.which)?;
        let file = app.domain()?;
        let claim = self.word(app, &host, &file)?;
        let (domain, now) = (file.domain()?, host.now());
        let epoch = file.epochs().last().map(Vec::as_slice).unwrap_or_default();
        let keyset = file.keysets().last().map(Vec::as_slice).unwrap_or_default();
        let card = file.card(lock).map(|_| file.cards().get(&lock))?;
        let card = card.map(Vec::as_slice).unwrap_or_default();
        let bundle = Bundle { claim: &claim, epoch, keyset, card, list: file.list_bytes() };
        let update = host.lock.verify_claim(&bundle, self.contact, now);
        update.and_then(keyward::lock::Update::commit).map_err(refused)?;
        host.keep_anchor()?;
        let scope = domain.scope()?;
        let sentence = format!(
            "{}: claimed for the domain {}, {}",
            self.lock,
            scope.domain,
            telling::held(&host)?
        );
        let json = json!({
            "lock": self.lock, "taken": "claim", "domain": scope.domain.to_string(),
            "epoch": scope.epoch.0,
        });
        match answer(app, &host)? {
            None => app.say(&sentence, &json),
            Some(answer) => {
                if self.out.out.is_none() && !app.json {
                    crate::app::line(&sentence);
                }
                self.out.objects(app, &[&answer], &sentence, json)?;
            }
        }
        Ok(())
    }

    /// The word on which the lock takes the domain.
    fn word(&self, app: &App, host: &Host, file: &DomainFile) -> Result<Vec<u8>> {
        if self.contact {
            return Ok(Unclaimed::claim_by_contact(file.id())?.as_bytes().to_vec());
        }
        let path = self.key.clone().unwrap_or_else(|| host.place.file("claim.key"));
        if self.key.is_none() && !path.exists() {
            let path = path.display();
            return Err(Failure::input(format!(
                "{path}: no claim key; --claim-key names another file, --contact claims without"
            )));
        }
        if !host.is_unclaimed() {
            return Err(refused(Refusal::AlreadyClaimed));
        }
        let key = key::signing::<role::Claim>(app, &path)?;
        let unclaimed = host.lock.unclaimed();
        let card = file.card(name::lock(&self.lock)?)?;
        let claim = unclaimed.claim(file.id(), &file.epoch()?, &card, &key.public())?;
        Ok(claim.sign(&key)?.as_bytes().to_vec())
    }
}

/// The lock's answer, by the key that is printed on it.
fn answer(app: &App, host: &Host) -> Result<Option<Vec<u8>>> {
    let path = host.place.file("label.key");
    if !path.exists() {
        return Ok(None);
    }
    let key = key::signing::<role::Label>(app, &path)?;
    let answer = host.lock.claimed(&key.public()).map_err(refused)?;
    Ok(Some(answer.sign(&key)?.as_bytes().to_vec()))
}
