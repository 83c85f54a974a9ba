//! Validators of a document's schemas.

use jsonschema::Validator;
use serde_json::{Value, json};

/// The validator of the schema that stands at `at`. In an answer, objects have the members that are described and no others:
/// clients of tomorrow must not mind new ones, but here is where each has to be described.
pub fn validator(document: &Value, at: &str, is_answer: bool) -> Validator {
    let mut components = document["components"].clone();
    let mut schema = document.pointer(&at[1..]).expect("there is the schema").clone();
    if is_answer {
        close(&mut schema);
        for (name, part) in components["schemas"].as_object_mut().expect("schemas") {
            // Problems of any kind may have members more (RFC 9457 §3.2).
            if !name.ends_with("Problem") {
                close(part);
            }
        }
    }
    let root = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "allOf": [schema],
        "components": components,
    });
    jsonschema::validator_for(&root).unwrap_or_else(|why| panic!("{at}: {why}"))
}

fn close(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if members.contains_key("properties") {
                members.entry("additionalProperties").or_insert(Value::Bool(false));
            }
            members.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}
