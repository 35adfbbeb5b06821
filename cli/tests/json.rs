//! `JSON.md` against what the commands write: each documented field occurs, and no other.

mod home;

use std::collections::{BTreeMap, BTreeSet};

use home::{Home, Said};
use keyward::{Seconds, text, wire::Kind};
use serde_json::Value;

/// The fields of a section of `JSON.md` and whether each must occur.
fn documented(section: &str) -> BTreeMap<String, bool> {
    let text = include_str!("../JSON.md");
    let mut lines = text.lines().skip_while(|line| line.trim_start_matches('#').trim() != section);
    assert!(lines.next().is_some(), "no section {section}");
    let body: Vec<_> = lines.take_while(|line| !line.starts_with('#')).collect();
    let mut fields: BTreeMap<_, _> = body.iter().filter_map(|line| row(line)).collect();
    if body.iter().any(|line| line.to_lowercase().contains("and objects")) {
        let all = text.lines().skip_while(|line| !line.starts_with("Commands that make"));
        fields.extend(all.take_while(|line| !line.starts_with('#')).filter_map(row));
    }
    for more in ["show token", "show receipt"] {
        if body.iter().any(|line| line.contains(&format!("The fields of *{more}*"))) {
            fields.extend(documented(more));
        }
    }
    fields
}

/// The field of a table's row, and whether it must occur.
fn row(line: &str) -> Option<(String, bool)> {
    let mut cells = line.strip_prefix("| `")?.split(" | ");
    let name = cells.next()?.trim_end_matches('`').to_owned();
    Some((name, !cells.next()?.contains('?')))
}

/// The kinds of caveats and their fields.
fn caveats() -> BTreeMap<String, BTreeSet<String>> {
    let text = include_str!("../JSON.md");
    let (_, table) = text.split_once("### Caveats").unwrap();
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | "));
    let fields = |text: &str| {
        // Inner fields stand in brackets or behind "list of": all names count.
        let names = text.split('`').skip(1).step_by(2).map(str::to_owned);
        names.chain(["kind", "text", "holds", "denied"].map(str::to_owned)).collect()
    };
    rows.map(|(kind, text)| (kind.to_owned(), fields(text))).collect()
}

/// The paths of all fields; keys, names, denials and caveats are one field each.
fn paths(value: &Value, at: &str, out: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            let names: Vec<_> = fields.keys().map(String::as_str).collect();
            let known =
                [&["key", "label", "name"][..], &["label", "name"], &["code", "name", "text"]];
            let is_caveat =
                names.contains(&"kind") && names.contains(&"text") && !names.contains(&"bytes");
            if is_caveat {
                let kind = fields["kind"].as_str().unwrap();
                let known = &caveats()[kind];
                assert!(names.iter().all(|name| known.contains(*name)), "{kind}: {names:?}");
            }
            if is_caveat || known.contains(&names.as_slice()) {
                out.insert(at.to_owned());
                return;
            }
            for (name, value) in fields {
                let dot = if at.is_empty() { "" } else { "." };
                paths(value, &format!("{at}{dot}{name}"), out);
            }
        }
        Value::Array(entries) => {
            entries.iter().for_each(|entry| paths(entry, &format!("{at}[]"), out));
        }
        _ => drop(out.insert(at.to_owned())),
    }
}

/// Checks outputs against a section: nothing more than it has, and all that must occur.
fn check(section: &str, outputs: &[Value]) {
    let documented = documented(section);
    let mut found = BTreeSet::new();
    outputs.iter().for_each(|output| paths(output, "", &mut found));
    for path in &found {
        assert!(documented.contains_key(path), "{section}: {path} is not documented");
    }
    let lists: BTreeSet<_> =
        found.iter().map(|path| path.trim_end_matches("[]").to_owned()).collect();
    for (path, must) in &documented {
        let inner = documented.keys().any(|other| other.starts_with(&format!("{path}.")));
        let inner = inner || documented.contains_key(&format!("{path}[]"));
        let occurs = found.contains(path) || lists.contains(path);
        assert!(occurs || inner || !must, "{section}: {path} never occurs");
    }
}

fn json(said: &Said) -> Value {
    serde_json::from_str(&said.out)
        .unwrap_or_else(|error| panic!("{error}: {} {}", said.out, said.err))
}

/// The object of a kind in what `show` says; the shared fields are checked on the way.
fn shown(said: &Said, kind: &str) -> Value {
    let all = json(said);
    let objects = all["objects"].as_array().unwrap();
    let of_kind = objects.iter().find(|object| object["kind"] == kind);
    of_kind.unwrap_or_else(|| panic!("no {kind}: {all}")).clone()
}

