//! The format once more, by serde derive and the `postcard` crate: the oracle of the decoders.
