//! Every block of code in every page is one that something checks: what is compiled and run elsewhere is known by its page, and
//! what is left is checked here. Commands are of the script that there is, features those of the library.

#[path = "common/pages.rs"]
mod pages;

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use pages::{page_files, root};
use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A block of code, or the words between backticks, with their page and, for a block, its language.
struct Code {
    page: String,
    language: Option<String>,
    text: String,
}

fn code() -> Vec<Code> {
    let mut found = Vec::new();
    for path in page_files() {
        let page = path.strip_prefix(root()).unwrap().to_str().unwrap().replace('\\', "/");
        let (text, mut block) = (fs::read_to_string(&path).unwrap(), None::<Code>);
        for event in Parser::new_ext(&text, pulldown_cmark::Options::ENABLE_TABLES) {
            match event {
                Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))) => {
                    block =
                        Some(Code { page: page.clone(), language: Some(language.into_string()), text: String::new() });
                }
                Event::Start(Tag::CodeBlock(CodeBlockKind::Indented)) => panic!("{page}: a block without a language"),
                Event::Text(text) => block.iter_mut().for_each(|block| block.text += &text),
                Event::End(TagEnd::CodeBlock) => found.push(block.take().unwrap()),
                Event::Code(text) => found.push(Code { page: page.clone(), language: None, text: text.into_string() }),
                _ => {}
            }
        }
    }
    found
}

fn blocks(language: &str) -> Vec<Code> {
    let blocks: Vec<_> = code().into_iter().filter(|block| block.language.as_deref() == Some(language)).collect();
    assert!(!blocks.is_empty(), "no block of {language}");
    blocks
}

#[test]
fn every_block_is_in_a_language_that_something_checks() {
    let languages: BTreeSet<_> = code().into_iter().filter_map(|block| Some((block.language?, block.page))).collect();
    // Those in Rust are of `src/pages.rs`, of `tests/fleet/shells`, or lines of a program: see below.
    let compiled = read("tests/src/pages.rs") + &read("tests/fleet/shells/src/lib.rs");
    let unknown: Vec<_> = languages
        .iter()
        .filter(|(language, page)| match language.as_str() {
            // Output, and drawings.
            "text" => false,
            "sh" | "json" => false, // see below
            // That of `tests/README.md` is a sketch of two programs, which `tests/on-target` is.
            "rust" => !(compiled.contains(page) || is_excerpt(page) || page == "tests/README.md"),
            "rust,ignore" => page != "README.md", // by tests/fleet/shells/tests/readme.rs
            // By wasm/test/pages.test.mjs.
            "js" | "ts" => page != "README.md" && page != "wasm/README.md" && !page.starts_with("docs/guide/src/"),
            "toml" if page == "docs/guide/src/firmware.md" => false, // see below
            "typescript" | "toml" => page != "examples/playground/test/code.md", // by the playground's tests
            "yaml" => page != "docs/guide/src/migration-resilience4j.md" && page != "examples/prometheus/README.md",
            "python" => page != "docs/guide/src/migration-pybreaker.md",
            _ => true,
        })
        .collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    assert!(languages.len() > 40, "{}", languages.len());
}

fn is_excerpt(page: &str) -> bool {
    page.starts_with("examples/firmware/")
}

#[test]
fn the_guides_choice_of_a_compare_and_swap_is_that_of_the_tests_on_the_chips() {
    let manifest = read("tests/on-target/Cargo.toml");
    let blocks = blocks("toml").into_iter().filter(|block| block.page == "docs/guide/src/firmware.md");
    let lines: Vec<_> = blocks.flat_map(|block| block.text.lines().map(String::from).collect::<Vec<_>>()).collect();
    let lines: Vec<_> = lines.iter().filter(|line| !line.starts_with('#')).map(String::as_str).collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(manifest.contains(&lines.join("\n")), "{lines:?}");
}

/// Without comments and white space; a dots' character ends what is to be compared of a line.
fn squeezed(text: &str) -> String {
    let lines = text.lines().map(|line| line.split("//").next().unwrap());
    lines.flat_map(str::chars).filter(|c| !c.is_whitespace()).collect()
}

fn sources(folder: &Path, text: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("target") {
            sources(&path, text);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            *text += &fs::read_to_string(path).unwrap();
        }
    }
}

#[test]
fn what_the_pages_of_the_firmware_examples_show_are_lines_of_their_programs() {
    let mut compared = 0;
    for block in blocks("rust").iter().filter(|block| is_excerpt(&block.page)) {
        let mut program = String::new();
        sources(root().join(&block.page).parent().unwrap(), &mut program);
        let program = squeezed(&program);
        for line in block.text.lines() {
            let line = squeezed(line.split('…').next().unwrap());
            assert!(program.contains(&line), "{}: not in its program: {line}", block.page);
            compared += usize::from(!line.is_empty());
        }
    }
    assert!(compared > 15, "{compared}");
}

