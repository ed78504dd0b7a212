//! What the front page shows of a fleet is what compiles.

#[test]
fn each_line_of_the_example_on_the_front_page_is_in_the_program_that_compiles() {
    let page = include_str!("../../../../README.md");
    let program = include_str!("../examples/readme.rs");
    let (_, rest) = page.split_once("## Fleet\n\n```rust,ignore\n").expect("the example");
    let (example, _) = rest.split_once("```").expect("its end");
    let lines: Vec<_> = example.lines().filter(|line| !line.is_empty()).collect();
    assert!(lines.len() >= 5);
    for line in lines {
        assert!(program.lines().any(|other| other.trim() == line), "not in examples/readme.rs: {line}");
    }
}
