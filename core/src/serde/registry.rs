//! The configuration of a registry in serde's formats: defaults, and circuits that say what differs from them.
//!
//! What is wrong is told with the circuit, the field, the value and the range.
//!
//! ```
//! use halfopen::RegistryConfig;
//!
//! let json = r#"{ "defaults": { "failure_threshold": 3 }, "circuits": { "mail": { "success_threshold": 64 } } }"#;
//! let error = serde_json::from_str::<RegistryConfig>(json).unwrap_err();
//! assert!(error.to_string().starts_with("circuit 'mail': success_threshold is 64, must be 1 to 63"));
//! # Ok::<(), serde_json::Error>(())
//! ```

use core::fmt;
use std::collections::HashMap;
use std::format;
use std::string::{String, ToString};
use std::sync::Arc;
use std::vec::Vec;

use serde::de::value::MapDeserializer;
use serde::de::{Deserialize, Deserializer, Error, IntoDeserializer, MapAccess, Visitor};

use crate::config::CircuitBreakerConfiguration;
use crate::registry::RegistryConfig;

#[derive(serde::Deserialize)]
#[serde(rename = "RegistryConfig", expecting = "max_circuits, defaults and circuits", deny_unknown_fields, default)]
struct Fields {
    max_circuits: u64,
    defaults: Section,
    circuits: Sections,
}

impl Default for Fields {
    fn default() -> Self {
        let max_circuits = RegistryConfig::new().max_circuits.into();
        Self { max_circuits, defaults: Section::default(), circuits: Sections::default() }
    }
}

/// What is said of one circuit, as it was written: it is checked together with the defaults.
#[derive(Clone, Default)]
struct Section(Vec<(String, Given)>);

#[derive(Default)]
struct Sections(Vec<(String, Section)>);

impl<'de> Deserialize<'de> for RegistryConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = Fields::deserialize(deserializer)?;
        if let Some(error) = Self::check_size(fields.max_circuits) {
            return Err(D::Error::custom(error));
        }
        let defaults =
            fields.defaults.read().map_err(|problem| D::Error::custom(format_args!("defaults: {problem}")))?;
        let mut circuits = HashMap::with_capacity(fields.circuits.0.len());
        for (name, section) in fields.circuits.0 {
            let wrong = |problem: &dyn fmt::Display| D::Error::custom(format_args!("circuit '{name}': {problem}"));
            let config = section.over(&fields.defaults).read().map_err(|problem| wrong(&problem))?;
            if circuits.insert(Arc::from(name.as_str()), config).is_some() {
                return Err(wrong(&"is there twice"));
            }
        }
        // In its range, says the check.
        let max_circuits = u32::try_from(fields.max_circuits).unwrap_or(u32::MAX);
        Ok(Self { defaults, circuits, max_circuits })
    }
}

impl Section {
    /// This, and of the others what it does not say.
    fn over(self, others: &Self) -> Self {
        let kept = others.0.iter().filter(|(field, _)| self.0.iter().all(|(own, _)| own != field));
        let mut all: Vec<_> = kept.cloned().collect();
        all.extend(self.0);
        Self(all)
    }

    fn read(&self) -> Result<CircuitBreakerConfiguration, Problem> {
        let fields = self.0.iter().map(|(field, given)| (field.as_str(), FieldOf { field, given }));
        CircuitBreakerConfiguration::deserialize(MapDeserializer::new(fields))
    }
}

/// Reads a map, and says in which entry something was wrong.
struct Entries<V>(&'static str, fn(&str, &dyn fmt::Display) -> String, core::marker::PhantomData<V>);

impl<'de, V: Deserialize<'de>> Visitor<'de> for Entries<V> {
    type Value = Vec<(String, V)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            let value = map.next_value().map_err(|error| A::Error::custom(self.1(&name, &error)))?;
            entries.push((name, value));
        }
        Ok(entries)
    }
}

impl<'de> Deserialize<'de> for Section {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let told = |field: &str, error: &dyn fmt::Display| format!("{field}: {error}");
        deserializer.deserialize_map(Entries("the fields of a circuit", told, core::marker::PhantomData)).map(Self)
    }
}

impl<'de> Deserialize<'de> for Sections {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let told = |name: &str, error: &dyn fmt::Display| format!("circuit '{name}': {error}");
        deserializer.deserialize_map(Entries("circuits by their names", told, core::marker::PhantomData)).map(Self)
    }
}

/// A value as it was written.
#[derive(Clone)]
enum Given {
    Whole(i64),
    /// More than fits into the other.
    Large(u64),
    Real(f64),
    Text(String),
    Nothing,
}

impl<'de> Deserialize<'de> for Given {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl Visitor<'_> for Any {
            type Value = Given;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number or a text")
            }

            fn visit_i64<E>(self, value: i64) -> Result<Given, E> {
                Ok(Given::Whole(value))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Given, E> {
                Ok(i64::try_from(value).map_or(Given::Large(value), Given::Whole))
            }

            fn visit_f64<E>(self, value: f64) -> Result<Given, E> {
                Ok(Given::Real(value))
            }

            fn visit_str<E>(self, value: &str) -> Result<Given, E> {
                Ok(Given::Text(value.to_string()))
            }

            fn visit_unit<E>(self) -> Result<Given, E> {
                Ok(Given::Nothing)
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// A value with its field's name, which errors tell.
struct FieldOf<'a> {
    field: &'a str,
    given: &'a Given,
}

impl<'de> IntoDeserializer<'de, Problem> for FieldOf<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for FieldOf<'_> {
    type Error = Problem;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        let read: Result<_, Problem> = match self.given {
            Given::Whole(value) => visitor.visit_i64(*value),
            Given::Large(value) => visitor.visit_u64(*value),
            Given::Real(value) => visitor.visit_f64(*value),
            Given::Text(value) => visitor.visit_str(value),
            Given::Nothing => visitor.visit_none(),
        };
        read.map_err(|problem| problem.of(self.field))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        match self.given {
            Given::Nothing => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Problem> {
        match self.given {
            Given::Text(value) => visitor.visit_enum(value.as_str().into_deserializer()),
            _ => return self.deserialize_any(visitor),
        }
        .map_err(|problem: Problem| problem.of(self.field))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct newtype_struct
        seq tuple tuple_struct map struct identifier ignored_any
    }
}

/// What is wrong, without a place in a file.
#[derive(Debug)]
struct Problem(String);

impl Problem {
    fn of(self, field: &str) -> Self {
        if self.0.starts_with(field) { self } else { Self(format!("{field}: {}", self.0)) }
    }
}

impl Error for Problem {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for Problem {}
