//! Tokens on files: issued, handed on, invited, taken over.

mod desk;

use desk::Desk;

const COMPANY: &str = "token issue --to company.pub --key office.key --depth 1 --right unlock \
                       --lock flat-12a --for 365d -o company.token";

#[test]
fn a_token_is_handed_on_once_where_its_depth_is_one() {
    let desk = Desk::with_domain();
    desk.done(COMPANY);
    desk.done("token delegate company.token --to courier.pub --key company.key --uses 1 --for 15min -o courier.token");
    let told = desk.done("token check courier.token");
    assert!(told.starts_with("genuine, of this domain: 2 links, serial 1"), "{told}");
    let error = desk.fails("token delegate courier.token --to company.pub --key courier.key", 2);
    assert!(error.contains("--depth"), "{error}");
    let error = desk.fails("token delegate company.token --to courier.pub --key courier.key", 2);
    assert!(error.contains("not the token's last holder's"), "{error}");
}

#[test]
fn a_grant_says_what_for_where_and_how_long() {
    let desk = Desk::with_domain();
    let issue = "token issue --to company.pub --key office.key";
    for (options, missing) in [
        ("--lock flat --for 1d", "--right"),
        ("--right unlock --for 1d", "--lock or --group"),
        ("--right unlock --lock flat", "--until or --for"),
        ("--right unlock --lock flat --for 1d --except 2026-12-24", "--every"),
    ] {
        let error = desk.fails(&format!("{issue} {options}"), 2);
        assert!(error.contains(missing), "{error}");
    }
    let error = desk.fails(&format!("{issue} --right fly --lock flat --for 1d"), 2);
    assert!(error.contains("hold open"), "{error}");
    let error = desk.fails(&format!("{issue} --right unlock --lock flat --until tomorow"), 2);
    assert!(error.contains("--until") && error.contains("tomorow"), "{error}");
    desk.done(&format!(
        "{issue} --right unlock,lock,17 --lock flat --group way-in --until 'tomorrow 18:00' --uses 3 \
         --every 'tue,thu 09:00-12:00' --every 'sat 22:00-02:00' --except 2026-12-24..2027-01-02 \
         --witness camera.pub --max-open 30s --fresh 5min --channel radio,contact --app 7:00ff \
         --first-use-by 'tomorrow 12:00' --first-use-for 2h"
    ));
}

