//! From a URL to clients, without a word of what it holds in an error.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use redis_v1::Client;

/// A URL that is none of Redis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UrlError {
    part: &'static str,
    must: &'static str,
}

impl UrlError {
    /// Which part is wrong: `scheme`, `user`, `password`, `host`, `port`, `path`, `query` or `fragment`. A password that is
    /// not written as a URL needs it makes another part look wrong.
    #[must_use]
    pub fn part(&self) -> &'static str {
        self.part
    }
}

impl fmt::Display for UrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "wrong Redis URL: the {} must {}", self.part, self.must)
    }
}

impl core::error::Error for UrlError {}

/// Who a URL names.
#[derive(Debug)]
pub(super) enum Parsed {
    One(Client),
    Cluster(Vec<Client>),
    Sentinel { sentinels: Vec<Client>, name: String, master: Client },
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Many {
    One,
    Cluster,
    Sentinel,
}

pub(super) fn parse(url: &str) -> Result<Parsed, UrlError> {
    let unknown = UrlError {
        part: "scheme",
        must: "be redis, rediss, valkey, valkeys, unix, redis-cluster, rediss-cluster, redis-sentinel or rediss-sentinel",
    };
    let (scheme, rest) = url.split_once(':').ok_or(unknown)?;
    let (plain, many) = match scheme {
        "redis" | "valkey" => ("redis", Many::One),
        "rediss" | "valkeys" => ("rediss", Many::One),
        "redis-cluster" => ("redis", Many::Cluster),
        "rediss-cluster" => ("rediss", Many::Cluster),
        "redis-sentinel" => ("redis", Many::Sentinel),
        "rediss-sentinel" => ("rediss", Many::Sentinel),
        "unix" | "redis+unix" | "valkey+unix" => return unix(rest),
        _ => return Err(unknown),
    };
    let rest = rest.strip_prefix("//").ok_or(UrlError { part: "scheme", must: "be followed by ://" })?;
    let (rest, query) = tail(rest)?;
    let known: &[&str] =
        if many == Many::Sentinel { &["protocol", "sentinel_user", "sentinel_password"] } else { &["protocol"] };
    let query = Query::read(query, known)?;
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (user, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
    let at = if authority.contains('@') { "@" } else { "" };
    let default_port = if many == Many::Sentinel { 26379 } else { 6379 };
    let hosts = hosts.split(',').map(|host| host_and_port(host, default_port)).collect::<Result<Vec<_>, _>>()?;
    let path = path.strip_suffix('/').unwrap_or(path);
    let protocol = query.of("protocol").map(|protocol| format!("?protocol={protocol}")).unwrap_or_default();
    let client =
        |user: &str, host: &str, port: u16, db: &str| open(&format!("{plain}://{user}{host}:{port}/{db}{protocol}"));
    let user = format!("{user}{at}");
    let every = |user: &str, db: &str| -> Result<Vec<Client>, UrlError> {
        hosts.iter().map(|(host, port)| client(user, host, *port, db)).collect()
    };
    match many {
        Many::One if hosts.len() > 1 => {
            Err(UrlError { part: "host", must: "be one: several are redis-cluster:// or redis-sentinel://" })
        }
        Many::One => client(&user, hosts[0].0, hosts[0].1, path).map(Parsed::One),
        Many::Cluster => Ok(Parsed::Cluster(every(&user, path)?)),
        Many::Sentinel => {
            let (name, db) = path.split_once('/').unwrap_or((path, ""));
            if name.is_empty() {
                return Err(UrlError { part: "path", must: "name the master that the sentinels watch" });
            }
            let sentinel = match (query.of("sentinel_user"), query.of("sentinel_password")) {
                (None, None) => String::new(),
                (user, password) => format!("{}:{}@", user.unwrap_or_default(), password.unwrap_or_default()),
            };
            let master = client(&user, hosts[0].0, hosts[0].1, db)?;
            Ok(Parsed::Sentinel { sentinels: every(&sentinel, "")?, name: name.to_string(), master })
        }
    }
}

fn unix(rest: &str) -> Result<Parsed, UrlError> {
    let (path, query) = tail(rest)?;
    Query::read(query, &["db", "user", "pass", "protocol"])?;
    if !path.trim_start_matches("//").starts_with('/') {
        return Err(UrlError { part: "path", must: "be the whole path of a socket, from the root" });
    }
    open(&format!("unix:{rest}")).map(Parsed::One)
}

/// What comes before the query, and the query.
fn tail(rest: &str) -> Result<(&str, &str), UrlError> {
    if rest.contains('#') {
        return Err(UrlError { part: "fragment", must: "be left out; # in a password is %23" });
    }
    Ok(rest.split_once('?').unwrap_or((rest, "")))
}

fn host_and_port(text: &str, default_port: u16) -> Result<(&str, u16), UrlError> {
    // An IPv6 address has colons of its own, and stands in brackets.
    let end_of_host = text.rfind(']').map_or(0, |bracket| bracket + 1);
    let colon = text[end_of_host..].find(':').map(|colon| end_of_host + colon);
    let (host, port) = colon.map_or((text, None), |colon| (&text[..colon], Some(&text[colon + 1..])));
    if host.is_empty() {
        return Err(UrlError { part: "host", must: "be a name or an address" });
    }
    let port = port.map_or(Ok(default_port), str::parse);
    match port {
        Ok(port) if port > 0 => Ok((host, port)),
        _ => Err(UrlError { part: "port", must: "be a number from 1 to 65535" }),
    }
}

/// `name=value&…`, still as it is written.
struct Query<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Query<'a> {
    fn read(text: &'a str, known: &[&str]) -> Result<Self, UrlError> {
        let pairs: Vec<_> = text
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .collect();
        match pairs.iter().all(|(name, _)| known.contains(name)) {
            true => Ok(Self(pairs)),
            false => {
                Err(UrlError { part: "query", must: "have only names that are documented; ? in a password is %3F" })
            }
        }
    }

    fn of(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }
}

fn open(url: &str) -> Result<Client, UrlError> {
    Client::open(url).map_err(|error| {
        let said = error.to_string();
        let known = [
            ("TLS", "scheme", "be one without TLS, or the feature redis-tls-rustls be enabled"),
            ("Username", "user", "be UTF-8"),
            ("Password", "password", "be UTF-8"),
            ("database", "path", "be the number of a database"),
            ("path", "path", "be the path of a socket"),
            ("protocol version", "query", "have resp2 or resp3 as the protocol"),
            ("wildcard", "host", "be one that can be connected to"),
            ("Unix sockets", "scheme", "be another one: there are no unix sockets here"),
        ];
        let part = known.into_iter().find(|(phrase, ..)| said.contains(phrase));
        part.map_or(UrlError { part: "host", must: "be a name or an address" }, |(_, part, must)| UrlError {
            part,
            must,
        })
    })
}

#[cfg(test)]
mod tests {
    use redis_v1::ConnectionAddr;

