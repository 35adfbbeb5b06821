//! `keyward lock sync`: what any phone may bring (SPEC.md section 17).

use clap::Args;
use keyward::{
    Card, Challenge, Channel, Epoch, Keyset, Refusal, Status, Taken, id, status::ListOrder,
};

use super::telling;
use crate::{
    app::App,
    domain::DomainFile,
    fail::{Failure, Result},
    lock::{Became, Host, Which, denied, refused},
};

#[derive(Args, Debug)]
pub(crate) struct Sync {
    #[command(flatten)]
    which: Which,
}

impl Sync {
    pub(crate) fn run(self, app: &App) -> Result<()> {
        let mut host = Host::start(&self.which)?;
        let file = app.domain()?;
        if let Some(fault) = host.fault {
            return Err(denied(fault));
        }
        let mut session = host.challenge(Channel::Radio)?;
        let news = news(&file, session.challenge())?;
        if let Some(what) = behind(&file, session.challenge())? {
            host.tell(&format!(
                "{} is behind the lock: {what}; take in the newest statements \
                 (`keyward domain take`) before anything is signed",
                app.domain.display()
            ));
        }
        let lock = host.name();
        let mut first: Option<Refusal> = None;
        for mut statement in news {
            let became = host.message(Some(&mut session), &mut statement)?;
            if let Became::Taken(Some(Taken::Unchanged)) = became {
                continue;
            }
            telling::message(app, &lock, &became)?;
            match became {
                Became::Taken(_) => {}
                // What comes behind may hold all the same: a list is not kept back by a card.
                Became::Refused(refusal) => first = first.or(Some(refusal)),
                Became::Denied(denial) => return Err(denied(denial)),
                Became::Decided(_) => return Err(Failure::input("no statement")),
            }
        }
        let line = format!("{lock}: holds {}", telling::held(&host)?);
        if !app.json {
            crate::app::line(&line);
        }
        first.map_or(Ok(()), |refusal| Err(refused(refusal)))
    }
}

/// Epochs that one walk takes at most, see [`keyward::Walk`].
const WALK: usize = 16;

/// What the file has and the lock may lack, by its challenge, in the order in which a lock takes
/// it: later epochs, each walk's last one with its keyset; then keyset, card and list. Those of the
/// number that the lock holds come too: of one that holds others that is a fork.
fn news(file: &DomainFile, challenge: &Challenge) -> Result<Vec<Vec<u8>>> {
    let mut news = Vec::new();
    let mut later = Vec::new();
    for bytes in file.epochs() {
        let number = Epoch::decode(bytes)?.unverified_number();
        if number > challenge.epoch {
            later.push((number, bytes));
        }
    }
    for walk in later.chunks(WALK) {
        news.extend(walk.iter().map(|(_, bytes)| (*bytes).clone()));
        if let Some((number, _)) = walk.last() {
            news.extend(newest_keyset(file, *number)?);
        }
    }
    let is_later = !later.is_empty();
    if let Some(bytes) = file.keysets().last().filter(|_| !is_later)
        && Keyset::decode(bytes)?.unverified_version() >= challenge.keyset
    {
        news.push(bytes.clone());
    }
    if let Some(bytes) = file.cards().get(&challenge.lock)
        && (is_later || Card::decode(bytes)?.unverified_order() >= challenge.card)
    {
        news.push(bytes.clone());
    }
    if let Some(bytes) = file.list_bytes() {
        let order = Status::decode(bytes)?.unverified_state().list;
        if is_later || order >= challenge.list {
            news.push(bytes.to_vec());
        }
    }
    Ok(news)
}

/// What the lock holds and the file lacks: somebody has dropped it, or put an older file there.
fn behind(file: &DomainFile, challenge: &Challenge) -> Result<Option<String>> {
    let epoch = file.epoch()?.unverified_number();
    if epoch != challenge.epoch {
        let held = challenge.epoch;
        return Ok((epoch < held).then(|| format!("it is in epoch {held}, the file in {epoch}")));
    }
    let keyset = file.keyset().map_or(id::KeysetVersion(0), |keyset| keyset.unverified_version());
    if keyset < challenge.keyset {
        let held = challenge.keyset;
        return Ok(Some(format!("it holds keyset {held}, the file {keyset}")));
    }
    let list = match file.list_bytes() {
        Some(bytes) => Status::decode(bytes)?.unverified_state().list,
        None => ListOrder::NONE,
    };
    if list < challenge.list {
        let (held, list) = (challenge.list.number, list.number);
        return Ok(Some(format!("it holds list {held}, the file {list}")));
    }
    Ok(None)
}

/// The newest keyset of an epoch.
fn newest_keyset(file: &DomainFile, epoch: id::Epoch) -> Result<Option<Vec<u8>>> {
    for bytes in file.keysets().iter().rev() {
        if Keyset::decode(bytes)?.unverified_epoch() == epoch {
            return Ok(Some(bytes.clone()));
        }
    }
    Ok(None)
}
