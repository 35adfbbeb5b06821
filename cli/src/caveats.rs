//! Caveats by options: what a token is issued or narrowed with (SPEC.md section 7).

use clap::Args;
use keyward::{
    Caveats, Grant, Narrowing, PublicKey, Rights, Target, Valid,
    caveat::{Channels, FirstUse},
    role,
};

use crate::{
    app::App,
    fail::{Failure, Result},
    key, name,
    when::{self, Clock},
};

/// What a token permits, and no more. Times are as `keyward times` says.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Caveats")]
pub(crate) struct CaveatArgs {
    /// Rights: unlock, lock, hold-open, status, read-log, release, or 16 to 31
    #[arg(long = "right", value_name = "RIGHT", value_delimiter = ',')]
    rights: Vec<String>,
    /// Locks that it opens
    #[arg(long = "lock", value_name = "NAME", value_delimiter = ',')]
    locks: Vec<String>,
    /// Groups of locks that it opens
    #[arg(long = "group", value_name = "NAME", value_delimiter = ',')]
    groups: Vec<String>,
    /// From when on [default: now]
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Until when; a date alone is its end
    #[arg(long, value_name = "TIME", conflicts_with = "lasts")]
    until: Option<String>,
    /// For how long
    #[arg(long = "for", value_name = "DURATION")]
    lasts: Option<String>,
    /// How often it may be used, at each lock
    #[arg(long, value_name = "N")]
    uses: Option<u32>,
    /// Within which hours of the week, by the lock's own zone: 'tue,thu 09:00-12:00'
    #[arg(long = "every", value_name = "HOURS")]
    windows: Vec<String>,
    /// Except on these dates: 2026-12-24..2027-01-02
    #[arg(long = "except", value_name = "DATES")]
    exceptions: Vec<String>,
    /// Only if this witness agrees to each request: a public key or its file
    #[arg(long = "witness", value_name = "KEY")]
    witnesses: Vec<String>,
    /// How many of the witnesses must agree [default: all]
    #[arg(long, value_name = "N", requires = "witnesses")]
    of: Option<u8>,
    /// Only with a status of the domain that is no older
    #[arg(long, value_name = "DURATION")]
    fresh: Option<String>,
    /// The first use must come before
    #[arg(long, value_name = "TIME", requires = "first_use_for")]
    first_use_by: Option<String>,
    /// From the first use on it lasts so long
    #[arg(long, value_name = "DURATION", requires = "first_use_by")]
    first_use_for: Option<String>,
    /// The door relocks after so long
    #[arg(long, value_name = "DURATION")]
    max_open: Option<String>,
    /// Only over these channels: remote, radio, contact, ranged
    #[arg(long = "channel", value_name = "CHANNEL", value_delimiter = ',')]
    channels: Vec<String>,
    /// A condition of your own: a number and up to 32 bytes in hexadecimal, as 7:00ff
    #[arg(long, value_name = "TAG:HEX")]
    app: Option<String>,
}

impl CaveatArgs {
    /// What a link 0 grants: it says rights, targets and validity.
    pub(crate) fn grant(&self, app: &App) -> Result<Grant> {
        let (rights, targets) = (self.rights()?, self.targets()?);
        let rights = rights.ok_or_else(|| missing("--right", "unlock"))?;
        let targets = targets.ok_or_else(|| missing("--lock or --group", "flat-12a"))?;
        let valid = self.valid(&app.clock)?.ok_or_else(|| missing("--until or --for", "7d"))?;
        let granted = Caveats::grant(rights, &targets, valid).map_err(|_| targets_rule())?;
        self.rest(app, granted)
    }

    /// Whether uses are counted.
    pub(crate) const fn counts_uses(&self) -> bool {
        self.uses.is_some()
    }

    /// What a further link takes away: nothing of it must be said.
    pub(crate) fn narrowing(&self, app: &App) -> Result<Narrowing> {
        let mut caveats = Caveats::narrowing();
        if let Some(rights) = self.rights()? {
            caveats = caveats.rights(rights)?;
        }
        if let Some(targets) = self.targets()? {
            caveats = caveats.targets(&targets).map_err(|_| targets_rule())?;
        }
        if let Some(valid) = self.valid(&app.clock)? {
            caveats = caveats.valid(valid)?;
        }
        self.rest(app, caveats)
    }

