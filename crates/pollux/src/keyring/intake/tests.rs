//! What people paste, and what is read from it.

use proptest::prelude::*;

use super::*;

const A: &str = "AIzaSyAaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1A";
const B: &str = "AQ.Ab8RN6-bbbbbbbbbbbbbbbbbbbbbbbbbbbB2";
const C: &str = "cccccccccccccccccccc";

/// `A@team(label)`, one word per key, complaints after them.
fn read(text: &str) -> String {
    let text = text.replace("$A", A).replace("$B", B).replace("$C", C);
    let pasted = parse(&text);
    let mut said: Vec<String> = pasted.keys.iter().map(said).collect();
    said.extend(pasted.malformed.iter().map(|bad| format!("!{} {}", bad.line, bad.reason)));
    said.extend(pasted.repeated.iter().map(|again| format!("={}<{}", again.line, again.first)));
    said.join(" | ")
}

fn said(intake: &Intake) -> String {
    let key = match intake.key.expose() {
        A => "A",
        B => "B",
        C => "C",
        other => other,
    };
    let project = intake.project.as_ref().map(|name| format!("@{name}")).unwrap_or_default();
    let label = Some(&intake.words.label).filter(|name| !name.is_empty());
    let label = label.map(|name| format!("({name})")).unwrap_or_default();
    format!("{key}{project}{label}")
}

#[test]
fn any_separator_will_do() {
    let cases = [
        "$A,$B,$C",
        "$A;$B;$C",
        "$A $B  $C",
        "$A\t$B\t$C",
        "$A\n$B\n$C",
        "$A\r\n$B\r\n$C\r\n",
        "$A\r$B\r$C",
        "  $A ,\n\n;$B|$C;;",
        "\"$A\", '$B',`$C`",
        "- $A\n- $B\n* $C",
        "1. $A\n2) $B\n3. $C",
        "$A，$B；$C、",
        "\u{feff}$A\n$B\n$C",
        "“$A” ‘$B’ $C",
        "($A) [$B] {$C}",
        "$A\u{a0}$B\u{3000}$C",
        "# mine\n$A # first\n// more\n$B\t# second\n$C",
        "[\"$A\",\"$B\",\"$C\"]",
        "[\"$A, $B\", [\"$C\"]]",
        "\"$A\\n$B\\n$C\"",
        "{\"keys\": [\"$A\", \"$B\", \"$C\"]}",
        "{\"gemini_api_keys\": \"$A;$B;$C\"}",
        "[{\"key\": \"$A\"}, {\"api_key\": \" $B \"}, \"$C\", null]",
        "[\"$A\",\n\"$B\",\n\"$C\",\n]",
        "GEMINI_API_KEYS=$A,$B,$C",
        "export GEMINI_API_KEYS=\"$A,$B\"\nKEY3='$C'",
        "api key: $A\nkey:$B\nApiKey = $C",
        "key\n$A\n$B\n$C",
    ];
    for case in cases {
        let found = read(case);
        // Spaces are part of no name, so "api" before "key:" is complained about and nothing else is.
        let found = found.strip_suffix(" | !1 is too short for an API key").unwrap_or(&found);
        assert_eq!(found, "A | B | C", "{case:?}");
    }
}

