//! The vectors as flat bytes, for readers without JSON and without a heap: the C binding's.
//!
//! A case is its kind, the length of what follows the length, a name, and its body. Numbers are
//! little-endian; bytes and names stand behind their length of four bytes, lists behind a count of
//! one, what may be missing behind a flag. `bindings/c/tests/vectors.c` reads them.

mod delivery;

use keyward::lock::Identity;
use serde_json::Value;

use crate::{
    scene::{Mode, Scene},
    statements, vectors,
    world::door::secret_bytes,
};

/// Cases, one behind the other.
#[derive(Debug, Default)]
pub struct Flat {
    /// They.
    pub bytes: Vec<u8>,
    /// Their number.
    pub cases: usize,
    /// The names of vectors that a lock of these capacities can't run.
    pub left_out: Vec<String>,
}

/// Counted links and holders of the lock that runs the cases: the journal's vectors fill it.
pub const CAPACITY: (usize, usize) = (16, 8);

impl Flat {
    /// All that a lock and `verify` are held to: presentations, statements, starts, a delivery.
    pub fn all() -> Self {
        let mut flat = Self::default();
        for presented in vectors::presented() {
            flat.presented(&presented.vector(), &presented.scene);
        }
        for vector in vectors::trust()["vectors"].as_array().unwrap() {
            flat.life(vector);
        }
        for vector in vectors::journal()["vectors"].as_array().unwrap() {
            flat.start(vector);
        }
        flat.case(b'D', "delivery", delivery::body());
        flat
    }

    fn case(&mut self, kind: u8, name: &str, body: Out) {
        let mut case = Out::default();
        case.bytes(name.as_bytes());
        case.0.extend(body.0);
        self.bytes.push(kind);
        self.bytes.extend(u32::try_from(case.0.len()).unwrap().to_le_bytes());
        self.bytes.extend(case.0);
        self.cases += 1;
    }

    /// A presentation, under trust that is pinned.
    fn presented(&mut self, vector: &Value, scene: &Scene) {
        let mut out = Out::default();
        let trust = &vector["trust"];
        out.hex(&trust["domain"]);
        out.u64(trust["epoch"].as_u64().unwrap());
        out.optional(&trust["emergency"], Out::hex);
        scene.prepare().held().iter().for_each(|held| out.bytes(held));
        out.u64(number(&vector["now"]["lo"]));
        out.optional(&vector["now"]["hi"], |out, hi| out.u64(number(hi)));
        out.u32(scene.drift_ppm);
        out.optional(&vector["challenge"], |out, challenge| {
            out.hex(&challenge["nonce"]);
            out.u8(number(&challenge["channel"]));
            out.u64(number(&challenge["age_milliseconds"]));
        });
        out.list(&vector["memory"]["uses"], |out, uses| {
            out.hex(&uses["link"]);
            out.u32(number(&uses["spent"]).try_into().unwrap());
            out.optional(&uses["first"], |out, first| out.u64(number(first)));
        });
        out.optional(&vector["memory"]["window"], |out, window| {
            out.hex(&window["holder"]);
            out.u64(number(&window["highest"]));
            out.u64(if window["all_below_seen"] == true { u64::MAX } else { 0 });
        });
        let told = ["holds", "fails", "unknown tag"];
        let app = vector["app"].as_str().map(|app| told.iter().position(|told| *told == app));
        out.u8(app.map_or(0, |place| place.unwrap() as u64 + 1));
        out.counted_hex(&vector["presentation"]);
        verdict(&mut out, &vector["verdict"], &scene.mode);
        self.case(b'V', vector["name"].as_str().unwrap(), out);
    }

    /// Statements, one after the other, and what is held after each.
    fn life(&mut self, vector: &Value) {
        let mut out = Out::default();
        identity(&mut out, &vector["identity"]);
        out.optional(&vector["identity"]["claim_key"], Out::hex);
        out.list(&vector["steps"], |out, step| {
            match step["do"].as_str().unwrap() {
                "claim" => {
                    out.u8(1);
                    ["claim", "epoch", "keyset", "card"]
                        .iter()
                        .for_each(|part| out.counted_hex(&step[part]));
                    out.optional(&step["list"], Out::counted_hex);
                    out.u8(u64::from(step["contact"] == true));
                }
                "epochs" => {
                    out.u8(2);
                    out.list(&step["epochs"], Out::counted_hex);
                    out.counted_hex(&step["keyset"]);
                }
                "release" => {
                    out.u8(4);
                    identity(out, step);
                }
                _ => {
                    out.u8(3);
                    out.counted_hex(&step["bytes"]);
                    out.optional(&step["nonce"], Out::hex);
                    out.u64(step["lo"].as_u64().unwrap_or(0));
                }
            }
            let taken = ["unchanged", "claim", "epoch", "keyset", "list", "card", "time"];
            let applied = step["result"]["applied"].as_str();
            out.u32(step["result"]["refused"].as_u64().unwrap_or(0).try_into().unwrap());
            out.u8(applied
                .and_then(|applied| taken.iter().position(|name| *name == applied))
                .map_or(0, |place| place as u64));
            out.optional(&step["after"], held);
        });
        self.case(b'T', vector["name"].as_str().unwrap(), out);
    }

