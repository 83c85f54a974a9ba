//! The service over a store in memory. One program, which links once.

#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod cost;
mod cost_without_increment;
mod deletion;
mod jwks;
mod newer_records;
mod openapi;
mod passkey_factor;
mod passkey_sign_in;
mod passkeys;
mod password;
mod personal_tokens;
mod programs;
mod records_session;
mod recovery;
mod refresh_token;
mod revocations;
mod second_factor;
mod security_events;
mod session;
mod sessions;
mod sign_in;
mod signing_key;
mod support;
mod throttle;
mod token;
mod users;

#[test]
fn every_file_here_is_part_of_the_program() {
    let named = include_str!("main.rs");
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests")).unwrap() {
        let path = entry.unwrap().path();
        let module = path.file_stem().unwrap().to_str().unwrap();
        assert!(
            module == "main" || named.contains(&format!("\nmod {module};\n")),
            "{module} is not named in main.rs"
        );
    }
}