    use super::*;

    fn one(url: &str) -> Client {
        match parse(url).unwrap() {
            Parsed::One(client) => client,
            other => panic!("{url} is {other:?}"),
        }
    }

    fn addresses(clients: &[Client]) -> Vec<String> {
        clients.iter().map(|client| client.get_connection_info().addr().to_string()).collect()
    }

    #[test]
    fn a_url_names_server_database_user_and_password() {
        let client = one("redis://ann:p%40ss@redis.example:7000/3?protocol=resp3");
        let info = client.get_connection_info();
        assert_eq!(info.addr(), &ConnectionAddr::Tcp("redis.example".into(), 7000));
        let settings = info.redis_settings();
        assert_eq!((settings.db(), settings.username(), settings.password()), (3, Some("ann"), Some("p@ss")));
        assert_eq!(settings.protocol(), redis_v1::ProtocolVersion::RESP3);
        for same in ["redis://h", "redis://h/", "redis://h:6379", "redis://h:6379/0", "valkey://h"] {
            assert_eq!(one(same).get_connection_info().addr(), &ConnectionAddr::Tcp("h".into(), 6379), "{same}");
        }
        assert_eq!(addresses(&[one("redis://[::1]:7"), one("redis://[::1]")]), ["::1:7", "::1:6379"]);
    }

