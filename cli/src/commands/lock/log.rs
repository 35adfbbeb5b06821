//! `keyward lock log`: the lock's log, sealed to its owner (SPEC.md section 24.4).

use clap::Args;
use keyward::lock::MayRead;
use serde_json::json;

use crate::{
    app::{App, random},
    fail::{Failure, Result},
    lock::{Host, Which, denied},
    out::Out,
};

#[derive(Args, Debug)]
pub(crate) struct Log {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    out: Out,
}

impl Log {
    pub(crate) fn run(self, app: &App) -> Result<()> {
        let mut host = Host::start(&self.which)?;
        if host.lock.log_to().map_err(denied)?.is_none() {
            return Err(Failure::input(
                "the lock's keyset names no key for its log; `keyward keyset new --log-to` does",
            ));
        }
        let entries = entries(&mut host, None)?;
        let listed: Vec<&[u8]> = entries.iter().map(Vec::as_slice).collect();
        let sentence = format!("{} entries, sealed to the owner", entries.len());
        let json = json!({ "lock": host.name(), "entries": entries.len() });
        self.out.objects(app, &listed, &sentence, json)
    }
}

/// All entries that the lock holds, of both logs: whole to whom the log may be read, sealed to
/// everybody else.
pub(super) fn entries(host: &mut Host, may_read: Option<&MayRead>) -> Result<Vec<Vec<u8>>> {
    let now = host.now();
    let mut reader = host.lock.read_log(now).map_err(denied)?;
    let mut entries = Vec::new();
    while let Some(draft) = host.lock.next_entry(&mut reader).map_err(denied)? {
        let receipt = draft.receipt()?.sign(host.device())?;
        entries.push(match may_read {
            Some(may) => draft.entry(receipt.as_bytes(), may)?.as_bytes().to_vec(),
            None => draft.seal(receipt.as_bytes(), &mut random())?.as_bytes().to_vec(),
        });
    }
    Ok(entries)
}
