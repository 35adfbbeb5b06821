//! `token check` gives each vector's verdict and reason.

mod desk;

use desk::Desk;

fn vectors(name: &str) -> String {
    format!("{}/../tests/vectors/{name}", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn each_presentation_has_its_vectors_verdict_and_reason() {
    let desk = Desk::new();
    let told = desk.done(&format!("token check --vectors {}", vectors("verify.json")));
    assert!(told.lines().count() > 500);
    assert!(told.contains("\nuses_spent: denied: UsesSpent (430)\n"), "{told}");
    assert!(told.contains("\nuses_spent/mended: accepted\n"));
}

#[test]
fn each_object_has_its_vectors_decode_error() {
    let desk = Desk::new();
    let told = desk.done(&format!("token check --vectors {}", vectors("decode.json")));
    assert!(told.lines().count() > 600);
}

#[test]
fn a_vector_that_says_otherwise_is_named() {
    let desk = Desk::new();
    let text = std::fs::read_to_string(vectors("verify.json")).unwrap();
    desk.write(
        "wrong.json",
        text.replacen("\"reason\": \"UsesSpent\"", "\"reason\": \"Expired\"", 1).as_bytes(),
    );
    let output = desk.run("token check --vectors wrong.json");
    assert_eq!(output.status.code(), Some(1));
    let error = desk::stderr(&output);
    assert!(error.contains("1 of"), "{error}");
}

#[test]
fn a_presentation_is_judged_by_a_lock_side_of_ones_own() {
    let desk = Desk::new();
    let file: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(vectors("verify.json")).unwrap()).unwrap();
    let all = file["vectors"].as_array().unwrap();
    let of = |name: &str| all.iter().find(|vector| vector["name"] == name).unwrap();
    for (name, exit) in [("uses_spent/mended", 0), ("uses_spent", 1)] {
        let vector = of(name);
        let bytes = vector["presentation"].as_str().unwrap();
        let bytes: Vec<u8> = (0..bytes.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&bytes[at..at + 2], 16).unwrap())
            .collect();
        let mut buffer = [0; keyward::text::MAX_TEXT];
        let text = keyward::text::encode(&bytes, &mut buffer).unwrap();
        desk.write("side.json", vector.to_string().as_bytes());
        let output = desk.run(&format!("token check {text} --lock-side side.json"));
        assert_eq!(output.status.code(), Some(exit), "{}", desk::stderr(&output));
    }
}
