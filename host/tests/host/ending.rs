//! An orderly end.

use std::thread;

use crate::harness::{Host, manifest};

#[test]
fn requests_in_flight_are_finished_before_the_end() {
    for signal in ["TERM", "INT"] {
        let host = Host::start(&manifest(""), &[]);
        let answers = thread::scope(|scope| {
            let slow: Vec<_> = (0..4).map(|_| scope.spawn(|| host.get("/slow"))).collect();
            host.wait_for_times(4, "slow has begun");
            host.signal(signal);
            slow.into_iter()
                .map(|answer| answer.join().unwrap())
                .collect::<Vec<_>>()
        });
        assert_eq!(answers, vec![(200, "slow".to_owned()); 4]);
        assert_eq!(host.end().0, Some(0));
    }
}

#[test]
fn an_idle_connection_does_not_hold_up_the_end() {
    let host = Host::start(&manifest(""), &[]);
    let idle = std::net::TcpStream::connect(&host.address).unwrap();
    assert_eq!(host.get("/hello").0, 200);
    host.signal("TERM");
    let (code, printed) = host.end();
    assert_eq!(code, Some(0));
    // The instance that answered was alive until then, which is no failure.
    assert!(!printed.contains("failed"), "{printed}");
    drop(idle);
}
