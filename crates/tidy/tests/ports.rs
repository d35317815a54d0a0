//! The simulation's store answers at once (`crates/pollux/tests/it/simulation/at_once.rs`): it hands every method of
//! the store's ports on, from a list that is made here. `POLLUX_BLESS=1 cargo test -p tidy --test ports` writes it anew.

const PORTS: &str = "crates/pollux/src/store.rs";
const LIST: &str = "crates/pollux/tests/it/simulation/at_once.rs";
const OPENING: &str = "\nat_once! {\n";

/// Every port with the methods that have no body of their own, in their order.
fn list(source: &str) -> String {
    let ports = source.split("\npub trait ").skip(1).filter_map(|text| {
        let (head, rest) = text.split_once('{')?;
        let (name, _) = head.split_once(':')?;
        let body = rest.split("\n}\n").next()?;
        let methods: String = format!("{body}\n").split("async fn ").skip(1).filter_map(line).collect();
        (!methods.is_empty()).then(|| format!("    {name} {{\n{methods}    }}\n"))
    });
    ports.collect()
}

/// `fn name(arguments) -> answer;`, or nothing for a method with a body.
fn line(method: &str) -> Option<String> {
    // At the end of a line, for `[u8; 32]` has a semicolon, too.
    let end = method.find(";\n")?;
    let signature = method.get(..end).filter(|signature| !signature.contains("{\n"))?;
    let signature = signature.split_whitespace().collect::<Vec<_>>().join(" ");
    let (name, rest) = signature.split_once('(')?;
    let (arguments, answer) = rest.rsplit_once(") -> ").unwrap_or((rest.trim_end_matches(')'), "()"));
    let arguments = arguments.trim().trim_start_matches("&self").trim_matches([',', ' ']);
    Some(format!("        fn {name}({arguments}) -> {answer};\n"))
}

#[test]
fn the_simulation_knows_every_method_of_the_store() {
    let read = |path: &str| std::fs::read_to_string(tidy::root().join(path)).expect("the file is there");
    let (ports, text) = (read(PORTS), read(LIST));
    let (before, _) = text.split_once(OPENING).expect("the list is there");
    let wanted = format!("{before}{OPENING}{}}}\n", list(&ports));
    #[expect(clippy::disallowed_methods, reason = "a switch of this test alone")]
    if std::env::var("POLLUX_BLESS").is_ok() {
        std::fs::write(tidy::root().join(LIST), &wanted).expect("the file can be written");
        return;
    }
    assert!(text == wanted, "{LIST} is stale: POLLUX_BLESS=1 cargo test -p tidy --test ports");
}
