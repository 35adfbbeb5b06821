//! The test vectors: written, or compared byte for byte with what is committed.

use std::{fs, path::Path};

use keyward_testkit::vectors;

/// Writes `tests/vectors/*.json`; with `--check`, compares instead.
pub fn run(arguments: &[String]) -> Result<(), String> {
    let check = arguments.iter().any(|argument| argument == "--check");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors");
    let (mut count, mut disagreements) = (0, 0);
    let files = [
        ("verify.json", vectors::verify()),
        ("decode.json", vectors::decode()),
        ("text.json", vectors::texts()),
        ("trust.json", vectors::trust()),
        ("journal.json", vectors::journal()),
        ("tables.json", vectors::tables()),
        ("receipts.json", vectors::receipts()),
        ("seal.json", vectors::seal()),
    ];
    for (name, value) in files {
        let list = value["vectors"].as_array().map_or(0, Vec::len);
        let mut text = serde_json::to_string_pretty(&value).map_err(|error| error.to_string())?;
        text.push('\n');
        let path = folder.join(name);
        if check {
            let committed = fs::read_to_string(&path).map_err(|error| error.to_string())?;
            disagreements += u32::from(committed != text);
        } else {
            fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
            fs::write(&path, text).map_err(|error| error.to_string())?;
        }
        println!("{name}: {list} vectors");
        count += list;
    }
    println!("vectors: {count}");
    println!("disagreements: {disagreements}");
    if disagreements == 0 { Ok(()) } else { Err("the committed vectors differ".into()) }
}
