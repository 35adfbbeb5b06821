//! `keyward lock new`: what a factory does.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;
use zeroize::Zeroizing;

use crate::{
    app::App,
    class::Class,
    fail::Result,
    files, key,
    lock::{Bolt, Host, Kept, Place, Which},
    out::Out,
};

#[derive(Args, Debug)]
pub(crate) struct New {
    /// The directory, which is made
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// Draws a key that presentations can be sealed to, for `card --sealing DIR/sealing.pub`
    #[arg(long)]
    sealing: bool,
    /// Puts no claim key into the lock's box: it is claimed by contact
    #[arg(long)]
    no_claim_key: bool,
    /// Prints no label key on the lock: it can't answer its claim
    #[arg(long)]
    no_label_key: bool,
    #[command(flatten)]
    out: Out,
}

impl New {
    pub(crate) fn run(self, app: &App) -> Result<()> {
        let place = Place::new(&self.dir)?;
        // The secret is written last: without it there is no lock yet, and all is drawn anew.
        let mut claim_key = None;
        if !self.no_claim_key {
            let path = pair(&place, "claim", Class::Claim)?;
            claim_key = Some(key::signing(app, &path)?.public());
        }
        if !self.no_label_key {
            pair(&place, "label", Class::Label)?;
        }
        Bolt::new(place.file("bolt"), None).begin()?;
        Kept::drawn(claim_key, self.sealing).keep(&place)?;
        drop(place);
        let host = Host::start(&Which { dir: self.dir, bolt: None })?;
        let unclaimed = host.kept.unclaimed()?;
        let directory = host.place.path().display().to_string();
        let sentence = format!("{directory} is a new lock; this is what its card is made of");
        self.out.objects(app, &[&unclaimed], &sentence, json!({ "lock": directory }))
    }
}

/// Draws a key and its public half into the directory.
fn pair(place: &Place, name: &str, class: Class) -> Result<PathBuf> {
    let (path, secret) = (place.file(&format!("{name}.key")), class.draw()?);
    let public = class.public_of(&secret)?.text()?;
    files::replace_private(&path, Zeroizing::new(format!("{}\n", &*secret)).as_bytes())?;
    files::replace(&place.file(&format!("{name}.pub")), format!("{public}\n").as_bytes())?;
    Ok(path)
}
