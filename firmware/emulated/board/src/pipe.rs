//! Frames over a byte pipe: a kind, a length of two bytes, little-endian, and the body.

use semihosting::{
    fd::{AsFd, OwnedFd},
    sys::{
        arm_compat::{OpenMode, sys_open},
        read, write,
    },
};

/// Both ends of the pipe, which are QEMU's standard input and output.
pub struct Pipe {
    input: OwnedFd,
    output: OwnedFd,
}

/// The pipe is broken: nobody is left to talk to.
#[derive(Clone, Copy, Debug)]
pub struct Broken;

impl Pipe {
    /// Opens the pipe.
    ///
    /// # Errors
    /// [`Broken`].
    pub fn open() -> Result<Self, Broken> {
        let open = |mode| sys_open(c":tt", mode).map_err(|_| Broken);
        Ok(Self { input: open(OpenMode::RDONLY)?, output: open(OpenMode::WRONLY_TRUNC)? })
    }

    /// Waits for a frame; returns its kind and its body.
    ///
    /// # Errors
    /// [`Broken`], also for a frame that is longer than the buffer.
    pub fn receive<'b>(&mut self, buffer: &'b mut [u8]) -> Result<(u8, &'b mut [u8]), Broken> {
        let mut head = [0; 3];
        self.fill(&mut head)?;
        let [kind, low, high] = head;
        let body = buffer.get_mut(..usize::from(u16::from_le_bytes([low, high])));
        let body = body.ok_or(Broken)?;
        self.fill(body)?;
        Ok((kind, body))
    }

    /// Sends a frame whose body is these parts.
    ///
    /// # Errors
    /// [`Broken`].
    pub fn send(&mut self, kind: u8, parts: &[&[u8]]) -> Result<(), Broken> {
        let length = parts.iter().fold(0_usize, |sum, part| sum.saturating_add(part.len()));
        let [low, high] = u16::try_from(length).map_err(|_| Broken)?.to_le_bytes();
        self.put(&[kind, low, high])?;
        parts.iter().try_for_each(|part| self.put(part))
    }

    fn fill(&mut self, mut out: &mut [u8]) -> Result<(), Broken> {
        while !out.is_empty() {
            let count = read(self.input.as_fd(), out).map_err(|_| Broken)?;
            let rest = core::mem::take(&mut out).get_mut(count..);
            out = rest.filter(|_| count > 0).ok_or(Broken)?;
        }
        Ok(())
    }

    fn put(&mut self, mut bytes: &[u8]) -> Result<(), Broken> {
        while !bytes.is_empty() {
            let count = write(self.output.as_fd(), bytes).map_err(|_| Broken)?;
            bytes = bytes.get(count..).filter(|_| count > 0).ok_or(Broken)?;
        }
        Ok(())
    }
}
