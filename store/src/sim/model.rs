//! What a log may be found to hold.

use keyward::{
    limits::MAX_RECORD,
    store::{Cursor, Store, StoreError},
};

/// Records of a log, oldest first.
pub(super) type Records = Vec<Vec<u8>>;

/// One call, or one run of calls that is whole only with its last.
#[derive(Clone, Debug)]
pub(super) enum Act {
    Append(Vec<u8>),
    Replace(Records),
}

impl Act {
    pub(super) fn on(&self, log: &Records) -> Records {
        match self {
            Self::Append(record) => log.iter().chain([record]).cloned().collect(),
            Self::Replace(records) => records.clone(),
        }
    }

    pub(super) fn run(&self, store: &mut impl Store) -> Result<(), StoreError> {
        match self {
            Self::Append(record) => store.append(record),
            Self::Replace(records) => {
                store.begin()?;
                records.iter().try_for_each(|record| store.stage(record))?;
                store.publish()
            }
        }
    }
}

/// The logs that may be found. More than one is while calls that were cut are not settled.
#[derive(Clone, Debug)]
pub(super) struct Allowed(Vec<Records>);

impl Allowed {
    pub(super) fn only(log: Records) -> Self {
        Self(vec![log])
    }

    pub(super) fn also(&mut self, log: Records) {
        if !self.0.contains(&log) {
            self.0.push(log);
        }
    }

    pub(super) fn has(&self, log: &Records) -> bool {
        self.0.contains(log)
    }
}

pub(super) fn read_all(store: &mut impl Store) -> Result<Records, StoreError> {
    let (mut at, mut log, mut buffer) = (Cursor::START, Vec::new(), [0; MAX_RECORD]);
    while let Some((length, behind)) = store.read(at, &mut buffer)? {
        log.push(buffer[..length].to_vec());
        at = behind;
    }
    Ok(log)
}
