//! A flash that is awaited: another task has its turn in front of each operation and behind it.

use core::{future::poll_fn, task::Poll};

use board::flash::Flash;
use embedded_storage::nor_flash::{
    NorFlash as WaitingNorFlash, NorFlashErrorKind, ReadNorFlash as WaitingReadNorFlash,
};
use embedded_storage_async::nor_flash::{ErrorType, NorFlash, ReadNorFlash};

/// The board's flash, for those that await.
pub struct Awaited(pub Flash);

impl ErrorType for Awaited {
    type Error = NorFlashErrorKind;
}

impl ReadNorFlash for Awaited {
    const READ_SIZE: usize = Flash::READ_SIZE;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Self::Error> {
        self.0.read(offset, bytes)
    }

    fn capacity(&self) -> usize {
        self.0.capacity()
    }
}

impl NorFlash for Awaited {
    const WRITE_SIZE: usize = Flash::WRITE_SIZE;
    const ERASE_SIZE: usize = Flash::ERASE_SIZE;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), Self::Error> {
        turn().await;
        let done = self.0.erase(from, to);
        turn().await;
        done
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Self::Error> {
        turn().await;
        let done = self.0.write(offset, bytes);
        turn().await;
        done
    }
}

/// Lets the other tasks have their turn.
pub async fn turn() {
    let mut had = false;
    poll_fn(|context| {
        if core::mem::replace(&mut had, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
