//! Connections that an application has already, of every kind that the crate `redis` has.

use connect::{assert_answer, cluster, read, report, server, timeouts};
use halfopen::redis::connect::{AsyncConnect, ScriptCall, TroubleKind};
use halfopen::redis::v1::Brought;
use redis::Client;
use redis::aio::ConnectionLike;
use tokio::runtime::{Builder, Runtime};

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn reports() -> Vec<ScriptCall> {
    (0..50).map(|n| report(&format!("brought:{n}"), n % 5, &format!("r{n}"))).collect()
}

/// Fifty calls, of servers that know the script and of some that do not.
async fn serves<C: ConnectionLike + Clone + Send + Sync + 'static>(connection: C) {
    let connect = Brought::new(connection, timeouts());
    assert!(connect.subscribe("events").await.unwrap().is_none(), "it cannot hear");
    let mut connection = connect.connect().await.unwrap();
    let answers = connection.exchange(&reports()).await.unwrap();
    let counts: Vec<_> = answers.iter().map(|answer| answer.as_ref().unwrap()[4].clone()).collect();
    assert_eq!(counts, (0..50).map(|n| (n % 5).to_string()).collect::<Vec<_>>());
    assert_eq!(connection.exchange(&[]).await.unwrap(), []);
}

#[test]
fn a_multiplexed_connection_serves() {
    let server = server(&[]);
    runtime().block_on(async {
        let client = Client::open(server.url()).unwrap();
        serves(client.get_multiplexed_async_connection().await.unwrap()).await;
    });
}

#[test]
fn a_connection_manager_serves_again_after_a_restart() {
    let mut server = server(&[]);
    runtime().block_on(async {
        let client = Client::open(server.url()).unwrap();
        let manager = client.get_connection_manager().await.unwrap();
        serves(manager.clone()).await;
        server.kill().unwrap();
        let mut connection = Brought::new(manager.clone(), timeouts()).connect().await.unwrap();
        let trouble = connection.exchange(&[read("k")]).await.unwrap_err();
        assert_eq!(trouble.kind, TroubleKind::Connection, "{trouble}");
        server.restart().unwrap();
        let end = std::time::Instant::now() + std::time::Duration::from_secs(20);
        while let Err(trouble) = connection.exchange(&[read("k")]).await {
            assert!(std::time::Instant::now() < end, "{trouble}");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        serves(manager).await;
    });
}

#[test]
fn a_connection_to_a_cluster_serves_keys_of_all_slots() {
    let servers = cluster();
    runtime().block_on(async {
        let client = redis::cluster::ClusterClient::new(vec![servers[0].url()]).unwrap();
        serves(client.get_async_connection().await.unwrap()).await;
    });
    for server in &servers {
        let keys = server.connect().unwrap().command(&[b"DBSIZE"]).unwrap();
        assert!(matches!(keys, redis::Value::Int(1..)), "each master has some: {keys:?}");
    }
}

#[test]
fn one_key_of_another_type_does_not_disturb_the_others() {
    let server = server(&[]);
    server.connect().unwrap().command(&[b"SET", b"brought:31", b"a string"]).unwrap();
    runtime().block_on(async {
        let client = Client::open(server.url()).unwrap();
        let connection = client.get_multiplexed_async_connection().await.unwrap();
        let mut connection = Brought::new(connection, timeouts()).connect().await.unwrap();
        for (n, answer) in connection.exchange(&reports()).await.unwrap().iter().enumerate() {
            match n {
                31 => assert_eq!(answer.as_ref().unwrap_err().kind, TroubleKind::Key),
                _ => assert_answer(answer),
            }
        }
    });
}
