//! What both services build on. One program, which links once.

#![allow(clippy::indexing_slicing, clippy::unwrap_used)]

mod claim;
mod extract;
mod layers;
mod random_input;
mod record;
mod support;
mod token;

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
