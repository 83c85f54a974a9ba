//! What the components ask of the platform that loads them.

use crate::harness::{component, usual_component};

fn imports(component: &[u8], interface: &str) -> bool {
    component
        .windows(interface.len())
        .any(|bytes| bytes == interface.as_bytes())
}

#[test]
fn atomics_are_imported_by_default_and_not_by_a_build_without_the_feature() {
    let without = std::env::var("MEMO_BUILD_ARGS").is_ok_and(|args| args.contains("--no-default-features"));
    for name in ["auth", "memo"] {
        let Some(component) = component(name) else { return };
        assert!(imports(&component, "spin:key-value/key-value@3.0.0"), "{name}");
        assert!(imports(&component, "spin:redis/redis@3.0.0"), "{name}");
        assert_eq!(
            imports(&component, "wasi:keyvalue/atomics@0.2.0-draft2"),
            !without,
            "{name}"
        );
    }
}

/// A host that is started without building serves what lies in `target/` since the last build of the usual components.
#[test]
fn a_build_without_the_feature_leaves_the_usual_components_as_they_were() {
    for name in ["auth", "memo"] {
        let Some(component) = usual_component(name) else { return };
        assert!(imports(&component, "wasi:keyvalue/atomics@0.2.0-draft2"), "{name}");
    }
}

#[test]
fn the_site_imports_neither_stores_nor_variables() {
    let Some(component) = component("site") else {
        return;
    };
    for interface in ["spin:key-value", "spin:redis", "wasi:keyvalue", "spin:variables"] {
        assert!(!imports(&component, interface), "{interface}");
    }
}
