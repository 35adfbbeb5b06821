//! A flash that takes its time.

use core::{
    future::{Future, poll_fn},
    task::Poll,
};

use embedded_storage_async::nor_flash::{ErrorType, NorFlash, ReadNorFlash};

/// Makes a flash that waits into one whose futures are pending once before each operation and once
/// behind it, so that they can be dropped there.
#[derive(Clone, Debug)]
pub struct Yielding<F>(pub F);

impl<F: ErrorType> ErrorType for Yielding<F> {
    type Error = F::Error;
}

impl<F: embedded_storage::nor_flash::ReadNorFlash> ReadNorFlash for Yielding<F> {
    const READ_SIZE: usize = F::READ_SIZE;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Self::Error> {
        pending_once().await;
        let done = self.0.read(offset, bytes);
        pending_once().await;
        done
    }

    fn capacity(&self) -> usize {
        self.0.capacity()
    }
}

impl<F: embedded_storage::nor_flash::NorFlash> NorFlash for Yielding<F> {
    const WRITE_SIZE: usize = F::WRITE_SIZE;
    const ERASE_SIZE: usize = F::ERASE_SIZE;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), Self::Error> {
        pending_once().await;
        let done = self.0.erase(from, to);
        pending_once().await;
        done
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Self::Error> {
        pending_once().await;
        let done = self.0.write(offset, bytes);
        pending_once().await;
        done
    }
}

fn pending_once() -> impl Future<Output = ()> {
    let mut asked = false;
    poll_fn(move |context| {
        if core::mem::replace(&mut asked, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
}
