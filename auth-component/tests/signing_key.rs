//! The record of the signing keys: who makes the first one, who waits for it and for how long, and when keys change.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use crate::support::{self, Failing, TestApp, config, run};
use async_trait::async_trait;
use auth_component::records::signing_key::{Error, SigningKeys, load};
use common::{
    store::kv::Kv,
    testing::{EPOCH, HandClock, NoRandom, World},
    world::{
        Ports,
        clock::{Clock, Timestamp},
    },
};
use http::StatusCode;

const KEY: &str = "auth/key/signing";
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const MILLISECOND: Duration = Duration::from_millis(1);

/// A clock during whose n-th sleep another instance ends its work: it writes the record.
struct Meanwhile {
    clock: HandClock,
    kv: Arc<dyn Kv>,
    record: Vec<u8>,
    sleeps: AtomicUsize,
    written_in: usize,
}

#[async_trait]
impl Clock for Meanwhile {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    async fn sleep(&self, duration: Duration) {
        self.clock.sleep(duration).await;
        if self.sleeps.fetch_add(1, Ordering::SeqCst) + 1 == self.written_in {
            self.kv.set(KEY, &self.record).await.unwrap();
        }
    }
}

/// A world in which another instance holds the claim on the first key, and ends its work in the n-th sleep of ours.
async fn another_is_at_it(written_in: usize) -> (World, Arc<Meanwhile>, Ports) {
    let elsewhere = World::new();
    load(&elsewhere.ports(), EPOCH).await.unwrap();
    let record = elsewhere.kv.get(KEY).await.unwrap().unwrap();
    let world = World::new();
    let flag = format!("{KEY}/claim/0/{}", EPOCH.0 / 30_000);
    world.kv.increment(&flag, 1).await.unwrap();
    let clock = Arc::new(Meanwhile {
        clock: HandClock::default(),
        kv: Arc::clone(&world.kv),
        record,
        sleeps: AtomicUsize::new(0),
        written_in,
    });
    let ports = Ports {
        clock: Arc::clone(&clock) as Arc<dyn Clock>,
        ..world.ports()
    };
    (world, clock, ports)
}

