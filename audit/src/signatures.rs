//! Verifies every signature of a log, on all cores.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use crate::{
    archive::Archive,
    keys::Keys,
    line::{Buffer, MAX_LINE},
    progress::{Progress, Stage},
    record::{Record, Signed},
};

/// Records that a thread takes at a time: some milliseconds of work.
const BATCH: usize = 128;

pub(crate) fn check_all(
    records: &mut [Record],
    archive: &Archive<'_>,
    keys: &Keys,
    progress: &mut dyn Progress,
) {
    let total = u64::try_from(records.len()).unwrap_or(u64::MAX);
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let threads = cores.min(records.len().div_ceil(BATCH));
    let (queue, done) = (Mutex::new(records.chunks_mut(BATCH)), AtomicU64::new(0));
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    let batch = |batch: &mut [Record], buffer: &mut Buffer| {
        for record in batch {
            record.signature = check(record, archive, keys, buffer);
            done.fetch_add(1, Ordering::Relaxed);
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(|| {
                let mut buffer: Buffer = [0; MAX_LINE];
                while let Some(records) = next() {
                    batch(records, &mut buffer);
                }
            });
        }
        // The thread that was called works too, and tells how far all of them are.
        let mut buffer: Buffer = [0; MAX_LINE];
        while let Some(records) = next() {
            batch(records, &mut buffer);
            progress.step(Stage::Verifying, done.load(Ordering::Relaxed), Some(total));
        }
    });
}

/// Whether the device has signed a record.
pub(crate) fn check(
    record: &Record,
    archive: &Archive<'_>,
    keys: &Keys,
    buffer: &mut Buffer,
) -> Signed {
    match archive.receipt(&record.place, buffer) {
        Some(receipt) => keys.check(&receipt),
        // It was read once, from the same text.
        None => Signed::Broken(keyward::SignatureFault::Mismatch),
    }
}
