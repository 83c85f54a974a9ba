//! What every operation has is written into each.
//!
//! In the files an operation lists its errors by name: `problems: [not-found, in-trash]`. What these are stands once, in the
//! table `problems`, and the table `every` says which ones every operation has, which those that want a token, which those that
//! take a body, and which headers every answer has. In the document an error is an answer like any other.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

use crate::object;

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// Writes out what is said once for all.
pub fn expand(document: &mut Value) -> Result<()> {
    let mut take = |name: &str| {
        let top = document.as_object_mut().context("the document is no object")?;
        top.remove(name).with_context(|| format!("there is no {name:?}"))
    };
    let (problems, every) = (take("problems")?, take("every")?);
    let mut errors = Map::new();
    for (path, item) in object(document, "paths")? {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            if METHODS.contains(&method.as_str()) {
                let expanded = expand_operation(operation, &problems, &every, &mut errors);
                expanded.with_context(|| format!("{method} {path}"))?;
            }
        }
    }
    let components = document.get_mut("components").context("there are no components")?;
    let responses = object(components, "responses")?;
    responses.extend(errors);
    add_headers(responses, &every)?;
    let kinds = problems.as_object().into_iter().flatten();
    object(components, "schemas")?.extend(kinds.map(|(slug, problem)| (problem_name(slug), schema(slug, problem))));
    Ok(())
}

/// Expands an operation, and adds to `errors` the answers that it refers to.
fn expand_operation(
    operation: &mut Value,
    problems: &Value,
    every: &Value,
    errors: &mut Map<String, Value>,
) -> Result<()> {
    let own = operation.as_object_mut().context("it is no object")?;
    let mut slugs = names(own.remove("problems").as_ref());
    slugs.extend(names(every.pointer("/problems/operation")));
    let content = own.get("requestBody").and_then(|body| body.get("content"));
    if content.is_some_and(|content| content.get("application/json").is_some()) {
        slugs.extend(names(every.pointer("/problems/json_body")));
    }
    if let Some(scopes) = own.remove("scopes") {
        own.insert("security".to_owned(), json!([{"accessToken": []}, {"oauth": scopes}]));
        slugs.extend(names(every.pointer("/problems/access_token")));
    }
    let responses = object(operation, "responses")?;
    for (status, kinds) in by_status(slugs, problems)? {
        // What an operation says of a status itself goes first: OAuth's endpoints speak of errors in words of their own.
        let name = kinds
            .iter()
            .map(|(slug, _)| pascal_case(slug))
            .collect::<Vec<_>>()
            .join("Or");
        responses.entry(status).or_insert_with(|| reference("responses", &name));
        errors.entry(name).or_insert_with(|| error(&kinds));
    }
    add_headers(responses, every)
}

/// Gives answers the headers that every answer has.
fn add_headers(responses: &mut Map<String, Value>, every: &Value) -> Result<()> {
    let common = every
        .get("headers")
        .and_then(Value::as_object)
        .context("every answer has headers")?;
    for response in responses.values_mut().filter(|response| response.get("$ref").is_none()) {
        let response = response.as_object_mut().context("an answer is no object")?;
        let headers = response.entry("headers").or_insert_with(|| json!({}));
        let headers = headers.as_object_mut().context("headers are no object")?;
        headers.extend(common.clone());
    }
    Ok(())
}

fn names(list: Option<&Value>) -> Vec<String> {
    let list = list.and_then(Value::as_array).into_iter().flatten();
    list.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Kinds of problems: their names and what is said of them.
type Kinds<'a> = Vec<(String, &'a Value)>;

/// The problems of these names, by status.
fn by_status(mut slugs: Vec<String>, problems: &Value) -> Result<BTreeMap<String, Kinds<'_>>> {
    slugs.sort();
    slugs.dedup();
    let mut sorted: BTreeMap<String, Kinds<'_>> = BTreeMap::new();
    for slug in slugs {
        let problem = problems.get(&slug);
        let problem = problem.with_context(|| format!("nobody has described the problem {slug:?}"))?;
        let status = problem.get("status").with_context(|| format!("{slug} has no status"))?;
        sorted.entry(status.to_string()).or_default().push((slug, problem));
    }
    Ok(sorted)
}

