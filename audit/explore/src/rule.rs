//! What must hold, each said by its break.

pub const TRUST: &str = "what a lock trusts went back";
pub const PRESENT: &str = "a lock's time is another than it was told";
pub const TERM: &str = "an act outside its token's term";
pub const CHALLENGE: &str = "an act on a challenge that is dead";
pub const EXPIRES: &str = "an act on an unchallenged request that is dead, or to come";
pub const STATUS: &str = "no fresh status, and open";
pub const DENIAL: &str = "a denial changed the lock";
pub const COMMIT: &str = "a commit that failed changed the lock";
pub const STATEMENT: &str = "a statement that wasn't confirmed changed the lock";
pub const DURABLE: &str = "an act rests on nothing durable";
pub const TWICE: &str = "a presentation acts twice";
pub const USES: &str = "a use too many";
pub const REVOKED: &str = "a revoked holder opens";
pub const EPOCH: &str = "a token of another epoch opens";
pub const START: &str = "a start found another state";
pub const RESTORE: &str = "a start failed";
