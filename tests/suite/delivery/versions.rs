//! The version stands in the workspace's Cargo.toml, and nothing that is delivered carries another one.

use std::path::{Path, PathBuf};

use crate::harness::workspace;

/// The workspace's own version, which every crate takes.
const VERSION: &str = env!("CARGO_PKG_VERSION");

fn read(path: &str) -> String {
    std::fs::read_to_string(workspace().join(path)).unwrap_or_else(|why| panic!("{path}: {why}"))
}

#[test]
fn the_app_says_the_version() {
    let manifest: toml::Table = read("spin.toml").parse().expect("spin.toml is TOML");
    assert_eq!(manifest["application"]["version"].as_str(), Some(VERSION));
}

#[test]
fn the_image_says_the_version() {
    let label = format!("org.opencontainers.image.version=\"{VERSION}\"");
    assert!(
        read("Dockerfile").contains(&label),
        "the Dockerfile has no label {label}"
    );
}

/// At a release the entries of "Unreleased" get the version's number; between releases its predecessor is the newest.
#[test]
fn the_changelog_begins_with_what_comes_and_has_the_version() {
    let changelog = read("CHANGELOG.md");
    let mut headings = changelog.lines().filter(|line| line.starts_with("## "));
    assert_eq!(headings.next(), Some("## [Unreleased]"));
    let newest = headings.next().unwrap_or_default();
    assert!(
        newest.starts_with(&format!("## [{VERSION}] - ")),
        "the newest release in CHANGELOG.md is {newest:?}, and the version is {VERSION}"
    );
}

/// The tests of upgrades read what each release left.
#[test]
fn the_data_of_the_version_are_kept_for_the_next_one() {
    let data = workspace().join(format!("tests/releases/{VERSION}/store.sql"));
    assert!(
        data.is_file(),
        "{} is missing: docs/releasing.md says how it is made",
        data.display()
    );
}

/// Image names in manifests and instructions end with the version, as `…/memo:0.1.0`. A canary has another version by its nature.
#[test]
fn manifests_and_instructions_name_the_images_of_the_version() {
    let mut found = 0;
    for file in text_files(&workspace().join("deploy")).chain([workspace().join("README.md")]) {
        if file.ends_with("canary.yaml") {
            continue;
        }
        let Ok(text) = std::fs::read_to_string(&file) else {
            continue;
        };
        for (number, line) in (1..).zip(text.lines()) {
            for version in named_versions(line) {
                found += 1;
                assert_eq!(version, VERSION, "{}:{number}: {line}", file.display());
            }
        }
    }
    assert!(
        found > 0,
        "nothing under deploy/ names an image any more; this test has to look elsewhere"
    );
}

/// The versions of our images that a line names.
fn named_versions(line: &str) -> impl Iterator<Item = &str> {
    let tagged = line.match_indices("/memo:").map(|(at, name)| &line[at + name.len()..]);
    tagged.filter_map(|rest| {
        let end = rest
            .find(|c: char| !c.is_ascii_alphanumeric() && !".-+".contains(c))
            .unwrap_or(rest.len());
        rest[..end]
            .starts_with(|c: char| c.is_ascii_digit())
            .then_some(&rest[..end])
    })
}

fn text_files(folder: &Path) -> Box<dyn Iterator<Item = PathBuf>> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|why| panic!("{}: {why}", folder.display()));
    Box::new(entries.flat_map(|entry| {
        let path = entry.expect("a folder can be read").path();
        if path.is_dir() {
            text_files(&path)
        } else {
            Box::new(std::iter::once(path))
        }
    }))
}

#[test]
fn versions_are_found_where_manifests_name_them() {
    let found = |line| named_versions(line).collect::<Vec<_>>();
    assert_eq!(found("  image: ghcr.io/YOU/memo:0.1.0"), ["0.1.0"]);
    assert_eq!(found("`ghcr.io/YOU/memo:1.2.3-rc.1`, then"), ["1.2.3-rc.1"]);
    assert_eq!(found("image: ghcr.io/YOU/memo:VERSION"), Vec::<&str>::new());
    assert_eq!(found("http://x/memo:"), Vec::<&str>::new());
}