    /// A start over records, and what is held then.
    fn start(&mut self, vector: &Value) {
        let name = vector["name"].as_str().unwrap();
        // A window of 128 counters; the binding's locks have one of 64.
        if vector["capacity"]["words"] != 1 {
            return self.left_out.push(name.to_owned());
        }
        let mut out = Out::default();
        out.hex(&vector["identity"]["device"]);
        out.hex(&vector["identity"]["nonce"]);
        out.hex(&vector["secret"]);
        out.list(&vector["records"], Out::counted_hex);
        out.optional(&vector["anchor"], Out::counted_hex);
        out.optional(&vector["counter"], |out, counter| out.u64(number(counter)));
        let result = &vector["result"];
        out.u32(result["denied"].as_u64().unwrap_or(0).try_into().unwrap());
        let found = match (&result["restored"], &result["interrupted"]) {
            (restored, _) if restored == "claimed" && result["interrupted"].is_u64() => 2,
            (restored, _) if restored == "claimed" => 1,
            _ => 0,
        };
        out.u8(found);
        out.u64(result["interrupted"].as_u64().unwrap_or(0));
        out.optional(&vector["after"], |out, after| {
            held(out, after);
            for log in ["events", "denials"] {
                out.u64(number(&after[log]["next"]));
                out.hex(&after[log]["hash"]);
            }
            out.u32((number(&after["events"]["held"]) + number(&after["denials"]["held"])) as u32);
            out.u8(u64::from(after["relock"] == true));
            after["nonces"].as_array().unwrap().iter().for_each(|nonce| out.hex(nonce));
        });
        self.case(b'J', name, out);
    }
}

fn verdict(out: &mut Out, verdict: &Value, mode: &Mode) {
    if verdict["accepted"] == false {
        out.u32(number(&verdict["code"]).try_into().unwrap());
        out.u8(number(&verdict["answer"]));
        return out.u8(u64::from(verdict["evidence"] == true));
    }
    let after = &verdict["after"];
    out.u32(0);
    out.hex(&verdict["core"]);
    out.hex(&verdict["holder"]);
    out.list(&verdict["links"], Out::hex);
    out.list(&verdict["evidence"], Out::hex);
    out.u32(verdict["relock_within"].as_u64().unwrap_or(0).try_into().unwrap());
    out.u64(number(&verdict["time"]["lo"]));
    out.optional(&verdict["time"]["hi"], |out, hi| out.u64(number(hi)));
    out.list(&after["uses"], |out, uses| {
        ["link", "root", "issuer"].iter().for_each(|name| out.hex(&uses[name]));
        out.u32(number(&uses["spent"]).try_into().unwrap());
        out.u64(uses["first"].as_u64().unwrap_or(0));
        out.u64(number(&uses["keep_until"]));
    });
    out.optional(&after["counter"], |out, counter| {
        let Mode::Unchallenged { time, .. } = mode else { panic!("a counter of no lane") };
        out.u64(number(counter));
        out.u64(*time);
    });
    out.optional(&after["heard"], |out, heard| out.u64(number(heard)));
}

/// Device, life and secret.
fn identity(out: &mut Out, identity: &Value) {
    out.hex(&identity["device"]);
    out.hex(&identity["nonce"]);
    let known = statements::identity();
    let nonce = keyward::id::ClaimNonce(unhex(&identity["nonce"]).try_into().unwrap());
    out.0.extend(secret_bytes(&Identity { nonce, ..known }));
}

fn held(out: &mut Out, after: &Value) {
    out.hex(&after["domain"]);
    out.u64(number(&after["epoch"]));
    out.u64(number(&after["keyset"]));
    for place in ["list", "card"] {
        after[place].as_array().unwrap().iter().for_each(|part| out.u64(number(part)));
    }
    out.u64(number(&after["floor"]));
}

/// What is written.
#[derive(Debug, Default)]
struct Out(Vec<u8>);

impl Out {
    fn u8(&mut self, number: u64) {
        self.0.push(number.try_into().unwrap());
    }

    fn u32(&mut self, number: u32) {
        self.0.extend(number.to_le_bytes());
    }

    fn u64(&mut self, number: u64) {
        self.0.extend(number.to_le_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.u32(bytes.len().try_into().unwrap());
        self.0.extend(bytes);
    }

    fn hex(&mut self, value: &Value) {
        self.0.extend(unhex(value));
    }

    fn counted_hex(&mut self, value: &Value) {
        self.bytes(&unhex(value));
    }

    fn optional(&mut self, value: &Value, put: impl FnOnce(&mut Self, &Value)) {
        self.u8(u64::from(!value.is_null()));
        if !value.is_null() {
            put(self, value);
        }
    }

    fn list(&mut self, value: &Value, mut put: impl FnMut(&mut Self, &Value)) {
        let values = value.as_array().unwrap();
        self.u8(values.len().try_into().unwrap());
        values.iter().for_each(|value| put(self, value));
    }
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

fn unhex(value: &Value) -> Vec<u8> {
    let digits = value.as_str().unwrap().as_bytes().chunks_exact(2);
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.map(byte).collect()
}
