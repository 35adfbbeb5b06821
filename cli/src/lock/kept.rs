//! What a host keeps of a lock's life apart from the store: its key, the name of the life, what the
//! lock alone knows, and the key that opens what is sealed to it.

use keyward::{
    OpeningKey, OpeningKeys, PublicKey, SigningKey, Unclaimed, id::ClaimNonce, lock::Identity,
    role, secret::DeviceSecret, text,
};
use rand_core::Rng;
use zeroize::Zeroizing;

use super::Place;
use crate::{
    app::random,
    caveats::unhex,
    fail::{Failure, Result},
    files, key, object,
    out::hex,
};

/// One life of a lock, as the file `secret` has it: a line each.
pub(crate) struct Kept {
    device: SigningKey<role::Device>,
    nonce: ClaimNonce,
    secret: Zeroizing<[u8; 32]>,
    opening: Option<OpeningKey>,
    /// The key from the lock's box, which is not redrawn.
    claim_key: Option<PublicKey<role::Claim>>,
}

impl Kept {
    /// Draws a life; with `sealing` it can open what is sealed to it.
    pub(crate) fn drawn(claim_key: Option<PublicKey<role::Claim>>, sealing: bool) -> Self {
        let mut rng = random();
        let (mut nonce, mut secret) = ([0; 16], Zeroizing::new([0; 32]));
        rng.fill_bytes(&mut nonce);
        rng.fill_bytes(secret.as_mut());
        let device = SigningKey::generate(&mut rng);
        let opening = sealing.then(|| OpeningKey::generate(&mut rng));
        Self { device, nonce: ClaimNonce(nonce), secret, opening, claim_key }
    }

    /// Draws the life after this one.
    pub(crate) fn next(&self) -> Self {
        Self::drawn(self.claim_key, self.opening.is_some())
    }

    /// What the lock is, of itself.
    pub(crate) fn identity(&self) -> Identity {
        Identity { device: self.device.public(), nonce: self.nonce, claim_key: self.claim_key }
    }

    /// What the lock alone knows.
    pub(crate) fn secret(&self) -> DeviceSecret {
        DeviceSecret::new(*self.secret)
    }

    /// The key that signs for the lock.
    pub(crate) const fn device(&self) -> &SigningKey<role::Device> {
        &self.device
    }

    /// The keys that open what is sealed to the lock.
    pub(crate) fn opening_keys(&self) -> Option<OpeningKeys> {
        let key = self.opening.as_ref()?;
        Some(OpeningKeys::new(OpeningKey::from_secret(key.expose_secret())))
    }

    /// What the lock shows while nobody owns it.
    pub(crate) fn unclaimed(&self) -> Result<Vec<u8>> {
        let shown = Unclaimed { device: self.device.public(), nonce: self.nonce };
        Ok(shown.encode()?.as_bytes().to_vec())
    }

    /// Writes what others may know of the life: `unclaimed`, and `sealing.pub`.
    pub(crate) fn show(&self, place: &Place) -> Result<()> {
        let mut shown = vec![("unclaimed", object::of(&self.unclaimed()?)?)];
        if let Some(key) = &self.opening {
            let mut buffer = [0; 80];
            let text = text::encode_sealing(&key.public(), &mut buffer).map_err(unwritten)?;
            shown.push(("sealing.pub", text.to_owned()));
        }
        for (name, text) in shown {
            let (path, text) = (place.file(name), format!("{text}\n"));
            if !files::read(&path).is_ok_and(|held| held == text.as_bytes()) {
                files::replace(&path, text.as_bytes())?;
            }
        }
        Ok(())
    }

    /// Writes the file, in the place of the life before.
    pub(crate) fn keep(&self, place: &Place) -> Result<()> {
        let mut buffer = Zeroizing::new([0; 80]);
        let mut lines = Zeroizing::new(String::with_capacity(512));
        let text = text::encode_secret(&self.device, buffer.as_mut()).map_err(unwritten)?;
        push(&mut lines, text);
        if let Some(key) = &self.opening {
            push(&mut lines, text::encode_opening(key, buffer.as_mut()).map_err(unwritten)?);
        }
        if let Some(key) = &self.claim_key {
            push(&mut lines, text::encode_public(key, buffer.as_mut()).map_err(unwritten)?);
        }
        push(&mut lines, &format!("{NONCE}{}", hex(&self.nonce.0)));
        push(&mut lines, &Zeroizing::new(format!("{SECRET}{}", hex(self.secret.as_ref()))));
        files::replace_private(&place.file("secret"), lines.as_bytes())
    }

    /// Reads the file.
    pub(crate) fn read(place: &Place) -> Result<Self> {
        let path = place.file("secret");
        key::check_private(&path)?;
        let bytes = Zeroizing::new(files::read(&path)?);
        let kept = std::str::from_utf8(&bytes).ok().and_then(Self::of_text);
        kept.ok_or_else(|| Failure::trouble(format!("{}: damaged", path.display())))
    }

    fn of_text(text: &str) -> Option<Self> {
        let (mut device, mut nonce, mut secret) = (None, None, None);
        let (mut opening, mut claim_key) = (None, None);
        for line in text.lines() {
            if let Some(digits) = line.strip_prefix(NONCE) {
                nonce = Some(ClaimNonce(unhex(digits)?.try_into().ok()?));
            } else if let Some(digits) = line.strip_prefix(SECRET) {
                let bytes = Zeroizing::new(unhex(digits)?);
                secret = Some(Zeroizing::new(bytes.as_slice().try_into().ok()?));
            } else if let Ok(key) = text::decode_secret(line) {
                device = Some(key);
            } else if let Ok(key) = text::decode_opening(line) {
                opening = Some(key);
            } else {
                claim_key = Some(text::decode_public(line).ok()?);
            }
        }
        Some(Self { device: device?, nonce: nonce?, secret: secret?, opening, claim_key })
    }
}

const NONCE: &str = "nonce ";
const SECRET: &str = "secret ";

fn push(lines: &mut String, line: &str) {
    lines.push_str(line);
    lines.push('\n');
}

fn unwritten(error: text::TextError) -> Failure {
    Failure::trouble(error.to_string())
}
