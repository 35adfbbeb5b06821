//! Whether a server keeps what it confirms.

use redis::{RedisError, aio::MultiplexedConnection};

use crate::state::StateError;

/// What a server says of itself.
pub(super) struct Server {
    /// The process and its history: another after each start, and after each time that it was a
    /// replica.
    pub(super) run: String,
    /// Whether it was another server's replica since it started.
    pub(super) promoted: bool,
}

/// Asks a server, when a node connects, and refuses it if it could lose what it confirms.
///
/// # Errors
/// Those of [`again`]; [`StateError::Unavailable`] while its file is written anew: that of a former
/// replica, or of a server whose file was just switched on, is not whole before.
pub(super) async fn first(link: &mut MultiplexedConnection) -> Result<Server, StateError> {
    let server = again(link).await?;
    let info: String = redis::cmd("INFO").arg("persistence").query_async(link).await?;
    let is = |state: &str| info.lines().any(|line| line.trim() == state);
    if !is("aof_rewrite_in_progress:0") || !is("aof_rewrite_scheduled:0") {
        return Err(StateError::Unavailable("its file is being written anew".into()));
    }
    Ok(server)
}

/// Asks a server for its settings, and refuses it if it could lose what it confirms.
///
/// # Errors
/// [`StateError::Unfit`] with the setting's name; [`StateError::Unavailable`] for a replica, or
/// while it loads.
pub(super) async fn again(link: &mut MultiplexedConnection) -> Result<Server, StateError> {
    let info: String = redis::cmd("INFO").arg("everything").query_async(link).await?;
    let field = |name: &str| {
        let value =
            |line: &str| Some(line.strip_prefix(name)?.strip_prefix(':')?.trim().to_owned());
        info.lines().find_map(value).unwrap_or_default()
    };
    if field("role") != "master" || field("loading") != "0" {
        return Err(StateError::Unavailable("a replica, or still loading".into()));
    }
    for (name, must) in SETTINGS {
        let is = setting(link, name).await?;
        if is != must {
            return Err(StateError::Unfit(format!("{name} is {is:?}, and must be {must:?}")));
        }
    }
    if field("aof_enabled") != "1" || field("aof_last_write_status") != "ok" {
        return Err(StateError::Unfit("the append-only file isn't written".into()));
    }
    let replicas = number(&field("connected_slaves"));
    if replicas > 0 {
        fenced(link, replicas).await?;
    }
    let (process, history) = (field("run_id"), field("master_replid"));
    let promoted = field("master_replid2").chars().any(|digit| digit != '0');
    if process.is_empty() || history.is_empty() {
        return Err(StateError::Unfit("it doesn't name its run".into()));
    }
    Ok(Server { run: format!("{process}/{history}"), promoted })
}

/// A server with replicas may be replaced by one of them while it lives on, cut off. It must then
/// stop by itself, before its successor takes anything: only with more than half of all beside it.
async fn fenced(link: &mut MultiplexedConnection, replicas: u64) -> Result<(), StateError> {
    let needed = replicas.div_ceil(2);
    let writes = number(&setting(link, "min-replicas-to-write").await?);
    let lag = number(&setting(link, "min-replicas-max-lag").await?);
    if writes < needed || lag == 0 || lag > MAX_LAG {
        return Err(StateError::Unfit(format!(
            "of {replicas} replicas one could take over unseen: min-replicas-to-write is {writes}, \
             and must be {needed}, min-replicas-max-lag is {lag}, and must be 1 to {MAX_LAG}"
        )));
    }
    Ok(())
}

async fn setting(link: &mut MultiplexedConnection, name: &str) -> Result<String, StateError> {
    let answer: Result<Vec<String>, RedisError> =
        redis::cmd("CONFIG").arg("GET").arg(name).query_async(link).await;
    match answer {
        Ok(answer) => Ok(answer.into_iter().nth(1).unwrap_or_default()),
        Err(error) if error.is_io_error() || error.is_timeout() => Err(error.into()),
        Err(error) => Err(StateError::Unfit(format!("it doesn't tell {name}: {error}"))),
    }
}

fn number(text: &str) -> u64 {
    text.parse().unwrap_or(0)
}

/// What a server must have, whatever else.
const SETTINGS: [(&str, &str); 4] = [
    ("appendonly", "yes"),
    ("appendfsync", "always"),
    ("no-appendfsync-on-rewrite", "no"),
    ("maxmemory-policy", "noeviction"),
];

/// Seconds that a server goes on without its replicas, at most: Redis's default.
pub(super) const MAX_LAG: u64 = 10;
