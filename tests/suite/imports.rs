//! What the components ask of the platform that loads them.

use crate::harness::component;

fn imports(component: &[u8], interface: &str) -> bool {
    component
        .windows(interface.len())
        .any(|bytes| bytes == interface.as_bytes())
}

#[test]
fn atomics_are_imported_by_default_and_not_by_a_build_without_the_feature() {
    let without = std::env::var("MEMO_BUILD_ARGS").is_ok_and(|args| args.contains("--no-default-features"));
    for name in ["auth_component.wasm", "memo_component.wasm"] {
        let Some(component) = component(name) else { return };
        assert!(imports(&component, "spin:key-value/key-value@3.0.0"), "{name}");
        assert_eq!(
            imports(&component, "wasi:keyvalue/atomics@0.2.0-draft2"),
            !without,
            "{name}"
        );
    }
}

#[test]
fn the_site_imports_neither_stores_nor_variables() {
    let Some(component) = component("site.wasm") else {
        return;
    };
    for interface in ["spin:key-value", "wasi:keyvalue", "spin:variables"] {
        assert!(!imports(&component, interface), "{interface}");
    }
}