#[test]
fn projects_and_labels_are_understood() {
    let cases = [
        ("teamA=$A", "A@teamA"),
        ("teamA: $A, $B\nteamB=$C", "A@teamA | B@teamA | C@teamB"),
        ("\"teamA\" : \"$A\",\n'teamB' = '$B'", "A@teamA | B@teamB"),
        ("teamA=$A teamB=$B\n$C", "A@teamA | B@teamB | C"),
        ("gen-lang-client-0123456789=$A", "A@gen-lang-client-0123456789"),
        ("项目一：$A", "A@项目一"),
        ("PROD=$A", "A@PROD"),
        ("key,project,label\n$A,p1,one\n$B,,two\n$C", "A@p1(one) | B(two) | C"),
        ("Label;API Key;Team\n\"a \"\"b\"\"; c\";$A;t\n", "A@t(a \"b\"; c)"),
        ("key\tproject\n$A\tp1\n$B\tp2", "A@p1 | B@p2"),
        ("$A,p1,one\n$B,p2,two", "A@p1(one) | B@p2(two)"),
        ("$A,p1,one", "A@p1(one)"),
        ("$A,p1\n$B,p2", "A@p1 | B@p2"),
        ("$A\tgen-lang-client-0123456789\n$B\tp2", "A@gen-lang-client-0123456789 | B@p2"),
        ("{\"teamA\": [\"$A\", \"$B\"], \"keys\": \"$C\"}", "A@teamA | B@teamA | C"),
        ("{\"p\": {\"keys\": [\"$A\"]}}", "A@p"),
        (
            "[{\"key\":\"$A\",\"project\":\"p\",\"label\":\"l\"},{\"key\":\"$B\",\"name\":\"n\"}]",
            "A@p(l) | B(n)",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(read(text), expected, "{text:?}");
    }
}

#[test]
fn what_is_no_key_is_named_with_its_line() {
    let short = "is too short for an API key";
    let odd = "has characters that no API key has";
    let cases = [
        ("", String::new()),
        (" \n\t,;\n# nothing\n", String::new()),
        ("{}", String::new()),
        ("GEMINI_API_KEYS=", String::new()),
        ("$A\nshort\n$B", format!("A | B | !2 {short}")),
        ("$A,short", format!("A | !1 {short}")),
        ("$A,short,$B", format!("A | B | !1 {short}")),
        ("$A/x", format!("!1 {odd}")),
        ("$A==", format!("!1 {odd}")),
        ("$A=teamA", format!("!1 {odd}")),
        ("密钥密钥密钥密钥密钥密钥密钥密钥密钥密钥", format!("!1 {odd}")),
        ("ya29.a0AfB_byCdefghijklmnopqrstuv", "!1 is an OAuth access token, not an API key".to_owned()),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.x", "!1 is a JSON Web Token, not an API key".to_owned()),
        ("$A\n$B\n\n$A $A", "A | B | =4<1 | =4<1".to_owned()),
        ("[\"$A\", 42, true, \"$A\"]", format!("A | !2 {short} | !3 {short} | =4<1")),
        ("key,project\n$A,p\n,q", format!("A@p | !3 {short}")),
    ];
    for (text, expected) in cases {
        assert_eq!(read(text), expected, "{text:?}");
    }
    assert_eq!(read(&"k".repeat(200)), "k".repeat(200));
    assert_eq!(read(&"k".repeat(201)), "!1 is too long for an API key");
    assert_eq!(read(&"k".repeat(19)), format!("!1 {short}"));
    let long = format!("{}=$A", "p".repeat(101));
    assert_eq!(read(&long), "!1 has a project or label of more than 100 characters");
}

#[test]
fn an_import_has_an_end() {
    let text = (0..LIMIT + 2).map(|n| format!("{C}{n:06}")).collect::<Vec<_>>().join("\n");
    let pasted = parse(&text);
    assert_eq!((pasted.keys.len(), pasted.cut_short), (LIMIT, true));
    assert_eq!(pasted.keys[LIMIT - 1].key.expose(), format!("{C}{:06}", LIMIT - 1));
    let garbage = parse(&"x ".repeat(LIMIT + 1));
    assert_eq!((garbage.malformed.len(), garbage.cut_short), (LIMIT, true));
    assert!(!parse(&text[..text.len() / 2]).cut_short);
}

/// Keys of the usual kinds, and things that look a little like keys.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        "AIza[A-Za-z0-9_-]{35}",
        "AQ\\.[A-Za-z0-9_-]{20,60}",
        "[A-Za-z0-9_.-]{1,40}",
        "[ ,;:=\"'#\\[\\]{}\n\r\t|-]{1,4}",
        "(key|project|teamA|GEMINI_API_KEYS)",
        "\\PC{0,5}",
    ]
}

proptest! {
    #[test]
    fn no_text_makes_it_panic_or_tell_a_key(pieces in prop::collection::vec(piece(), 0..30)) {
        let text = pieces.concat();
        let pasted = parse(&text);
        let shown = format!("{pasted:?}");
        for intake in &pasted.keys {
            prop_assert!(text.contains(intake.key.expose()));
            prop_assert!(check(intake.key.expose()).is_ok());
        }
        for piece in pieces.iter().filter(|piece| piece.starts_with("AIza") && piece.len() == 39) {
            // A wrongly pasted text may take a key for a project's name; what it never does is complain with it.
            let named = pasted.keys.iter().any(|intake| {
                intake.project.iter().chain([&intake.words.label]).any(|name| name.contains(piece))
            });
            prop_assert!(named || !shown.contains(piece.as_str()), "{}", shown);
        }
    }

    #[test]
    fn separated_keys_all_arrive_in_order(
        keys in prop::collection::hash_set("AIza[A-Za-z0-9_-]{35}", 1..20),
        separator in "[ ,;\t\n|]{1,3}",
    ) {
        let keys: Vec<String> = keys.into_iter().collect();
        let pasted = parse(&keys.join(&separator));
        let found: Vec<&str> = pasted.keys.iter().map(|intake| intake.key.expose()).collect();
        prop_assert_eq!(found, keys);
        prop_assert!(pasted.malformed.is_empty() && pasted.repeated.is_empty());
    }
}
