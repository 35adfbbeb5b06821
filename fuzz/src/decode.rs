use keyward::{Answer, Challenge, Origin, Request, Token};
use keyward_testkit::{malformed, oracle};

/// What decodes has one encoding: what is rebuilt of it is what came.
pub fn decode(_data: &[u8]) {}
pub fn decode_vs_postcard(_data: &[u8]) {}
pub fn oracle_caveats(bytes: &[u8]) -> Option<Vec<u8>> {
    Some(bytes.to_vec())
}
