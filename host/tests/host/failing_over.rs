//! A store on Redis whose address leads to another server from some moment on, as after a failover.
//!
//! Connections that are open stay with the old server, which is the hard part: nothing closes them.

use std::{
    io,
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicU16, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use host::key_value::{Redis as RedisStore, Store};

use crate::redis::{Redis, free_port};

/// How long a store may take to find the other server, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// An address that leads to whichever server it was last pointed at, as a name in the DNS does.
struct Address {
    port: u16,
    server: Arc<AtomicU16>,
}

impl Address {
    fn of(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = Arc::new(AtomicU16::new(server));
        let target = server.clone();
        thread::spawn(move || {
            for client in listener.incoming() {
                let Ok(client) = client else { return };
                if let Ok(server) = TcpStream::connect(("127.0.0.1", target.load(Ordering::SeqCst))) {
                    copy(client.try_clone().unwrap(), server.try_clone().unwrap());
                    copy(server, client);
                }
            }
        });
        Self { port, server }
    }

    fn lead_to(&self, server: u16) {
        self.server.store(server, Ordering::SeqCst);
    }
}

fn copy(mut from: TcpStream, mut to: TcpStream) {
    thread::spawn(move || {
        let _ = io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Both);
        let _ = from.shutdown(Shutdown::Both);
    });
}

/// Two servers, and a store at an address that leads to the first.
struct Scene {
    old: Redis,
    old_port: u16,
    _new: Redis,
    new_port: u16,
    address: Address,
    store: RedisStore,
}

impl Scene {
    async fn set() -> Option<Self> {
        let (old_port, new_port) = (free_port(), free_port());
        let (old, new) = (Redis::start(old_port)?, Redis::start(new_port)?);
        let address = Address::of(old_port);
        let store = RedisStore::new(&format!("redis://127.0.0.1:{}", address.port)).unwrap();
        store.set("where", b"old".to_vec()).await.unwrap();
        RedisStore::new(&format!("redis://127.0.0.1:{new_port}"))
            .unwrap()
            .set("where", b"new".to_vec())
            .await
            .unwrap();
        Some(Self {
            old,
            old_port,
            _new: new,
            new_port,
            address,
            store,
        })
    }

    /// Writes until it succeeds, and holds that it did on the new server, and that each failure was told.
    async fn comes_to_write_to_the_new_server(&self) {
        self.address.lead_to(self.new_port);
        let begun = Instant::now();
        let mut failures = 0;
        while let Err(why) = self.store.set("written", b"after".to_vec()).await {
            failures += 1;
            assert!(begun.elapsed() < PATIENCE, "still: {why}");
        }
        assert!(failures > 0, "the old server took a write");
        assert_eq!(self.store.get("where").await.unwrap().as_deref(), Some(&b"new"[..]));
        assert_eq!(self.store.get("written").await.unwrap().as_deref(), Some(&b"after"[..]));
    }

    /// Gives the old server a command, past the store.
    async fn order(&self, command: &[&str]) {
        let client = redis::Client::open(format!("redis://127.0.0.1:{}", self.old_port)).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        let mut order = redis::cmd(command[0]);
        order.arg(&command[1..]);
        order.query_async::<()>(&mut connection).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_has_become_a_replica_is_left() {
    let Some(scene) = Scene::set().await else { return };
    let new_port = scene.new_port.to_string();
    scene.order(&["REPLICAOF", "127.0.0.1", &new_port]).await;
    scene.comes_to_write_to_the_new_server().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_master_without_its_replicas_is_left() {
    let Some(scene) = Scene::set().await else { return };
    scene.order(&["CONFIG", "SET", "min-replicas-to-write", "1"]).await;
    scene.comes_to_write_to_the_new_server().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_not_answer_any_more_is_left() {
    let Some(scene) = Scene::set().await else { return };
    scene.old.signal("STOP");
    scene.comes_to_write_to_the_new_server().await;
}
