//! By which cryptography TLS is done where the application has not chosen one.

use rustls::crypto::{CryptoProvider, ring};

/// `rustls` panics if several are compiled in and none is chosen, and the application may have brought a second one.
pub(super) fn choose_cryptography() {
    if CryptoProvider::get_default().is_none() {
        // Lost to another thread: then there is one.
        let _ = ring::default_provider().install_default();
    }
}
