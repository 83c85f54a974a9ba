//! Key-value stores through a component: what is kept, where, and for how long.

use std::{
    os::unix::fs::PermissionsExt,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::Duration,
};

use rusqlite::Connection;

use crate::{
    harness::{Host, manifest},
    redis::{Redis, free_port},
};

const STORES: &str = "key_value_stores = [\"default\"]";

#[test]
fn a_component_reads_what_it_wrote() {
    for args in [&[][..], &["--in-memory"]] {
        let host = Host::start(&manifest(STORES), args);
        assert_eq!(host.get("/kv/get?store=default&key=a").1, "absent");
        assert_eq!(host.get("/kv/set?store=default&key=a&value=1").1, "set");
        assert_eq!(host.get("/kv/set?store=default&key=b&value=2").1, "set");
        assert_eq!(host.get("/kv/get?store=default&key=a").1, "1");
        assert_eq!(host.get("/kv/exists?store=default&key=b").1, "true");
        assert_eq!(host.get("/kv/keys?store=default").1, "a b");
        assert_eq!(host.get("/kv/delete?store=default&key=b").1, "deleted");
        assert_eq!(host.get("/kv/exists?store=default&key=b").1, "false");
        assert_eq!(host.get("/kv/increment?store=default&key=n&by=5").1, "5");
        assert_eq!(host.get("/kv/increment?store=default&key=n&by=-7").1, "-2");
        assert_eq!(
            host.dir.path().join(".spin/sqlite_key_value.db").exists(),
            args.is_empty()
        );
    }
}

#[test]
fn concurrent_increments_are_all_counted() {
    let host = Host::start(&manifest(STORES), &[]);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| (0..25).for_each(|_| drop(host.get("/kv/increment?store=default&key=n&by=1"))));
        }
    });
    assert_eq!(host.get("/kv/increment?store=default&key=n&by=0").1, "200");
}

#[test]
fn the_file_has_spins_own_layout() {
    let dir = Arc::new(tempfile::tempdir().unwrap());
    let file = dir.path().join(".spin/sqlite_key_value.db");
    let host = Host::start_in(dir.clone(), &manifest(STORES), &[], &[]);
    assert_eq!(host.get("/kv/set?store=default&key=k&value=v").0, 200);
    assert_eq!(host.get("/kv/increment?store=default&key=n&by=258").0, 200);
    host.signal("TERM");
    assert_eq!(host.end().0, Some(0));

    // A clean end leaves one file, which can be copied.
    assert!(!file.with_extension("db-wal").exists());
    let rows = Connection::open(&file).unwrap();
    let value = |key: &str| -> Vec<u8> {
        let query = "SELECT value FROM spin_key_value WHERE store = 'default' AND key = ?1";
        rows.query_row(query, [key], |row| row.get(0)).unwrap()
    };
    assert_eq!(value("k"), b"v");
    assert_eq!(value("n"), 258_i64.to_le_bytes());
}

#[test]
fn the_data_is_for_the_user_who_runs_the_host_alone() {
    let host = Host::start(&manifest(STORES), &[]);
    assert_eq!(host.get("/kv/set?store=default&key=k&value=v").0, 200);
    let mode = |path: &str| host.dir.path().join(path).metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(".spin"), 0o700);
    for file in [
        "sqlite_key_value.db",
        "sqlite_key_value.db-wal",
        "sqlite_key_value.db-shm",
    ] {
        assert_eq!(mode(&format!(".spin/{file}")), 0o600, "{file}");
    }
}

#[test]
fn every_acknowledged_write_survives_a_kill() {
    let dir = Arc::new(tempfile::tempdir().unwrap());
    let host = Host::start_in(dir.clone(), &manifest(STORES), &[], &[]);
    let acknowledged = [const { AtomicU32::new(0) }; 4];
    thread::scope(|scope| {
        for (writer, count) in acknowledged.iter().enumerate() {
            let host = &host;
            scope.spawn(move || {
                for number in 1.. {
                    let url = host.url(&format!("/kv/set?store=default&key={writer}-{number}&value={number}"));
                    let request = ureq::http::Request::get(url).body(String::new()).unwrap();
                    match host.try_send(request) {
                        Ok((200, _)) => count.store(number, Ordering::SeqCst),
                        _ => return,
                    }
                }
            });
        }
        while acknowledged.iter().any(|count| count.load(Ordering::SeqCst) < 20) {
            thread::sleep(Duration::from_millis(1));
        }
        host.signal("KILL");
    });
    drop(host);

    let host = Host::start_in(dir, &manifest(STORES), &[], &[]);
    for (writer, count) in acknowledged.iter().enumerate() {
        for number in 1..=count.load(Ordering::SeqCst) {
            let path = format!("/kv/get?store=default&key={writer}-{number}");
            assert_eq!(host.get(&path), (200, number.to_string()));
        }
    }
}

