//! `keyward revoke`: signs the complete list anew, with more in it or less (SPEC.md section 8).

use std::{collections::BTreeSet, path::PathBuf};

use clap::Args;
use keyward::{
    Origin, Roles, State, Status, Token,
    id::{KeyId, LinkId, ListNumber, Serial},
    status::{ListOrder, Revoked, SerialFloor},
    wire::Kind,
};
use keyward_backend::fold::{self, Denied};
use serde_json::json;

use crate::{
    app::App,
    caveats::unhex,
    class::Class,
    commands::status,
    domain::DomainFile,
    fail::{Failure, Result},
    files, issuer, key,
    object::{Capability, Object},
    out::Out,
};

/// Revokes tokens, keys and old serials: signs the domain's list anew, into the domain's file
#[derive(Args, Debug)]
pub(crate) struct RevokeCommand {
    /// What: a file of a token, a public key or its file, or the 32 hexadecimal digits of a link or
    /// key; with --undo also the 16 of an entry
    #[arg(value_name = "WHAT")]
    what: Vec<String>,
    /// Which link of the tokens, from 0; with it goes all that was handed on from it [default: the
    /// last]
    #[arg(long, value_name = "N")]
    link: Option<usize>,
    /// All tokens of an issuer with lower serials, as 41:KEY for those below 41
    #[arg(long = "below", value_name = "SERIAL:KEY")]
    below: Vec<String>,
    /// Takes it from the list: what was revoked holds again
    #[arg(long, conflicts_with = "below")]
    undo: bool,
    /// An issuer that may revoke
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    #[command(flatten)]
    out: Out,
}

impl RevokeCommand {
    pub(crate) fn run(self, app: &App) -> Result<()> {
        let _alone = files::exclusive(&app.domain)?;
        let mut file = app.domain()?;
        let revoker = issuer::read(app, &file, &self.key, Roles::REVOKE, "revoke")?;
        let held = file.domain()?.list()?;
        let list = held.as_ref().and_then(Status::unverified_list);
        let mut entries: BTreeSet<Revoked> =
            list.iter().flat_map(|list| list.unverified_entries()).collect();
        let mut floors: Vec<SerialFloor> =
            list.iter().flat_map(|list| list.unverified_floors()).collect();
        for what in &self.what {
            let one = self.named(app, &file, what)?;
            let changed = if self.undo { entries.remove(&one) } else { entries.insert(one) };
            if self.undo && !changed {
                return Err(Failure::input(format!("{what}: not on the list")));
            }
        }
        for below in &self.below {
            raise(&mut floors, floor(app, below)?);
        }
        let denied: Vec<_> =
            entries.iter().map(|entry| Denied { entry: *entry, token: None }).collect();
        let folded = fold::fold(&denied, &floors, &[]).map_err(|_| {
            Failure::input(
                "a list has room for 64 entries and 8 issuers' serials: revoke old serials together \
                 (--below), or a company's key instead of its tokens",
            )
        })?;
        let state = next_state(app, &file)?;
        let (scope, public) = (file.scope()?, revoker.public());
        let draft = Status::revoke(scope, &public, state, &folded.entries, &folded.floors, None)?;
        let signed = draft.sign(&revoker)?.as_bytes().to_vec();
        let (entries, floors) = (folded.entries.len(), folded.floors.len());
        file.take(&Object { kind: Kind::Status, bytes: signed.clone() })?;
        file.save()?;
        let number = state.list.number.0;
        let sentence = format!(
            "list {number} (entries: {entries}, serial floors: {floors}), taken into {}; \
             a lock knows it once a phone or `keyward lock sync` has brought it there",
            app.domain.display()
        );
        let json = json!({ "number": number, "entries": entries, "floors": floors });
        match self.out.out.is_some() || app.json {
            true => self.out.objects(app, &[&signed], &sentence, json),
            false => {
                app.say(&sentence, &json);
                Ok(())
            }
        }
    }

    fn named(&self, app: &App, file: &DomainFile, what: &str) -> Result<Revoked> {
        let bytes = unhex(what).unwrap_or_default();
        if let Ok(name) = bytes.as_slice().try_into() {
            return Ok(LinkId(name).into());
        }
        // An entry of a list. What is to be revoked is told whole: half of a name could be a `KeyId`.
        if let (true, Ok(entry)) = (self.undo, bytes.try_into()) {
            return Ok(Revoked(entry));
        }
        if let Ok(Capability { origin, token }) = Capability::read(what) {
            let (origin, token) = (Origin::decode(&origin)?, Token::decode(&token)?);
            let checked = token.check(&origin);
            let checked =
                checked.map_err(|error| Failure::no(format!("{what}: not genuine: {error}")))?;
            if origin.scope != file.scope()? && !self.undo {
                return Err(Failure::input(format!(
                    "{what}: of {}, so that no lock of this domain's epoch takes it anyway",
                    match origin.scope.domain == file.id() {
                        true => format!("epoch {}", origin.scope.epoch),
                        false => format!("another domain, {}", origin.scope.domain),
                    }
                )));
            }
            let links: Vec<_> = checked.links().map(|link| link.id()).collect();
            let index = self.link.unwrap_or(links.len().saturating_sub(1));
            let link = links.get(index).ok_or_else(|| {
                Failure::input(format!(
                    "--link {index}: the token's last link is {}",
                    links.len() - 1
                ))
            })?;
            return Ok((*link).into());
        }
        let key = key::any_public(app, what)?;
        let instead = match key.class {
            _ if self.undo => None,
            Class::Issuer => Some("`keyward keyset new --drop` drops an issuer"),
            Class::Cold | Class::Root | Class::Emergency => Some("`keyward epoch next` ends it"),
            Class::Device => Some("`keyward card` names a lock's new key"),
            _ => None,
        };
        if let Some(instead) = instead {
            let class = key.class.name();
            return Err(Failure::input(format!(
                "{what}: a list revokes holders and witnesses, and no {class} key; {instead}"
            )));
        }
        let (_, name) = key.names.ok_or_else(|| {
            Failure::input(format!("{what}: a key that only opens is on no list"))
        })?;
        Ok(name.into())
    }
}

/// Reads `SERIAL:KEY`.
fn floor(app: &App, text: &str) -> Result<SerialFloor> {
    let bad = || Failure::input(format!("--below {text}: as 41:office.pub"));
    let (serial, issuer) = text.split_once(':').ok_or_else(bad)?;
    let first = Serial(serial.parse().ok().filter(|serial| *serial > 0).ok_or_else(bad)?);
    let id = unhex(issuer).and_then(|bytes| bytes.try_into().ok()).map(KeyId);
    let issuer = match id {
        Some(id) => id,
        None => key::public::<keyward::role::Issuer>(app, issuer)?.id(),
    };
    Ok(SerialFloor { issuer, first })
}

fn raise(floors: &mut Vec<SerialFloor>, new: SerialFloor) {
    match floors.iter_mut().find(|floor| floor.issuer == new.issuer) {
        Some(floor) => floor.first = floor.first.max(new.first),
        None => floors.push(new),
    }
}

/// The place of the next list: numbers begin anew under each keyset.
fn next_state(app: &App, file: &DomainFile) -> Result<State> {
    let state = status::state(app, file)?;
    let number = if state.list.keyset == state.keyset { state.list.number.0 } else { 0 };
    let list = ListOrder { keyset: state.keyset, number: ListNumber(number.saturating_add(1)) };
    Ok(State { list, ..state })
}
