//! The features that there are, and those that the docs name.

#![cfg(not(halfopen_loom))]

const DOCS: &str = include_str!("../src/lib.rs");

/// Their names as the manifest has them.
fn features() -> Vec<String> {
    let manifest: toml::Table = include_str!("../Cargo.toml").parse().unwrap();
    manifest["features"].as_table().unwrap().keys().cloned().collect()
}

#[test]
fn every_feature_is_in_the_table_of_the_crate_s_docs() {
    let features = features();
    assert!(features.len() > 20, "{features:?}");
    let rows: String = DOCS
        .lines()
        .filter_map(|line| line.strip_prefix("//! | `")?.split_once(" | "))
        .fold(String::new(), |rows, (names, _)| rows + "`" + names);
    for feature in features.iter().filter(|feature| *feature != "default") {
        assert!(rows.contains(&format!("`{feature}`")), "{feature}: {rows}");
    }
}
