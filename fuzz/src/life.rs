use keyward_testkit::interleave::life::live;

/// The bytes choose a life of a whole lock, on flash that tears: it holds and says what a naive
/// model does, and loses nothing that it told.
pub fn lock_life(data: &[u8]) {
    if let Err(what) = live(data) {
        panic!("lock and model part:\n  {what}");
    }
}