#[test]
fn a_number_under_which_something_was_stored_is_not_given_out_again_after_a_kill() {
    let dir = Arc::new(tempfile::tempdir().unwrap());
    let host = Host::start_in(dir.clone(), &manifest(STORES), &[], &[]);
    let highest = AtomicU32::new(0);
    let send = |url: String| {
        let request = ureq::http::Request::get(host.url(&url)).body(String::new()).unwrap();
        host.try_send(request).ok().filter(|(status, _)| *status == 200)
    };
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some((_, number)) = send("/kv/increment?store=default&key=n&by=1".to_owned()) {
                    if send(format!("/kv/set?store=default&key={number}&value=x")).is_none() {
                        return;
                    }
                    highest.fetch_max(number.parse().unwrap(), Ordering::SeqCst);
                }
            });
        }
        while highest.load(Ordering::SeqCst) < 100 {
            thread::sleep(Duration::from_millis(1));
        }
        host.signal("KILL");
    });
    drop(host);

    let host = Host::start_in(dir, &manifest(STORES), &[], &[]);
    let next: u32 = host.get("/kv/increment?store=default&key=n&by=1").1.parse().unwrap();
    assert!(next > highest.load(Ordering::SeqCst), "{next} was given out before");
}

#[test]
fn a_runtime_configuration_maps_labels_to_files() {
    let dir = Arc::new(tempfile::tempdir().unwrap());
    std::fs::write(
        dir.path().join("rc.toml"),
        "[key_value_store.mine]\ntype = \"spin\"\npath = \"mine.db\"\n",
    )
    .unwrap();
    let manifest = manifest("key_value_stores = [\"default\", \"mine\"]");
    let args = ["--runtime-config-file", "rc.toml"];
    let host = Host::start_in(dir.clone(), &manifest, &args, &[]);
    assert_eq!(host.get("/kv/set?store=mine&key=k&value=v").0, 200);
    assert_eq!(host.get("/kv/get?store=default&key=k").1, "absent");
    assert!(dir.path().join("mine.db").exists());
}

#[test]
fn two_hosts_share_a_redis_and_outlive_its_failure() {
    let port = free_port();
    let Some(redis) = Redis::start(port) else { return };
    let start = || {
        let dir = Arc::new(tempfile::tempdir().unwrap());
        let config = format!("[key_value_store.default]\ntype = \"redis\"\nurl = \"redis://127.0.0.1:{port}\"\n");
        std::fs::write(dir.path().join("rc.toml"), config).unwrap();
        Host::start_in(dir, &manifest(STORES), &["--runtime-config-file", "rc.toml"], &[])
    };
    let (one, two) = (start(), start());
    assert_eq!(one.get("/kv/set?store=default&key=k&value=v"), (200, "set".to_owned()));
    assert_eq!(two.get("/kv/get?store=default&key=k").1, "v");
    assert_eq!(one.get("/kv/increment?store=default&key=n&by=2").1, "2");
    assert_eq!(two.get("/kv/increment?store=default&key=n&by=2").1, "4");
    assert_eq!(two.get("/kv/keys?store=default").1, "k n");
    assert_eq!(two.get("/kv/delete?store=default&key=k").1, "deleted");
    assert_eq!(one.get("/kv/exists?store=default&key=k").1, "false");

    drop(redis);
    let (status, error) = one.get("/kv/get?store=default&key=n");
    assert!(status == 418 && error.starts_with("Error::Other("), "{error}");
    let _redis = Redis::start(port);
    while one.get("/kv/set?store=default&key=back&value=1").0 != 200 {
        thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(one.get("/kv/get?store=default&key=back").1, "1");
}
