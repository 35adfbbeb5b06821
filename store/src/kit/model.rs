//! What a log is to hold.

use keyward::store::AsyncStore;

type Records = Vec<Vec<u8>>;

/// The log, and others that may be found at the next start.
pub(super) struct Model {
    log: Records,
    others: Vec<Records>,
}

impl Model {
    pub(super) fn new() -> Self {
        Self { log: Records::new(), others: Vec::new() }
    }

    /// A call succeeded, which settles all before it.
    pub(super) fn append(&mut self, record: Vec<u8>) {
        self.log.push(record);
        self.others.clear();
    }

    /// A call succeeded, which settles all before it.
    pub(super) fn replace(&mut self, log: Records) {
        self.log = log;
        self.others.clear();
    }

    pub(super) fn maybe_append(&mut self, record: Vec<u8>) {
        let mut other = self.log.clone();
        other.push(record);
        self.others.push(other);
    }

    pub(super) fn maybe_replace(&mut self, log: Records) {
        self.others.push(log);
    }

    /// Takes what was found after a start.
    pub(super) fn found(&mut self, log: Records) -> Result<(), String> {
        if self.log != log && !self.others.contains(&log) {
            return self.is(&log);
        }
        let before = core::mem::replace(&mut self.log, log);
        self.others.push(before);
        Ok(())
    }

    pub(super) fn is(&self, log: &Records) -> Result<(), String> {
        match self.log == *log {
            true => Ok(()),
            false => Err(format!("found {}, not {}", show(log), show(&self.log))),
        }
    }

    /// Bytes that the log takes of the capacity.
    pub(super) fn used<S: AsyncStore>(&self) -> usize {
        self.log.iter().map(|record| record.len() + S::OVERHEAD).sum()
    }
}

/// The lengths of the records, with their first bytes.
fn show(log: &Records) -> String {
    let records = log
        .iter()
        .map(|record| format!("{} bytes {:02x?}", record.len(), &record[..record.len().min(4)]));
    format!("[{}]", records.collect::<Vec<_>>().join(", "))
}
