//! The actors, the world and the naive models that keyward's example, tests and fuzz targets
//! share. One world, not five.

pub mod oracle;
