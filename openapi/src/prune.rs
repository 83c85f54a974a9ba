//! What nothing refers to goes: the services share more than each of them needs.

use std::collections::BTreeSet;

use serde_json::Value;

/// The parts of `components` that are referred to by name, and not by `$ref`.
const BY_NAME: &str = "securitySchemes";

/// Removes components that no operation leads to.
pub fn prune(document: &mut Value) {
    let mut used = BTreeSet::new();
    let mut waiting = Vec::new();
    if let Some(paths) = document.get("paths") {
        collect(paths, &mut waiting);
    }
    while let Some(reference) = waiting.pop() {
        let target = reference
            .strip_prefix('#')
            .and_then(|pointer| document.pointer(pointer));
        if let Some(target) = target
            && used.insert(reference)
        {
            collect(target, &mut waiting);
        }
    }
    let Some(Value::Object(components)) = document.get_mut("components") else {
        return;
    };
    for (kind, members) in components.iter_mut().filter(|(kind, _)| *kind != BY_NAME) {
        if let Value::Object(members) = members {
            members.retain(|name, _| used.contains(&format!("#/components/{kind}/{name}")));
        }
    }
}

fn collect(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            into.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|member| collect(member, into));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, into)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_nothing_leads_to_goes() {
        let to = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
        let mut document = json!({
            "paths": {"/a": to("used")},
            "components": {"schemas": {"used": {"items": [to("deep")]}, "deep": {}, "lonely": to("deep")}},
        });
        prune(&mut document);
        assert_eq!(
            document.pointer("/components/schemas"),
            Some(&json!({"used": {"items": [to("deep")]}, "deep": {}}))
        );
    }
}
