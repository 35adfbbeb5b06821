//! Who may issue and revoke.

use std::fmt;

use axum::http::{HeaderMap, header};
use sha2::{Digest, Sha512};
use subtle::{ConditionallySelectable, ConstantTimeEq};

/// Tells who asks.
pub trait Clients: Send + Sync + 'static {
    /// The client by the headers of his request; none where he isn't known.
    fn client(&self, headers: &HeaderMap) -> Option<Client>;
}

/// A client who is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// His name in logs.
    pub name: String,
    /// The templates that he may fill in, by name.
    pub templates: Vec<String>,
    /// Whether he may revoke.
    pub revokes: bool,
}

/// Clients by secrets that they send: `Authorization: Bearer <key>`.
///
/// A key is as good as a guess at it is long: 32 random bytes, in hexadecimal digits. The service
/// keeps SHA-512 of it, compares with all that it has, each in constant time, and logs none.
#[derive(Default)]
pub struct ApiKeys(Vec<([u8; 64], Client)>);

impl ApiKeys {
    /// Nobody.
    pub fn new() -> Self {
        Self::default()
    }

    /// And one client more, by his key.
    #[must_use]
    pub fn with(mut self, key: &str, client: Client) -> Self {
        self.0.push((hash(key.as_bytes()), client));
        self
    }
}

impl Clients for ApiKeys {
    fn client(&self, headers: &HeaderMap) -> Option<Client> {
        let sent = headers.get(header::AUTHORIZATION)?.as_bytes().strip_prefix(b"Bearer ")?;
        let sent = hash(sent);
        let mut found = u64::MAX;
        for ((held, _), place) in self.0.iter().zip(0..) {
            found.conditional_assign(&place, held.ct_eq(&sent));
        }
        self.0.get(usize::try_from(found).ok()?).map(|(_, client)| client.clone())
    }
}

impl fmt::Debug for ApiKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(_, client)| &client.name)).finish()
    }
}

fn hash(key: &[u8]) -> [u8; 64] {
    Sha512::digest(key).into()
}
