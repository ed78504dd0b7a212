//! TLS with an authority that nobody else trusts.

use std::path::PathBuf;
use std::time::Duration;

use connect::{
    ByTasks, Proxy, RESPONSE, answer, assert_answer, by_url, connection, force_open, free_port, read, subscription,
    timed,
};
use halfopen::redis::connect::{Connect, TroubleKind};
use halfopen::redis::v1::{RedisConnect, redis};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rig::Server;

/// A server with a certificate for `localhost` alone.
struct Secure {
    authority: String,
    port: u16,
    folder: PathBuf,
    server: Server,
}

impl Secure {
    fn start() -> Self {
        let mut authority = CertificateParams::new([]).unwrap();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let authority_text = authority.self_signed(&key).unwrap().pem();
        let issuer = Issuer::new(authority, key);
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(["localhost".into()]).unwrap().signed_by(&key, &issuer).unwrap();

        let port = free_port();
        let folder = std::env::temp_dir().join(format!("halfopen-tls-{}-{port}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.join(name);
            std::fs::write(&path, text).unwrap();
            path.display().to_string()
        };
        let config = [
            format!("tls-port {port}"),
            format!("tls-cert-file {}", file("certificate.pem", &certificate.pem())),
            format!("tls-key-file {}", file("key.pem", &key.serialize_pem())),
            format!("tls-ca-cert-file {}", file("authority.pem", &authority_text)),
            "tls-auth-clients no".into(),
        ];
        let server = connect::server(&config.iter().map(String::as_str).collect::<Vec<_>>());
        Self { authority: authority_text, port, folder, server }
    }

    /// A client that trusts its authority.
    fn trusting(&self, host: &str, port: u16) -> RedisConnect {
        let trusted = redis::TlsCertificates { client_tls: None, root_cert: Some(self.authority.clone().into()) };
        let client = redis::Client::build_with_tls(format!("rediss://{host}:{port}"), trusted).unwrap();
        RedisConnect::from_client(&client, connect::timeouts())
    }
}

impl Drop for Secure {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

#[test]
fn tls_serves_calls_and_notices_of_who_trusts_the_authority() {
    let secure = Secure::start();
    serves(&secure.trusting("localhost", secure.port), "k");
    serves(&ByTasks::new(secure.trusting("localhost", secure.port)), "t");
}

fn serves(connect: &impl Connect, key: &str) {
    let mut notices = subscription(connect, "events");
    let mut calls = connection(connect);
    assert_answer(&answer(&mut *calls, read(key)));
    let many: Vec<_> = (0..50).map(|n| read(&format!("tls:{n}"))).collect();
    calls.exchange(&many).unwrap().iter().for_each(assert_answer);
    assert_eq!(notices.next(Duration::from_millis(500)), Ok(None), "asked twice, and there");
    answer(&mut *calls, force_open(key, "events")).unwrap();
    assert!(notices.next(Duration::from_secs(10)).unwrap().unwrap().ends_with(&format!("|{key}")));
}

#[test]
fn tls_that_was_swallowed_is_an_error_after_one_timeout() {
    let secure = Secure::start();
    let proxy = Proxy::new(secure.port);
    is_noticed(&secure.trusting("localhost", proxy.port()), &proxy);
    is_noticed(&ByTasks::new(secure.trusting("localhost", proxy.port())), &proxy);
}

fn is_noticed(connect: &impl Connect, proxy: &Proxy) {
    let mut notices = subscription(connect, "events");
    let mut calls = connection(connect);
    assert_answer(&answer(&mut *calls, read("k")));
    proxy.swallow();
    let (result, time) = timed(|| answer(&mut *calls, read("k")));
    assert_eq!(result.unwrap_err().kind, TroubleKind::Connection);
    assert!(time < 2 * RESPONSE, "{time:?}");
    assert_eq!(notices.next(Duration::from_secs(10)).unwrap_err().kind, TroubleKind::Connection);
    assert_answer(&answer(&mut *connection(connect), read("k")));
}

#[test]
fn a_certificate_of_another_authority_or_for_another_name_is_no_connection() {
    let secure = Secure::start();
    for connect in [
        by_url(&format!("rediss://localhost:{}", secure.port)),
        secure.trusting("127.0.0.1", secure.port),
        // One that speaks no TLS at all.
        secure.trusting("localhost", secure.server.port()),
    ] {
        let trouble = connect.connect().err().unwrap();
        assert_eq!(trouble.kind, TroubleKind::Connection, "{trouble}");
    }
    let trouble = by_url(&format!("rediss://localhost:{}", secure.port)).connect().err().unwrap();
    assert!(trouble.text.contains("certificate"), "the text says why: {trouble}");
}

#[test]
fn who_speaks_no_tls_to_a_port_of_tls_is_told_in_time() {
    let secure = Secure::start();
    let (trouble, time) = timed(|| by_url(&format!("redis://localhost:{}", secure.port)).connect().err().unwrap());
    assert_eq!(trouble.kind, TroubleKind::Connection, "{trouble}");
    assert!(time < 3 * RESPONSE, "{time:?}");
}
