//! The actors, the world and the naive models that keyward's example, tests and fuzz targets
//! share. One world, not five.

pub mod catalogue;
pub mod edges;
pub mod malformed;
pub mod model;
pub mod objects;
pub mod oracle;
pub mod random;
pub mod scene;
pub mod strict;
pub mod vectors;
pub mod world;
pub mod zones;