fn seeds(keys: &SigningKeys) -> Vec<String> {
    let record = serde_json::to_value(keys).unwrap();
    let keys = record["keys"].as_array().unwrap();
    keys.iter()
        .map(|key| key["seed"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn the_first_key_of_another_instance_is_waited_for() {
    run(async {
        for (written_in, waited_ms) in [(1, 10), (2, 30), (5, 310), (9, 5110)] {
            let (world, clock, ports) = another_is_at_it(written_in).await;
            let keys = load(&ports, EPOCH).await.unwrap();
            assert_eq!(clock.sleeps.load(Ordering::SeqCst), written_in);
            assert_eq!(clock.now().since(EPOCH), Duration::from_millis(waited_ms));
            let stored: SigningKeys = world.kv.get_json(KEY).await.unwrap().unwrap();
            assert_eq!(seeds(&keys), seeds(&stored), "it is theirs");
            assert_eq!(
                world.kv.get(KEY).await.unwrap().unwrap(),
                clock.record,
                "nothing was written over it"
            );
        }
    });
}

#[test]
fn an_instance_gives_up_waiting_after_about_five_seconds() {
    run(async {
        let (world, clock, ports) = another_is_at_it(usize::MAX).await;
        assert!(matches!(load(&ports, EPOCH).await, Err(Error::BeingMade)));
        assert_eq!(clock.sleeps.load(Ordering::SeqCst), 9);
        assert_eq!(clock.now().since(EPOCH), Duration::from_millis(5110));
        assert!(world.kv.get(KEY).await.unwrap().is_none());

        let app = auth_component::app(ports, config(), Arc::<support::TestMemos>::default()).unwrap();
        let request = common::testing::request("GET", "/.well-known/jwks.json", &[], "");
        let answer = common::testing::send(&app, request).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(
            (answer.header("retry-after"), answer.header("cache-control")),
            ("1", "no-store")
        );
        assert_eq!(clock.sleeps.load(Ordering::SeqCst), 18);
    });
}

#[test]
fn an_instance_that_finds_the_key_does_not_wait() {
    run(async {
        let (world, clock, ports) = another_is_at_it(usize::MAX).await;
        world.kv.set(KEY, &clock.record).await.unwrap();
        load(&ports, EPOCH).await.unwrap();
        assert_eq!(clock.sleeps.load(Ordering::SeqCst), 0);
    });
}

#[test]
fn a_key_is_replaced_at_its_age_and_stays_published_for_as_long_as_the_longest_token() {
    run(async {
        let world = World::new();
        let ports = world.ports();
        let first = seeds(&load(&ports, EPOCH).await.unwrap());
        let still = EPOCH + (DAY * 90 - MILLISECOND);
        assert_eq!(seeds(&load(&ports, still).await.unwrap()), first);

        let replaced_at = EPOCH + DAY * 90;
        let both = seeds(&load(&ports, replaced_at).await.unwrap());
        assert_eq!((both.len(), &both[..1]), (2, &first[..]));
        for (later, expected) in [(DAY * 368 - MILLISECOND, &both[..]), (DAY * 368, &both[1..])] {
            let now = replaced_at + later;
            let stored: SigningKeys = world.kv.get_json(KEY).await.unwrap().unwrap();
            let published: Vec<String> = stored.published(now).iter().map(|key| key.seed.to_text()).collect();
            assert_eq!(published, expected);
        }
    });
}

#[test]
fn however_long_an_app_runs_it_has_six_keys_at_most() {
    run(async {
        let world = World::new();
        let ports = world.ports();
        let mut counts = Vec::new();
        let mut last = Vec::new();
        for round in 0..12 {
            let now = EPOCH + DAY * 90 * round;
            let keys = load(&ports, now).await.unwrap();
            last = seeds(&keys);
            assert_eq!(keys.published(now).len(), last.len(), "what has retired is not kept");
            counts.push(last.len());
        }
        assert_eq!(counts, [1, 2, 3, 4, 5, 6, 6, 6, 6, 6, 6, 6]);
        // The oldest was replaced 360 days ago.
        let eleventh = EPOCH + DAY * 90 * 11;
        let stored: SigningKeys = world.kv.get_json(KEY).await.unwrap().unwrap();
        assert_eq!(stored.published(eleventh + DAY * 8).len(), 5);
        assert_eq!(last.len(), 6);
    });
}

#[test]
fn while_another_instance_replaces_a_key_the_old_one_serves() {
    run(async {
        let world = World::new();
        let ports = world.ports();
        let first = seeds(&load(&ports, EPOCH).await.unwrap());
        world
            .kv
            .increment(&format!("{KEY}/claim/1/{}", EPOCH.0 / 30_000), 1)
            .await
            .unwrap();
        let keys = load(&ports, EPOCH + DAY * 90).await.unwrap();
        assert_eq!(seeds(&keys), first);
        assert_eq!(world.clock.now(), EPOCH, "nobody waits for it");
    });
}

#[test]
fn without_randomness_no_key_is_made() {
    run(async {
        let world = World::new();
        let ports = Ports {
            random: Arc::new(NoRandom),
            ..world.ports()
        };
        assert!(matches!(load(&ports, EPOCH).await, Err(Error::Random(_))));
        assert!(world.kv.get(KEY).await.unwrap().is_none());
    });
}

#[test]
fn a_store_that_fails_while_an_instance_waits_is_told_apart() {
    run(async {
        let app = TestApp::new();
        let flag = format!("{KEY}/claim/0/{}", EPOCH.0 / 30_000);
        app.ports.kv.increment(&flag, 1).await.unwrap();
        // The record, the flag, and the first two looks.
        app.kv.cut_after(4, Failing::Before);
        assert!(matches!(load(&app.ports, EPOCH).await, Err(Error::Store(_))));
        assert_eq!(app.clock.now().since(EPOCH), Duration::from_millis(30));
    });
}