    #[test]
    #[cfg(unix)]
    fn a_url_names_a_unix_socket() {
        for url in ["unix:///run/redis.sock?db=2&pass=secret", "unix:/run/redis.sock?db=2&pass=secret"] {
            let client = one(url);
            let info = client.get_connection_info();
            assert_eq!(info.addr(), &ConnectionAddr::Unix("/run/redis.sock".into()), "{url}");
            assert_eq!((info.redis_settings().db(), info.redis_settings().password()), (2, Some("secret")), "{url}");
        }
    }

    #[test]
    fn a_url_names_the_nodes_of_a_cluster() {
        let Parsed::Cluster(nodes) = parse("redis-cluster://:secret@a:1,b,[::1]:3").unwrap() else { panic!() };
        assert_eq!(addresses(&nodes), ["a:1", "b:6379", "::1:3"]);
        assert!(nodes.iter().all(|node| node.get_connection_info().redis_settings().password() == Some("secret")));
    }

    #[test]
    fn a_url_names_sentinels_and_their_master_whose_credentials_are_its_own() {
        let url = "redis-sentinel://ann:secret@a,b:2/main/3?sentinel_password=other";
        let Parsed::Sentinel { sentinels, name, master } = parse(url).unwrap() else { panic!() };
        assert_eq!((addresses(&sentinels), name.as_str()), (["a:26379".into(), "b:2".into()].into(), "main"));
        let settings = master.get_connection_info().redis_settings();
        assert_eq!((settings.db(), settings.username(), settings.password()), (3, Some("ann"), Some("secret")));
        let settings = sentinels[1].get_connection_info().redis_settings();
        assert_eq!((settings.db(), settings.username(), settings.password()), (0, None, Some("other")));
    }

    #[test]
    fn an_error_names_the_part_that_is_wrong_and_shows_nothing_of_it() {
        let wrong = [
            ("s3cret", "scheme"),
            ("http://:s3cret@h", "scheme"),
            ("redis:h", "scheme"),
            ("redis://", "host"),
            ("redis://:s3cret@", "host"),
            ("redis://:s3cret@:6379", "host"),
            ("redis://:s3cret@0.0.0.0", "host"),
            ("redis://:s3cret@a b", "host"),
            ("redis://:s3cret@a,b", "host"),
            ("redis://:s3cret@h:0", "port"),
            ("redis://:s3cret@h:65536", "port"),
            ("redis://h:s3cret", "port"),
            ("redis://user:s3cret", "port"), // the host is forgotten
            ("redis://:s3cret@h/one", "path"),
            ("redis://%ff:s3cret@h", "user"),
            ("redis://:s3cret%ff@h", "password"),
            ("redis://:s3cret@h?timeout=s3cret", "query"),
            ("redis://:pass?s3cret@h", "query"),
            ("redis://:s3cret@h?protocol=4", "query"),
            ("redis://:s3cret@h#insecure", "fragment"),
            ("redis://:pass#s3cret@h", "fragment"),
            ("unix:s3cret", "path"),
            ("unix://?pass=s3cret", "path"),
            ("redis-cluster://:s3cret@a,,b", "host"),
            ("redis-sentinel://:s3cret@a,b", "path"),
            ("redis-sentinel://:s3cret@a,b/main/one", "path"),
        ];
        for (url, part) in wrong {
            let error = parse(url).map(|_| panic!("{url} is right")).unwrap_err();
            assert_eq!(error.part(), part, "{url}: {error}");
            assert!(!error.to_string().contains("s3cret"), "{url}: {error}");
        }
    }

    #[test]
    #[cfg(not(feature = "redis-tls-rustls"))]
    fn tls_that_is_not_built_in_is_an_error_of_the_scheme() {
        let error = parse("rediss://h").unwrap_err();
        assert_eq!(
            error.to_string(),
            "wrong Redis URL: the scheme must be one without TLS, or the feature redis-tls-rustls be enabled"
        );
    }

    #[test]
    #[cfg(feature = "redis-tls-rustls")]
    fn a_url_asks_for_tls() {
        let client = one("rediss://redis.example");
        assert!(matches!(client.get_connection_info().addr(), ConnectionAddr::TcpTls { insecure: false, .. }));
    }
}
