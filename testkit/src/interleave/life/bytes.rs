//! Choices that are read from bytes: a small one takes one byte, so that a fuzzer that changes a
//! byte changes one choice.

/// What is left of the bytes. Behind their end every choice is the first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Choices<'b>(pub(super) &'b [u8]);

impl Choices<'_> {
    pub(super) const fn is_over(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    /// One of `0..n`: of more than 256, by two bytes.
    pub(super) fn below(&mut self, n: usize) -> usize {
        let low = usize::from(self.byte());
        if n <= 256 { low % n.max(1) } else { (low | usize::from(self.byte()) << 8) % n }
    }

    /// One of the options.
    pub(super) fn pick<T: Copy>(&mut self, options: &[T]) -> T {
        options[self.below(options.len())]
    }

    /// True once in `n`, and never by a byte of 0.
    pub(super) fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == n - 1
    }
}