/// The answer that is one of these problems.
fn error(kinds: &Kinds<'_>) -> Value {
    let titles: Vec<&str> = kinds
        .iter()
        .filter_map(|(_, problem)| problem.get("title")?.as_str())
        .collect();
    let mut schemas: Vec<Value> = kinds
        .iter()
        .map(|(slug, _)| reference("schemas", &problem_name(slug)))
        .collect();
    let schema = match schemas.len() {
        1 => schemas.remove(0),
        _ => json!({"oneOf": schemas}),
    };
    let headers = kinds.iter().flat_map(|(_, problem)| names(problem.get("headers")));
    let headers: Map<String, Value> = headers
        .map(|name| (name.clone(), reference("headers", &name)))
        .collect();
    json!({
        "description": titles.join(". Or: ") + ".",
        "headers": headers,
        "content": {"application/problem+json": {"schema": schema}},
    })
}

fn reference(kind: &str, name: &str) -> Value {
    json!({"$ref": format!("#/components/{kind}/{name}")})
}

/// `InTrash` for `in-trash`.
fn pascal_case(slug: &str) -> String {
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters
            .next()
            .into_iter()
            .flat_map(char::to_uppercase)
            .chain(letters)
            .collect::<String>()
    };
    slug.split('-').map(capital).collect()
}

fn problem_name(slug: &str) -> String {
    pascal_case(slug) + "Problem"
}

/// A kind of problem (RFC 9457), with the members that are its own.
fn schema(slug: &str, problem: &Value) -> Value {
    let mut required = vec!["type", "title", "status", "detail"];
    let members = problem.get("members").and_then(Value::as_object);
    let optional = names(problem.get("optional"));
    let own = members.into_iter().flatten().map(|(name, _)| name.as_str());
    required.extend(own.filter(|name| !optional.iter().any(|optional| optional == name)));
    let mut properties = json!({
        "type": {"const": format!("/problems#{slug}")},
        "title": {"const": problem.get("title")},
        "status": {"const": problem.get("status")},
        "detail": {"type": "string", "description": "What the client can do, as a sentence."},
    });
    if let Some(properties) = properties.as_object_mut() {
        properties.extend(members.cloned().unwrap_or_default());
    }
    let mut schema = json!({"type": "object", "required": required, "properties": properties});
    if let (Some(schema), Some(about)) = (schema.as_object_mut(), problem.get("description")) {
        schema.insert("description".to_owned(), about.clone());
    }
    schema
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;

    fn expanded(operation: &Value) -> Result<Value> {
        let mut document = json!({
            "problems": {
                "gone-wrong": {"status": 503, "title": "Gone wrong", "headers": ["Retry-After"]},
                "not-found": {"status": 404, "title": "Not found"},
                "in-trash": {"status": 409, "title": "In the trash", "members": {"since": {}, "by": {}}, "optional": ["by"]},
                "busy": {"status": 409, "title": "Busy"},
            },
            "every": {
                "problems": {"operation": ["gone-wrong"], "json_body": ["not-found"], "access_token": []},
                "headers": {"X-Id": {"schema": {}}},
            },
            "paths": {"/a": {"get": operation}},
            "components": {"schemas": {}, "responses": {}},
        });
        expand(&mut document)?;
        Ok(document)
    }

    #[test]
    fn an_operation_has_its_own_problems_and_everybodys() {
        let document = expanded(&json!({"problems": ["in-trash", "busy"], "responses": {"200": {}}})).unwrap();
        let responses = &document["paths"]["/a"]["get"]["responses"];
        assert_eq!(responses["409"]["$ref"], "#/components/responses/BusyOrInTrash");
        assert!(responses["200"]["headers"]["X-Id"].is_object() && responses["404"].is_null());
        let shared = &document["components"]["responses"];
        let schema = &shared["BusyOrInTrash"]["content"]["application/problem+json"]["schema"];
        assert_eq!(schema["oneOf"][1]["$ref"], "#/components/schemas/InTrashProblem");
        let headers = &shared["GoneWrong"]["headers"];
        assert!(headers["Retry-After"].is_object() && headers["X-Id"].is_object());
        let in_trash = &document["components"]["schemas"]["InTrashProblem"];
        assert_eq!(
            in_trash["required"],
            json!(["type", "title", "status", "detail", "since"])
        );
        assert_eq!(in_trash["properties"]["type"]["const"], "/problems#in-trash");
    }

    #[test]
    fn a_body_brings_the_problems_of_bodies() {
        let document =
            expanded(&json!({"requestBody": {"content": {"application/json": {}}}, "responses": {}})).unwrap();
        assert!(document["paths"]["/a"]["get"]["responses"]["404"].is_object());
    }

    #[test]
    fn a_problem_that_nobody_described_is_refused() {
        let why = expanded(&json!({"problems": ["typo"], "responses": {}})).unwrap_err();
        assert!(
            format!("{why:#}").contains("get /a: nobody has described the problem \"typo\""),
            "{why:#}"
        );
    }
}
