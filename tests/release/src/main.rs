//! The public API of a crate as text, a line for each item, from what rustdoc writes as JSON: `./x api` compares it with what is kept.
//!
//! ```sh
//! cargo run -p api-text -- target/doc/halfopen.json
//! ```

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
    Ok(shorten(&api.to_string()))
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
    use super::shorten;

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
