//! Keys of requests, for a circuit each.
//!
//! ```
//! use halfopen::tower::{authority, method_and_path, path};
//! use http::Request;
//!
//! let request = Request::get("https://API.example.com:8443/users?page=2").body(())?;
//! assert_eq!(authority(&request).unwrap(), "api.example.com:8443");
//! assert_eq!(path(&request).unwrap(), "/users");
//! assert_eq!(method_and_path(&request).unwrap(), "GET /users");
//! # Ok::<(), http::Error>(())
//! ```

use std::borrow::Cow;
use std::format;

use ::http::Request;
use ::http::header::HOST;

/// Host and port in lower case, as the URI or else the header `Host` has them; never a user's name or password.
#[must_use]
pub fn authority<B>(request: &Request<B>) -> Option<Cow<'_, str>> {
    let named = request.uri().authority().map(|it| it.as_str());
    let text = named.or_else(|| request.headers().get(HOST)?.to_str().ok())?;
    let text = text.rsplit_once('@').map_or(text, |(_, host)| host);
    let lower = !text.bytes().any(|byte| byte.is_ascii_uppercase());
    (!text.is_empty()).then(|| if lower { Cow::Borrowed(text) } else { Cow::Owned(text.to_ascii_lowercase()) })
}

/// The path, without the query. For routes that have no ids in them.
#[must_use]
pub fn path<B>(request: &Request<B>) -> Option<Cow<'_, str>> {
    Some(Cow::Borrowed(request.uri().path()))
}

/// Method and path, with a space between them. For routes that have no ids in them.
#[must_use]
pub fn method_and_path<B>(request: &Request<B>) -> Option<Cow<'_, str>> {
    Some(Cow::Owned(format!("{} {}", request.method(), request.uri().path())))
}
