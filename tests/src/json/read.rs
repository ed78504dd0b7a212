//! From JSON to vectors, with an error that names the file, the vector, the step and the field.

use std::borrow::ToOwned;
use std::boxed::Box;
use std::path::Path;
use std::string::{String, ToString};
use std::vec::Vec;
use std::{fmt, format, fs};

use serde_json::Value;

use super::config::setup;
use super::schema::VectorJson;
use super::steps::Reader;
use super::text::leak;
use crate::rules::RULES;
use crate::setup::Setup;
use crate::vector::{Body, Vector};

/// A vector as it was read.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The vector. What it borrows is leaked: a program reads its vectors once.
    pub vector: Vector<'static>,
    /// The configuration as it was written, for the readers of configurations.
    pub config: Value,
    /// What a reader of the configuration must say, where it refuses it.
    pub reading_fails: Option<String>,
}

/// What is wrong with a file of vectors, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonError(String);

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for JsonError {}

impl JsonError {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub(super) fn within(self, place: &str) -> Self {
        Self(format!("{place}: {}", self.0))
    }
}

impl From<serde_json::Error> for JsonError {
    fn from(error: serde_json::Error) -> Self {
        Self(error.to_string())
    }
}

/// Reads every `*.json` in `folder`, in the order of their names.
///
/// # Errors
///
/// What is wrong, and where.
pub fn parse_dir(folder: &Path) -> Result<Vec<Parsed>, JsonError> {
    let io = |error: std::io::Error| JsonError::new(error.to_string()).within(&folder.display().to_string());
    let entries = fs::read_dir(folder).map_err(io)?.collect::<Result<Vec<_>, _>>().map_err(io)?;
    let mut files: Vec<_> = entries.iter().map(fs::DirEntry::path).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    let mut all = Vec::new();
    for file in files {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let text = fs::read_to_string(&file).map_err(io)?;
        all.extend(parse(&text).map_err(|error| error.within(&name))?);
    }
    Ok(all)
}

/// Reads the text of one file: an array of vectors.
///
/// # Errors
///
/// What is wrong, and where.
pub fn parse(text: &str) -> Result<Vec<Parsed>, JsonError> {
    let values: Vec<Value> = serde_json::from_str(text)?;
    values
        .into_iter()
        .enumerate()
        .map(|(index, value)| {
            let name = value.get("name").and_then(Value::as_str).unwrap_or("without a name").to_owned();
            vector(value).map_err(|error| error.within(&format!("vector {index} \"{name}\"")))
        })
        .collect()
}

fn vector(value: Value) -> Result<Parsed, JsonError> {
    let json: VectorJson = serde_json::from_value(value)?;
    if !RULES.iter().any(|(rule, _)| *rule == json.rule) {
        return Err(JsonError::new(format!("rule: there is none called \"{}\"", json.rule)));
    }
    let written = setup(json.by, &json.config);
    let (body, reading_fails) = match (json.steps, json.rejected) {
        (Some(steps), None) => {
            serde_json::from_value::<halfopen::Config>(json.config.clone())
                .map_err(|error| JsonError::from(error).within("config"))?;
            (Body::Steps(Reader::new(written.unwrap_or(Setup::DEFAULT)).read(steps)?), None)
        }
        (None, Some(rejected)) => {
            if rejected.by_code.is_none() && rejected.by_text.is_none() {
                return Err(JsonError::new("rejected: neither by_code nor by_text is given"));
            }
            if rejected.by_code.is_some() && written.is_none() {
                return Err(JsonError::new("rejected.by_code: no code can write this configuration"));
            }
            (Body::Rejected(rejected.by_code.map(leak)), rejected.by_text)
        }
        _ => return Err(JsonError::new("exactly one of steps and rejected must be given")),
    };
    let vector = Vector {
        name: leak(json.name),
        rule: leak(json.rule),
        needs: Box::leak(json.needs.into_boxed_slice()),
        setup: written.unwrap_or(Setup::DEFAULT),
        body,
    };
    Ok(Parsed { vector, config: json.config, reading_fails })
}
