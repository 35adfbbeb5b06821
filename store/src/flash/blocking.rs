//! The same log for hosts that wait.

use core::{
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};

use embedded_storage::nor_flash as waiting;
use embedded_storage_async::nor_flash::{ErrorType, NorFlash, ReadNorFlash};
use keyward::store::{AsyncStore, Cursor, Store, StoreError};

use super::FlashLog;

/// Makes a flash that waits into one whose futures are ready at once.
#[derive(Clone, Debug)]
pub struct Blocking<F>(pub F);

impl<F: waiting::ErrorType> ErrorType for Blocking<F> {
    type Error = F::Error;
}

impl<F: waiting::ReadNorFlash> ReadNorFlash for Blocking<F> {
    const READ_SIZE: usize = F::READ_SIZE;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Self::Error> {
        self.0.read(offset, bytes)
    }

    fn capacity(&self) -> usize {
        self.0.capacity()
    }
}

impl<F: waiting::NorFlash> NorFlash for Blocking<F> {
    const WRITE_SIZE: usize = F::WRITE_SIZE;
    const ERASE_SIZE: usize = F::ERASE_SIZE;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), Self::Error> {
        self.0.erase(from, to)
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Self::Error> {
        self.0.write(offset, bytes)
    }
}

/// A [`FlashLog`] for hosts that wait, over a flash that waits.
#[derive(Clone, Debug)]
pub struct BlockingFlashLog<F, const HALF: usize>(FlashLog<Blocking<F>, HALF>);

impl<F: waiting::NorFlash, const HALF: usize> BlockingFlashLog<F, HALF> {
    /// Opens the log on a flash, and ends what a power cut interrupted.
    ///
    /// # Errors
    /// Those of [`FlashLog::open`].
    pub fn open(flash: F) -> Result<Self, StoreError> {
        wait(FlashLog::open(Blocking(flash))).map(Self)
    }

    /// Erases both halves, whatever they hold, and opens the empty log.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub fn wipe(flash: F) -> Result<Self, StoreError> {
        wait(FlashLog::wipe(Blocking(flash))).map(Self)
    }

    /// Gives the flash back.
    pub fn into_inner(self) -> F {
        self.0.into_inner().0
    }

    /// Opens a log, or gives the flash back as the opening left it.
    #[cfg(feature = "sim")]
    pub(crate) fn open_or_return(flash: F) -> Result<Self, (StoreError, F)> {
        // `unread` fails on a flash that is too small, which a simulated one isn't.
        let mut log = FlashLog { flash: Blocking(flash), log: None, spare: super::Spare::Used };
        match wait(log.find()) {
            Ok(()) => Ok(Self(log)),
            Err(error) => Err((error, log.into_inner().0)),
        }
    }

    /// The flash below.
    #[cfg(feature = "sim")]
    pub(crate) fn flash(&mut self) -> &mut F {
        &mut self.0.flash.0
    }
}

impl<F: waiting::NorFlash, const HALF: usize> Store for BlockingFlashLog<F, HALF> {
    const CAPACITY: usize = <FlashLog<Blocking<F>, HALF> as AsyncStore>::CAPACITY;
    const OVERHEAD: usize = <FlashLog<Blocking<F>, HALF> as AsyncStore>::OVERHEAD;

    fn read(&mut self, at: Cursor, out: &mut [u8]) -> Result<Option<(usize, Cursor)>, StoreError> {
        wait(self.0.read(at, out))
    }

    fn append(&mut self, record: &[u8]) -> Result<(), StoreError> {
        wait(self.0.append(record))
    }

    fn begin(&mut self) -> Result<(), StoreError> {
        wait(self.0.begin())
    }

    fn stage(&mut self, record: &[u8]) -> Result<(), StoreError> {
        wait(self.0.stage(record))
    }

    fn publish(&mut self) -> Result<(), StoreError> {
        wait(self.0.publish())
    }
}

/// Runs a future to its end that awaits nothing but a [`Blocking`] flash.
fn wait<T>(future: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => Err(StoreError::Failed),
    }
}
