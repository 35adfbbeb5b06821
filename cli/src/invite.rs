//! An invitation: a token whose last holder's key is carried in a link (SPEC.md section 3.6).
//!
//! The link is `BASE#kw1.origin.…~kw1.token.…~kw1secret.holder.…`. What stands behind the `#` is
//! not sent to the server that the link names. Whoever has the link has the key: the guest's own
//! key takes the token over soon, and what the token permits is all that a thief can take.

use std::path::Path;

use keyward::{SigningKey, Token, role, text, wire::Kind};
use zeroize::Zeroizing;

use crate::{
    fail::{Failure, Result},
    files,
    object::{self, Capability, Object},
};

/// A token and its holder's key.
pub(crate) struct Invitation {
    pub(crate) granted: Capability,
    pub(crate) key: SigningKey<role::Holder>,
}

impl Invitation {
    /// The link.
    pub(crate) fn link(&self, base: &str) -> Result<Zeroizing<String>> {
        let mut buffer = Zeroizing::new([0; 80]);
        let secret = text::encode_secret(&self.key, buffer.as_mut());
        let secret = secret.map_err(|error| Failure::trouble(error.to_string()))?;
        let (origin, token) = (object::of(&self.granted.origin)?, object::of(&self.granted.token)?);
        Ok(Zeroizing::new(format!("{base}#{origin}~{token}~{secret}")))
    }

    /// Reads the link that a file holds: it is as good as a key, and never on a command line.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let bytes = Zeroizing::new(files::read(path)?);
        let bad = |why: &str| Failure::input(format!("{}: {why}", path.display()));
        let link = std::str::from_utf8(&bytes).map_err(|_| bad("not text"))?.trim();
        let (_, fragment) =
            link.split_once('#').ok_or_else(|| bad("no invitation: it has no #"))?;
        let mut parts = fragment.split('~');
        let (Some(origin), Some(token), Some(secret), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(bad("no invitation: behind the # it has not origin, token and key"));
        };
        let object = |text: &str, kind: Kind| {
            let object = Object::of_text(text).map_err(|why| bad(&why))?;
            if object.kind == kind {
                Ok(object.bytes)
            } else {
                Err(bad("origin or token is missing"))
            }
        };
        let granted = Capability {
            origin: object(origin, Kind::Origin)?,
            token: object(token, Kind::Token)?,
        };
        let key =
            text::decode_secret::<role::Holder>(secret).map_err(|error| bad(&error.to_string()))?;
        if Token::decode(&granted.token)?.unverified_grantee()? != key.public() {
            return Err(bad("the key is not the token's"));
        }
        Ok(Self { granted, key })
    }
}