#[test]
fn a_guest_takes_an_invitation_over() {
    let desk = Desk::with_domain();
    desk.done("key new holder -o guest.key");
    desk.done("token invite --key office.key --right unlock --lock flat --until tomorrow --uses 2 --link https://flat.example/in -o link");
    let link = desk.read("link");
    assert!(link.starts_with("https://flat.example/in#kw1.origin."), "{link}");
    assert!(link.contains("~kw1secret.holder."));
    desk.done("token accept link --to guest.pub -o guest.token");
    assert!(desk.done("token check guest.token").contains("2 links"));
    // The same from a token that one holds, if it may be handed on twice.
    desk.done(COMPANY);
    let error = desk.fails("token invite company.token --key company.key --uses 1", 2);
    assert!(error.contains("--depth"), "{error}");
    let (granted, _) = link.trim().rsplit_once('~').unwrap();
    let other = desk.read("courier.key");
    for (broken, why) in [
        (link.replace('#', ""), "it has no #"),
        (link.replace('~', "!"), "it has not origin, token and key"),
        (granted.to_owned(), "it has not origin, token and key"),
        (format!("{}~{granted}", link.trim()), "it has not origin, token and key"),
        (format!("{granted}~{}", other.trim()), "the key is not the token's"),
    ] {
        desk.write("broken", broken.as_bytes());
        let error = desk.fails("token accept broken --to guest.pub", 2);
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn a_token_that_was_changed_is_not_genuine() {
    let desk = Desk::with_domain();
    desk.done(COMPANY);
    let text = desk.read("company.token");
    let (origin, token) = text.trim().split_once('\n').unwrap();
    // The last sign of a text carries spare bits, so the one before.
    let at = token.len() - 3;
    let other = if token.as_bytes()[at] == b'A' { 'B' } else { 'A' };
    let forged = format!("{}{other}{}", &token[..at], &token[at + 1..]);
    desk.write("forged.token", format!("{origin}\n{forged}\n").as_bytes());
    let error = desk.fails("token check forged.token", 1);
    assert!(error.contains("not genuine"), "{error}");
    desk.fails("token delegate forged.token --to courier.pub --key company.key", 1);
}

#[test]
fn a_token_of_another_domain_is_told_from_ours() {
    let (desk, other) = (Desk::with_domain(), Desk::with_domain());
    other.done(COMPANY);
    desk.write("theirs", other.read("company.token").as_bytes());
    let error = desk.fails("token check theirs", 1);
    assert!(error.contains("of another domain"), "{error}");
}

#[test]
fn a_qr_code_is_drawn_for_terminals_and_pictures() {
    let desk = Desk::with_domain();
    let output = desk.run(&format!("{COMPANY} --qr --svg token.svg"));
    assert_eq!(output.status.code(), Some(0));
    assert!(desk::stderr(&output).contains('█'));
    assert!(desk.read("token.svg").contains("<svg"));
    // What is on file can be shown as a code too.
    let output = desk.run("show company.token --qr --svg again.svg");
    assert!(desk::stderr(&output).contains('█'));
    assert_eq!(desk.read("again.svg"), desk.read("token.svg"));
}

#[test]
fn an_invitations_picture_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::with_domain();
    desk.done(
        "token invite --key office.key --right unlock --lock flat --for 1d --uses 2 -o link --svg link.svg",
    );
    for name in ["link", "link.svg"] {
        let mode = std::fs::metadata(desk.path(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{name}");
    }
}

#[test]
fn what_no_token_can_say_is_told_by_its_option() {
    let desk = Desk::with_domain();
    for (options, option) in [
        ("--lock flat --uses 0", "--uses 0: 1 at least"),
        ("--lock flat --witness camera.pub --of 2", "--witness, --of: 1 to 4"),
        ("--lock flat,flat", "--lock, --group: at most 8 names, each once"),
        ("--lock a,b,c,d,e,f,g,h,i", "--lock, --group: at most 8"),
        ("--lock flat --depth 9", "--depth"),
    ] {
        let issue = "token issue --to company.pub --key office.key --right unlock --for 1d";
        let error = desk.fails(&format!("{issue} {options}"), 2);
        assert!(error.contains(option), "{error}");
    }
}

#[test]
fn an_invitation_s_beginning_holds_no_fragment() {
    let desk = Desk::with_domain();
    let invite = "token invite --key office.key --right unlock --lock flat --for 1d --uses 2";
    for link in ["https://flat.example/#/in", "'https://flat.example/a b'"] {
        let error = desk.fails(&format!("{invite} --link {link}"), 2);
        assert!(error.contains("--link"), "{error}");
    }
}

#[test]
fn a_handed_on_token_keeps_its_serial() {
    let desk = Desk::with_domain();
    desk.done(&COMPANY.replace("--depth 1", "--depth 2"));
    let invite = "token invite company.token --key company.key --uses 1";
    desk.done(invite);
    let error = desk.fails(&format!("{invite} --serial 7"), 2);
    assert!(error.contains("--serial"), "{error}");
}

#[test]
fn a_presentation_takes_no_option_that_it_would_pass_over() {
    let desk = Desk::with_domain();
    desk.done(COMPANY);
    let code = "present company.token --key company.key --unchallenged flat-12a";
    desk.done(&format!("{code} --right unlock --lasts 1min --request-only -o request"));
    let signs = "present --key company.key --request request";
    desk.done(signs);
    let (challenged, request) =
        ("present company.token --key company.key --challenge x", format!("{code} --request-only"));
    let asks = [
        "--right lock",
        "--right unlock",
        "--parameter x",
        "--parameter-hex 00",
        "--acknowledge log",
        "--channel contact",
        "--lasts 1min",
    ];
    let cases: [(&str, &[&str]); 4] = [
        (signs, &asks),
        (code, &["--channel radio"]),
        (challenged, &["--lasts 1min"]),
        (&request, &["--witness x", "--status x", "--seal"]),
    ];
    for (line, options) in cases {
        for option in options {
            let error = desk.fails(&format!("{line} {option}"), 2);
            let name = option.split(' ').next().unwrap();
            assert!(error.contains(name) && error.contains("present --help"), "{line}: {error}");
        }
    }
}
