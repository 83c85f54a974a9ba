//! A component that misbehaves on request, for the tests and benches of the host.
