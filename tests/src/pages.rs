//! The front page, the guide, and what the playground writes into its tab "code": their examples in Rust, compiled and run.
//!
//! ```
//! // That of a fleet needs Redis's features, and so its examples are in `tests/fleet/shells`.
//! let page = include_str!("../../docs/guide/src/fleet.md");
//! assert!(page.starts_with("# Fleet\n"));
//! ```

macro_rules! pages {
    ($($name:ident: $path:literal,)*) => {$(
        #[doc = include_str!(concat!("../../", $path))]
        struct $name;
    )*};
}

pages! {
    Readme: "README.md",
    CrateReadme: "core/README.md",
    Concepts: "docs/guide/src/concepts.md",
    Rules: "docs/guide/src/rules.md",
    Firmware: "docs/guide/src/firmware.md",
    Server: "docs/guide/src/server.md",
    Testing: "docs/guide/src/testing.md",
    Operations: "docs/guide/src/operations.md",
    Migration: "docs/guide/src/migration.md",
    FromRecloser: "docs/guide/src/migration-recloser.md",
    FromPybreaker: "docs/guide/src/migration-pybreaker.md",
    FromResilience4j: "docs/guide/src/migration-resilience4j.md",
    PlaygroundCode: "examples/playground/test/code.md",
}
