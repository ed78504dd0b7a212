//! The public API of a crate as text, a line for each item, from what rustdoc writes as JSON: `./x api` compares it with what is kept.
//!
//! ```sh
//! cargo run -p api-text -- target/doc/halfopen.json
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::{env, fs};

/// The format of the JSON that this version of `public-api` reads: that of rustc 1.95. It is counted up every few releases.
const FORMAT: u32 = 57;
/// The JSON is of another format: nothing can be said of the API.
const CANNOT_READ: u8 = 3;

#[derive(serde::Deserialize)]
struct Head {
    format_version: u32,
}

/// What cannot be written by hand is left out: impls for every type, and `Send` and the like, which follow from the fields.
fn read(json: &Path) -> Result<String, Box<dyn Error>> {
    let api =
        public_api::Builder::from_rustdoc_json(json).omit_blanket_impls(true).omit_auto_trait_impls(true).build()?;
    Ok(merge(&shorten(&api.to_string())))
}

/// Without the functions of a trait below each impl of it: the trait says what they are.
fn shorten(text: &str) -> String {
    let mut short = String::new();
    // That of the impl which the line belongs to, if it is one of a trait.
    let mut implementor = None;
    for line in text.lines() {
        if line.starts_with("impl") {
            implementor = line.split_once(" for ").map(|(_, rest)| rest.split(['<', ' ']).next().unwrap_or(rest));
        } else if let Some(function) = function(line) {
            if implementor.is_some_and(|of| function.strip_prefix(of).is_some_and(|name| name.starts_with(['<', ':'])))
            {
                continue;
            }
        } else if !line.starts_with("pub type") && !line.starts_with("pub const") {
            implementor = None;
        }
        // The compiler's own.
        if !line.contains("core::marker::StructuralPartialEq") {
            short.push_str(line);
            short.push('\n');
        }
    }
    short
}

/// With one block for all that a type's own impls of the same bounds hold, by name: into how many files and blocks they are
/// written is nobody's business.
fn merge(text: &str) -> String {
    let mut merged = String::new();
    let mut blocks: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut block: Option<&str> = None;
    for line in text.lines() {
        let of_block = block.filter(|block| implementor(block).is_some_and(|of| is_of(line, of)));
        match of_block {
            Some(block) => drop(blocks.entry(block).or_default().insert(line)),
            None if implementor(line).is_some() => {
                block = Some(line);
                blocks.entry(line).or_default();
            }
            None => {
                write(&mut merged, &std::mem::take(&mut blocks));
                block = None;
                merged.push_str(line);
                merged.push('\n');
            }
        }
    }
    write(&mut merged, &blocks);
    merged
}

fn write(text: &mut String, blocks: &BTreeMap<&str, BTreeSet<&str>>) {
    for line in blocks.iter().flat_map(|(block, lines)| std::iter::once(block).chain(lines)) {
        text.push_str(line);
        text.push('\n');
    }
}

/// The type of a line that begins an impl of its own, which is none of a trait.
fn implementor(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("impl").filter(|_| !line.contains(" for "))?;
    let mut depth = 0;
    let start = rest.replace("->", "--").find(|letter| {
        depth += i32::from(letter == '<') - i32::from(letter == '>');
        depth == 0 && letter == ' '
    });
    rest[start?..].trim_start().split(['<', ' ']).next()
}

/// Whether a line is that of a function or a constant of this type.
fn is_of(line: &str, of: &str) -> bool {
    let path = function(line).or_else(|| line.strip_prefix("pub const "));
    path.is_some_and(|path| path.strip_prefix(of).is_some_and(|name| name.starts_with(['<', ':'])))
}

/// From the path on, of a line that is a function's.
fn function(line: &str) -> Option<&str> {
    let words = line.strip_prefix("pub ")?;
    ["const ", "async ", "unsafe "]
        .iter()
        .fold(words, |rest, word| rest.strip_prefix(word).unwrap_or(rest))
        .strip_prefix("fn ")
}

fn run() -> Result<ExitCode, Box<dyn Error>> {
    let path = env::args_os().nth(1).ok_or("the path of rustdoc's JSON is missing")?;
    let head: Head = serde_json::from_str(&fs::read_to_string(&path)?)?;
    if head.format_version != FORMAT {
        eprintln!("rustdoc writes its JSON in format {}, and {FORMAT} can be read here", head.format_version);
        return Ok(CANNOT_READ.into());
    }
    print!("{}", read(path.as_ref())?);
    Ok(ExitCode::SUCCESS)
}

fn main() -> ExitCode {
    run().unwrap_or_else(|error| {
        eprintln!("api-text: {error}");
        ExitCode::FAILURE
    })
}

#[cfg(test)]
mod tests {
    use super::{merge, shorten};

    #[test]
    fn blocks_of_the_same_bounds_are_one_and_what_they_hold_is_sorted() {
        let text = "\
pub struct a::B<T>
impl<T: a::Fn(u8) -> u8> a::B<T> where T: Copy
pub fn a::B<T>::z(&self)
impl<T> a::B<T>
pub const a::B<T>::MOST: u8
impl<T: a::Fn(u8) -> u8> a::B<T> where T: Copy
pub const fn a::B<T>::a(&self)
impl<T> a::Trait for a::B<T>
pub fn a::B<T>::of_trait(&self)
impl a::C
pub fn a::Country::new()
";
        let merged = "\
pub struct a::B<T>
impl<T: a::Fn(u8) -> u8> a::B<T> where T: Copy
pub const fn a::B<T>::a(&self)
pub fn a::B<T>::z(&self)
impl<T> a::B<T>
pub const a::B<T>::MOST: u8
impl<T> a::Trait for a::B<T>
pub fn a::B<T>::of_trait(&self)
impl a::C
pub fn a::Country::new()
";
        assert_eq!(merge(text), merged);
    }

    #[test]
    fn functions_of_an_impl_are_kept_where_they_are_not_a_traits() {
        let text = "\
pub struct a::B<T>
impl<T> a::B<T>
pub const fn a::B<T>::new(T) -> Self
impl<T> core::marker::StructuralPartialEq for a::B<T>
impl<T> a::Trait for a::B<T> where T: b::C<u8>
pub type a::B<T>::Error = T
pub async fn a::B<T>::of_trait(&self)
impl<T> a::B<T>
pub fn a::B<T>::inherent(&self)
pub trait a::Trait
pub fn a::Trait::of_trait(&self)
impl a::Trait for a::Free
pub fn a::Free::of_trait(&self)
pub fn a::Freedom::free()
pub fn a::free()
";
        let gone = [
            "impl<T> core::marker::StructuralPartialEq for a::B<T>",
            "pub async fn a::B<T>::of_trait(&self)",
            "pub fn a::Free::of_trait(&self)",
        ];
        let kept: Vec<_> = text.lines().filter(|line| !gone.contains(line)).collect();
        assert_eq!(shorten(text).lines().collect::<Vec<_>>(), kept);
    }
}