/// Checks objects of one kind against the section of all and that of the kind.
fn check_shown(kind: &str, objects: Vec<Value>) {
    let shared = documented("show");
    let own = objects.into_iter().map(|mut object| {
        let fields = object.as_object_mut().unwrap();
        for name in ["kind", "bytes", "verified", "genuine"] {
            assert!(fields.remove(name).is_some(), "{kind}: {name}");
            assert!(shared.contains_key(&format!("objects[].{name}")), "{name}");
        }
        let verdicts = ["verified_by", "why_not"].map(|name| fields.remove(name).is_some());
        assert_eq!(verdicts.iter().filter(|there| **there).count(), 1, "{kind}");
        object
    });
    check(&format!("show {kind}"), &own.collect::<Vec<_>>());
}

#[test]
fn each_kind_of_the_vectors_is_shown_as_documented() {
    let home = Home::new();
    let vectors = include_str!("../../tests/vectors/text.json");
    let vectors: Value = serde_json::from_str(vectors).unwrap();
    for (kind, name) in Kind::ALL {
        let all = vectors["vectors"].as_array().unwrap();
        let text = all.iter().find(|vector| vector["name"] == name).unwrap()["text"].as_str();
        let said = home.run(&["show", "--json", text.unwrap()]);
        assert_eq!(said.code, 0, "{name}: {}", said.err);
        let object = shown(&said, name);
        assert_eq!(object["bytes"], text::decode(text.unwrap(), &mut [0; 2200]).unwrap().len());
        // Those that hold something optional are checked below, with all of it.
        if !matches!(kind, Kind::Token | Kind::Request | Kind::Presentation | Kind::Entry) {
            check_shown(name, vec![object]);
        }
    }
}

#[test]
fn tokens_and_what_stands_on_them_are_shown_as_documented() {
    let mut home = Home::new();
    let (every, plain) = (home.with_every_caveat(), home.plain(Seconds::days(1)));
    home.file("every", &[&every.origin, &every.token]);
    home.file("plain", &[&plain.token]);
    let with_domain =
        shown(&home.run(&["token", "show", "--json", "every", "--at", home::AT]), "token");
    let caveats = with_domain["links"][0]["caveats"].as_array().unwrap();
    assert_eq!(caveats.len(), 11, "each kind of caveat occurs");
    let witness = caveats.iter().find(|caveat| caveat["kind"] == "witness").unwrap();
    assert_eq!((&witness["holds"], &witness["denied"]["code"]), (&false.into(), &441.into()));
    assert_eq!(with_domain["forecast"]["outcome"], "granted_if");
    assert_eq!((&with_domain["verified"], &with_domain["genuine"]), (&true.into(), &true.into()));
    let alone = home.run(&["show", "--json", "plain", "--domain", "none"]);
    let alone = shown(&alone, "token");
    assert_eq!((&alone["verified"], &alone["genuine"]), (&false.into(), &false.into()));
    let late = home.run(&["show", "--json", "plain", "--at", "2027-03-01"]);
    let late = shown(&late, "token");
    assert_eq!(late["forecast"]["denied"]["code"], 421);
    check_shown("token", vec![with_domain, alone, late]);

    let (challenge, request) = home.request(&plain);
    let agreed = home.world.camera.agree(&request).unwrap();
    let status = home.world.owner.attest(home.at(), None);
    let presented = home.world.courier.present(&request, &[agreed], Some(&status));
    home.file("presented", &[&challenge, &request, &presented]);
    let said = home.run(&["show", "--json", "presented", "--at", home::AT]);
    check_shown("request", vec![shown(&said, "request")]);
    check_shown("presentation", vec![shown(&said, "presentation")]);
    let bare = home.world.courier.present(&request, &[], None);
    let now = home.world.now();
    home.world.flat.present(&bare, now).1.unwrap();
    let entries = home.world.flat.log(now);
    home.file("log", &[entries.last().unwrap()]);
    let opening = shown(&home.run(&["show", "--json", "log"]), "entry");
    home.file("log", &[&entries[0]]);
    let statement = shown(&home.run(&["show", "--json", "log"]), "entry");
    check_shown("entry", vec![opening, statement]);
}

#[test]
fn damage_is_told_as_documented() {
    let mut home = Home::new();
    let held = home.plain(Seconds::days(1));
    std::fs::write(home.path("token"), &home::text_of(&held.token)[..100]).unwrap();
    let said = home.run(&["token", "show", "--json", "token"]);
    let damaged = json(&said)["objects"][0]["damaged"].clone();
    let names: Vec<_> = damaged.as_object().unwrap().keys().cloned().collect();
    let documented = documented("show");
    for name in names {
        assert!(documented.contains_key(&format!("objects[].damaged.{name}")), "{name}");
    }
    let error: Value = serde_json::from_str(&said.err).unwrap();
    assert_eq!((said.code, &error["exit"]), (2, &2.into()));
}

