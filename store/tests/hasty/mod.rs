//! A store that gets one thing wrong: it marks a record as whole before it is.

use embedded_storage::nor_flash::{NorFlash, ReadNorFlash};
use keyward::store::{Cursor, Store, StoreError};
use keyward_store::sim::{Failure, Flash, Logged};

const PAGE: usize = 512;
const MARK: [u8; 8] = [0; 8];

#[derive(Clone)]
pub(crate) struct Hasty {
    flash: Flash<1, PAGE>,
    end: usize,
    staged: Vec<Vec<u8>>,
}

impl Hasty {
    fn mark(&mut self, at: usize) -> bool {
        let mut mark = [0xff; 8];
        self.flash.read(u32::try_from(at).unwrap(), &mut mark).is_ok() && mark == MARK
    }

    fn put(&mut self, at: usize, bytes: &[u8]) -> Result<(), StoreError> {
        self.flash.write(u32::try_from(at).unwrap(), bytes).map_err(|_| StoreError::Failed)
    }
}

impl Logged<1, PAGE> for Hasty {
    fn open(flash: Flash<1, PAGE>) -> Result<Self, Failure<1, PAGE>> {
        let mut store = Self { flash, end: 0, staged: Vec::new() };
        while store.mark(store.end) {
            let mut length = [0];
            let _ = store.flash.read(u32::try_from(store.end + 8).unwrap(), &mut length);
            store.end += 9 + usize::from(length[0]);
        }
        Ok(store)
    }

    fn flash(&mut self) -> &mut Flash<1, PAGE> {
        &mut self.flash
    }
}

impl Store for Hasty {
    const CAPACITY: usize = 4 * PAGE;
    const OVERHEAD: usize = 9;

    fn read(&mut self, at: Cursor, out: &mut [u8]) -> Result<Option<(usize, Cursor)>, StoreError> {
        let mut length = [0];
        if at.0 as usize >= self.end || self.flash.read(at.0 + 8, &mut length).is_err() {
            return Ok(None);
        }
        let out = &mut out[..length[0].into()];
        self.flash.read(at.0 + 9, out).map_err(|_| StoreError::Failed)?;
        Ok(Some((length[0].into(), Cursor(at.0 + 9 + u32::from(length[0])))))
    }

    fn append(&mut self, record: &[u8]) -> Result<(), StoreError> {
        self.put(self.end, &MARK)?;
        self.put(self.end + 8, &[u8::try_from(record.len()).unwrap()])?;
        self.put(self.end + 9, record)?;
        self.end += 9 + record.len();
        Ok(())
    }

    fn begin(&mut self) -> Result<(), StoreError> {
        self.staged.clear();
        Ok(())
    }

    fn stage(&mut self, record: &[u8]) -> Result<(), StoreError> {
        self.staged.push(record.to_vec());
        Ok(())
    }

    fn publish(&mut self) -> Result<(), StoreError> {
        let size = u32::try_from(self.flash.capacity()).unwrap();
        self.flash.erase(0, size).map_err(|_| StoreError::Failed)?;
        self.end = 0;
        for record in std::mem::take(&mut self.staged) {
            self.append(&record)?;
        }
        Ok(())
    }
}
