//! The service over a store in memory. One program, which links once.

#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod batch;
mod boundaries;
mod changes;
mod cost;
mod cost_without_increment;
mod cursors;
mod due;
mod erasure;
mod events;
mod export;
mod history;
mod import;
mod import_formats;
mod issuer;
mod keys_taken_back;
mod mcp;
mod mcp_tools;
mod memos;
mod newer_records;
mod old_records;
mod once;
mod openapi;
mod pages;
mod patch;
mod personal_tokens;
mod public_keys;
mod quotas;
mod random_input;
mod revocations;
mod scopes;
mod search;
mod shares;
mod support;
mod tags;
mod transfer_cost;
mod trash;

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
