//! The actors, the world and the naive models that keyward's example, tests and fuzz targets
//! share. One world, not five.

pub mod bound;
pub mod catalogue;
pub mod edges;
pub mod evasion;
pub mod faults;
pub mod flat;
pub mod fleet;
pub mod interleave;
pub mod journal;
pub mod lives;
pub mod logs;
pub mod malformed;
pub mod model;
pub mod musts;
pub mod objects;
pub mod oracle;
pub mod order;
pub mod random;
pub mod scene;
pub mod seal;
pub mod statements;
pub mod stores;
pub mod strict;
pub mod suites;
pub mod tallies;
pub mod vectors;
pub mod widen;
pub mod window;
pub mod world;
pub mod zones;