#[test]
fn commands_write_what_is_documented() {
    let mut home = Home::new();
    let new = |home: &Home, class: &str, name: &str| {
        json(&home.run(&["key", "new", class, "-o", name, "--json"]))
    };
    check("key new", &[new(&home, "cold", "cold"), new(&home, "sealing", "sealing")]);
    for (class, name) in
        [("cold", "next"), ("root", "root"), ("issuer", "office"), ("holder", "anna")]
    {
        new(&home, class, name);
    }
    check("key show", &[json(&home.run(&["key", "show", "anna.pub", "sealing.pub", "--json"]))]);
    let own = |home: &Home, more: &[&str]| {
        let said = home.run(&[&["--domain", "own.kw", "--json"], more].concat());
        assert_eq!(said.code, 0, "{more:?}: {}", said.err);
        json(&said)
    };
    let keys = ["--cold", "cold.pub", "--root", "root.pub", "--next", "next.pub", "-o", "epoch"];
    check("epoch new", &[own(&home, &[&["epoch", "new"], &keys[..]].concat())]);
    check("epoch cosign", &[own(&home, &["epoch", "cosign", "epoch", "--key", "cold"])]);
    let issuer = "office.pub=issue,attest,revoke,enrol";
    check("keyset new", &[own(&home, &["keyset", "new", "--issuer", issuer, "-o", "keyset"])]);
    check("keyset cosign", &[own(&home, &["keyset", "cosign", "keyset", "--key", "root"])]);
    check("domain take", &[own(&home, &["domain", "take", "keyset"])]);
    home.file("unclaimed", &[home.world.flat.lock.unclaimed().encode().unwrap().as_bytes()]);
    let enrol = ["card", "flat", "--unclaimed", "unclaimed", "--key", "office", "-o", "card"];
    check("card", &[own(&home, &enrol)]);
    let grant =
        ["--right", "unlock", "--lock", "flat", "--for", "24h", "--uses", "2", "--key", "office"];
    let issue = [&["token", "issue", "--to", "anna.pub", "-o", "token"], &grant[..]].concat();
    check("token issue", &[own(&home, &issue)]);
    let invite = [&["token", "invite"], &grant[..]].concat();
    check("token invite", &[own(&home, &invite)]);
    check("token check", &[own(&home, &["token", "check", "token"])]);
    let anna = ["present", "token", "--unchallenged", "flat", "--key", "anna", "-o", "presented"];
    check("present", &[own(&home, &anna)]);
    check("status", &[own(&home, &["status", "--key", "office"])]);
    check(
        "revoke",
        &[own(&home, &["revoke", "token", "--key", "office", "--below", "2:office.pub"])],
    );
    check("why", &[own(&home, &["why", "421"]), own(&home, &["why"])]);
    new(&home, "witness", "camera");
    let request = ["present", "token", "--unchallenged", "flat", "--key", "anna", "--request-only"];
    own(&home, &[&request[..], &["-o", "request"]].concat());
    let agree = own(&home, &["witness", "agree", "request", "--key", "camera"]);
    let evidence = agree["evidence"].as_str().unwrap().to_owned();
    check("witness agree", &[agree]);
    std::fs::write(home.path("film"), "pictures").unwrap();
    let close = ["--recording", "film", "--from", "2026-01-01", "--until", "2026-01-02"];
    let close =
        [&["witness", "close", "request", "--key", "camera", "--evidence", &evidence], &close[..]];
    check("witness close", &[own(&home, &close.concat())]);

    let held = home.plain(Seconds::days(1));
    let (_, request) = home.request(&held);
    let presented = home.world.courier.present(&request, &[], None);
    let now = home.world.now();
    home.world.flat.present(&presented, now).1.unwrap();
    let log = home.world.flat.log(now);
    home.file("log", &log.iter().map(Vec::as_slice).collect::<Vec<_>>());
    let said = home.run(&["receipts", "audit", "log", "--lock", "flat-12a", "--json"]);
    check("receipts audit", &[json(&said)]);
}

#[test]
fn an_unknown_reason_is_bad_input_with_the_nearest_names() {
    let home = Home::new();
    let said = home.run(&["why", "Expird"]);
    assert_eq!((said.code, said.out.as_str()), (2, ""));
    assert!(said.err.contains("near it: 421 Expired"), "{}", said.err);
    let all = home.run(&["why"]);
    assert!(all.out.lines().any(|line| line == "421 Expired") && all.out.lines().count() > 100);
    let one = home.run(&["why", "expired"]);
    assert!(one.out.starts_with("421 Expired (SPEC.md section "), "{}", one.out);
}