    fn rest<L>(&self, app: &App, mut caveats: Caveats<L>) -> Result<Caveats<L>> {
        let clock = &app.clock;
        if let Some(uses) = self.uses {
            caveats =
                caveats.uses(uses).map_err(|_| rule(&format!("--uses {uses}"), "1 at least"))?;
        }
        if !self.witnesses.is_empty() {
            let keys = self.witnesses(app)?;
            let all = u8::try_from(keys.len()).unwrap_or(u8::MAX);
            caveats = caveats.witness(self.of.unwrap_or(all), &keys).map_err(|_| {
                rule("--witness, --of", "1 to 4 witnesses, each once, of whom 1 or 2 must agree")
            })?;
        }
        if let Some(text) = &self.max_open {
            let seconds = when::duration(text).map_err(|why| why.of("--max-open"))?;
            caveats = caveats.max_open(seconds).map_err(|_| rule("--max-open", "1 s at least"))?;
        }
        if let Some(text) = &self.fresh {
            let seconds = when::duration(text).map_err(|why| why.of("--fresh"))?;
            caveats = caveats.fresh(seconds).map_err(|_| rule("--fresh", "1 s at least"))?;
        }
        if !self.windows.is_empty() {
            let windows =
                all(&self.windows, |text| Ok(when::every(text).map_err(|why| why.of("--every"))?))?;
            let exceptions = all(&self.exceptions, |text| {
                Ok(when::except(text, clock).map_err(|why| why.of("--except"))?)
            })?;
            caveats = caveats.schedule(&windows, &exceptions).map_err(|_| {
                rule(
                    "--every, --except",
                    "at most 8 windows, each once, and 16 ranges of dates that don't overlap",
                )
            })?;
        } else if !self.exceptions.is_empty() {
            return Err(Failure::input(
                "--except: from which hours? give --every too, as 'daily 00:00-24:00'",
            ));
        }
        if let (Some(by), Some(lasts)) = (&self.first_use_by, &self.first_use_for) {
            let by = when::instant(by, clock).map_err(|why| why.of("--first-use-by"))?;
            let lasts = when::duration(lasts).map_err(|why| why.of("--first-use-for"))?;
            caveats = caveats.first_use(FirstUse { by, lasts })?;
        }
        if let Some(channels) = self.channels()? {
            caveats = caveats.channels(channels)?;
        }
        if let Some(text) = &self.app {
            let (tag, data) = own(text)?;
            caveats = caveats.app(tag, &data)?;
        }
        Ok(caveats)
    }

    fn rights(&self) -> Result<Option<Rights>> {
        let rights = all(&self.rights, |text| name::right(text))?;
        let mut rights = rights.into_iter();
        Ok(rights.next().map(|first| rights.fold(Rights::of(first), Rights::and)))
    }

    fn targets(&self) -> Result<Option<Vec<Target>>> {
        let locks = all(&self.locks, |text| name::lock(text).map(Target::Lock))?;
        let groups = all(&self.groups, |text| name::group(text).map(Target::Group))?;
        let targets = [locks, groups].concat();
        Ok(Some(targets).filter(|targets| !targets.is_empty()))
    }

    fn valid(&self, clock: &Clock) -> Result<Option<Valid>> {
        let (from, until, lasts) =
            (self.from.as_deref(), self.until.as_deref(), self.lasts.as_deref());
        match (from, until, lasts) {
            (None, None, None) => Ok(None),
            (Some(_), None, None) => Err(missing("--until or --for", "7d")),
            _ => Ok(Some(when::valid(from, until, lasts, clock)?)),
        }
    }

    fn witnesses(&self, app: &App) -> Result<Vec<PublicKey<role::Witness>>> {
        all(&self.witnesses, |argument| key::public(app, argument))
    }

    fn channels(&self) -> Result<Option<Channels>> {
        let mut channels = all(&self.channels, |text| name::channel(text))?.into_iter();
        let first = channels.next().map(Channels::of);
        Ok(first.map(|first| channels.fold(first, Channels::and)))
    }
}

fn all<T>(texts: &[String], read: impl FnMut(&String) -> Result<T>) -> Result<Vec<T>> {
    texts.iter().map(read).collect()
}

fn missing(option: &str, example: &str) -> Failure {
    Failure::input(format!("{option} is missing: a token is never for everything; say {example}"))
}

/// An option's rule, where what was said breaks it.
fn rule(option: &str, rule: &str) -> Failure {
    Failure::input(format!("{option}: {rule}"))
}

fn targets_rule() -> Failure {
    rule("--lock, --group", "at most 8 names, each once")
}

/// Reads `TAG:HEX`.
fn own(text: &str) -> Result<(u32, Vec<u8>)> {
    let bad =
        || Failure::input(format!("--app {text}: not a number, a colon and hexadecimal digits"));
    let (tag, digits) = text.split_once(':').ok_or_else(bad)?;
    let tag = tag.parse().map_err(|_| bad())?;
    Ok((tag, unhex(digits).ok_or_else(bad)?))
}

/// Bytes by their hexadecimal digits.
pub(crate) fn unhex(digits: &str) -> Option<Vec<u8>> {
    let pairs = digits.as_bytes().chunks(2).map(|pair| {
        let pair = std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2)?;
        let plain = pair.bytes().all(|byte| byte.is_ascii_hexdigit());
        u8::from_str_radix(pair, 16).ok().filter(|_| plain)
    });
    pairs.collect()
}
