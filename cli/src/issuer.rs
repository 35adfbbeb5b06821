//! An issuer that signs today, and the serials that it has given.

use std::path::Path;

use keyward::{PublicKey, Roles, SigningKey, id::Serial, role};

use crate::{
    app::App,
    domain::DomainFile,
    fail::{Failure, Result},
    files, key,
};

/// Reads an issuer's key, which the domain's keyset trusts for this role now.
pub(crate) fn read(
    app: &App,
    file: &DomainFile,
    path: &Path,
    role: Roles,
    what: &str,
) -> Result<SigningKey<role::Issuer>> {
    let key = key::signing::<role::Issuer>(app, path)?;
    check(app, file, &key.public(), role, what, path)?;
    Ok(key)
}

/// Whether the domain's keyset trusts the key for this role now: no lock would take what another
/// signs.
pub(crate) fn check(
    app: &App,
    file: &DomainFile,
    key: &PublicKey<role::Issuer>,
    role: Roles,
    what: &str,
    path: &Path,
) -> Result<()> {
    let path = path.display();
    let keyset = file.domain()?.keyset()?;
    let mut issuers = keyset.unverified_issuers();
    let issuer = issuers.find(|issuer| issuer.key() == Ok(*key));
    let issuer = issuer.ok_or_else(|| {
        Failure::input(format!(
            "{path}: no issuer of the domain's keyset; `keyward keyset new` adds it"
        ))
    })?;
    if !issuer.roles().has(role) {
        return Err(Failure::input(format!(
            "{path}: by the domain's keyset this key may not {what}"
        )));
    }
    match issuer.validity().contains(&app.now()) {
        true => Ok(()),
        false => Err(Failure::input(format!(
            "{path}: by the domain's keyset this key doesn't count now"
        ))),
    }
}

/// A new token's serial: the next, which nobody is given again, or one that is given by hand, behind
/// which the next ones begin. It is reserved on disk before it is used.
///
/// The counter lies beside the domain's file. Whoever issues on several machines gives each an
/// issuer of its own, or serials by hand.
pub(crate) fn serial(app: &App, given: Option<u64>) -> Result<Serial> {
    let _alone = files::exclusive(&app.domain)?;
    let path = files::beside(&app.domain, "serial");
    let next = match path.exists() {
        false => 1,
        true => {
            let text = files::read(&path)?;
            let number = std::str::from_utf8(&text).ok().and_then(|text| text.trim().parse().ok());
            number.filter(|next: &u64| *next > 0 && *next < u64::MAX).ok_or_else(|| {
                Failure::trouble(format!(
                    "{}: not a serial; write the next one into it",
                    path.display()
                ))
            })?
        }
    };
    let serial = given.unwrap_or(next);
    if serial >= next {
        files::replace(&path, format!("{}\n", serial.saturating_add(1)).as_bytes())?;
    }
    Ok(Serial(serial))
}