#[test]
fn every_block_of_sh_is_one_for_a_shell() {
    for block in blocks("sh") {
        let mut shell = Command::new("sh").arg("-n").stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("sh");
        shell.stdin.take().unwrap().write_all(block.text.as_bytes()).unwrap();
        let output = shell.wait_with_output().unwrap();
        assert!(output.status.success(), "{}: {}", block.page, String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn every_block_of_json_is_json() {
    for block in blocks("json") {
        serde_json::from_str::<serde_json::Value>(&block.text)
            .unwrap_or_else(|error| panic!("{}: {error}", block.page));
    }
}

/// The help text of a verb of the script, and the names of the examples that `./x firmware` takes.
fn help_of(script: &str, verb: &str) -> Option<String> {
    let (_, help) = script.split_once(&format!("\nhelp_{verb}() {{\n"))?;
    let mut help = help.split("\n}\n").next()?.to_owned();
    for entry in fs::read_dir(root().join("examples/firmware")).unwrap() {
        help += &format!(" {} ", entry.unwrap().file_name().to_str().unwrap());
    }
    Some(help)
}

/// `./x VERB WORD` in a text, wherever it stands.
fn calls(text: &str) -> Vec<(&str, Option<&str>)> {
    let word = |text: &str| text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).unwrap_or(text.len());
    let call = |rest: &'_ str| -> (usize, usize) { (word(rest), word(rest.get(word(rest) + 1..).unwrap_or_default())) };
    text.split("./x ")
        .skip(1)
        .map(|rest| {
            let (verb, next) = call(rest);
            let has_word = next > 0 && rest[verb..].starts_with(' ');
            (&rest[..verb], has_word.then(|| &rest[verb + 1..][..next]))
        })
        .filter(|(verb, _)| !verb.is_empty())
        .collect()
}

#[test]
fn what_the_pages_say_to_run_is_there() {
    let (script, mut seen) = (read("x"), 0);
    let targets =
        script.lines().filter(|line| line.starts_with("TARGETS=") || line.starts_with("CHIPS=")).collect::<String>();
    for code in code().iter().filter(|code| code.language.as_deref().is_none_or(|language| language == "sh")) {
        for (verb, word) in calls(&code.text) {
            seen += 1;
            if verb.starts_with("--") || verb == "help" {
                continue;
            }
            let help = help_of(&script, verb).unwrap_or_else(|| panic!("{}: there is no ./x {verb}", code.page));
            let Some(word) = word.filter(|word| *word != "--help") else { continue };
            let known = help.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).any(|one| one == word);
            assert!(known || targets.contains(word), "{}: ./x {verb} does not know {word}", code.page);
        }
    }
    assert!(seen > 60, "{seen}");
}

#[test]
fn what_the_pages_say_to_add_are_features_that_there_are() {
    let manifest = read("core/Cargo.toml");
    let (_, features) = manifest.split_once("[features]").unwrap();
    let mut seen = 0;
    for code in code() {
        for line in code
            .text
            .lines()
            .filter(|line| line.contains("cargo add halfopen") || line.contains("cargo install halfopen"))
        {
            let Some((_, rest)) = line.split_once("--features ") else { continue };
            for feature in rest.split_whitespace().next().unwrap().split(',') {
                assert!(features.contains(&format!("\n{feature} = ")), "{}: there is no feature {feature}", code.page);
                seen += 1;
            }
        }
    }
    assert!(seen >= 3, "{seen}");
}

#[test]
fn the_configuration_of_resilience4j_is_the_one_that_is_made_of_it() {
    let page = read("docs/guide/src/migration-resilience4j.md");
    let (_, rest) = page.split_once("```yaml\n").unwrap();
    let value = |key: &str| -> u64 {
        let line = rest
            .split("```")
            .next()
            .unwrap()
            .lines()
            .find_map(|line| line.trim().strip_prefix(key)?.strip_prefix(": "));
        let (digits, unit) = line
            .unwrap_or_else(|| panic!("no {key}"))
            .split_at_checked(line.unwrap().trim_end_matches(char::is_alphabetic).len())
            .unwrap();
        digits.parse::<u64>().unwrap() * if unit == "m" { 60 } else { 1 }
    };
    let (_, json) = page.split_once("r#\"").unwrap();
    let json: serde_json::Value = serde_json::from_str(json.split("\"#").next().unwrap()).unwrap();
    let here = |key: &str| json["circuits"]["payments"][key].as_u64().unwrap_or_else(|| panic!("no {key}"));
    for (there, name) in [
        ("slidingWindowSize", "sliding_window_size"),
        ("minimumNumberOfCalls", "minimum_calls"),
        ("failureRateThreshold", "failure_rate_threshold"),
        ("slowCallDurationThreshold", "slow_call_duration_seconds"),
        ("slowCallRateThreshold", "slow_call_rate_threshold"),
        ("waitDurationInOpenState", "recovery_timeout_seconds"),
        ("exponentialMaxWaitDurationInOpenState", "max_recovery_timeout_seconds"),
        ("permittedNumberOfCallsInHalfOpenState", "half_open_max_calls"),
        ("permittedNumberOfCallsInHalfOpenState", "half_open_trials"),
        ("maxWaitDurationInHalfOpenState", "probe_timeout_seconds"),
    ] {
        assert_eq!(value(there), here(name), "{name}");
    }
    assert_eq!(value("exponentialBackoffMultiplier") * 100, here("recovery_multiplier_percent"));
    // As many failures as reach the rate reopen: so many successes close that they cannot be reached any more.
    let trials = here("half_open_trials");
    assert_eq!(here("success_threshold"), trials - (value("failureRateThreshold") * trials).div_ceil(100) + 1);
}

#[test]
fn every_file_that_a_page_at_the_front_names_is_there() {
    let (mut seen, mut missing) = (0, Vec::new());
    for code in code().into_iter().filter(|code| code.language.is_none() && !code.page.contains('/')) {
        let is_path = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
        let Some((folder, _)) = code.text.split_once('/').filter(|_| code.text.chars().all(is_path)) else { continue };
        if folder.is_empty() || !root().join(folder).is_dir() {
            continue;
        }
        seen += 1;
        if !root().join(&code.text).exists() {
            missing.push(format!("{}: {}", code.page, code.text));
        }
    }
    assert!(missing.is_empty(), "{missing:?}");
    assert!(seen > 20, "{seen}");
}
