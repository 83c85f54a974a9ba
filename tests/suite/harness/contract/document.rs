//! A document, and what it says of a request.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use jsonschema::Validator;
use serde_json::Value;

use super::super::workspace;
use super::schemas;

/// The OpenAPI document of a service.
pub struct Document {
    value: Value,
    /// The validators of schemas, by where they stand: what a request may be, and what an answer may be.
    validators: Mutex<HashMap<String, Arc<Validator>>>,
}

static DOCUMENTS: LazyLock<Vec<Document>> = LazyLock::new(|| {
    let folder = |name: &str| workspace().join(name).join("openapi");
    let services = ["auth-component", "memo-component"].map(|service| [folder("common"), folder(service)]);
    let document = |folders: [std::path::PathBuf; 2]| Document {
        value: openapi::document(&folders.each_ref().map(Path::new)).expect("the document is made"),
        validators: Mutex::default(),
    };
    services.into_iter().map(document).collect()
});

impl Document {
    pub fn all() -> impl Iterator<Item = &'static Self> {
        DOCUMENTS.iter()
    }

    /// The path's template. One without parameters goes first.
    pub fn find(&'static self, path: &str) -> Option<(&'static Self, &'static str)> {
        let paths = self.value["paths"].as_object().expect("paths");
        let template = match paths.get_key_value(path) {
            Some((template, _)) => Some(template),
            None => paths.keys().find(|template| fits(template, path)),
        };
        template.map(|template| (self, template.as_str()))
    }

    pub fn operation(&'static self, template: &str, method: &str) -> Option<Operation> {
        let at = format!("#/paths/{}", escape(template));
        let item = Part::at(self, at);
        let operation = item.value.get(method)?;
        operation.is_object().then(|| Operation {
            operation: item.member(method),
            item,
        })
    }

    fn validator(&self, at: &str, is_answer: bool) -> Arc<Validator> {
        let key = format!("{is_answer} {at}");
        let mut validators = self.validators.lock().unwrap_or_else(PoisonError::into_inner);
        let make = || Arc::new(schemas::validator(&self.value, at, is_answer));
        Arc::clone(validators.entry(key).or_insert_with(make))
    }
}

fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Whether a path is of a template, such as `/api/memos/{id}`.
fn fits(template: &str, path: &str) -> bool {
    let (wanted, given) = (template.split('/'), path.split('/'));
    let is_same = |(wanted, given): (&str, &str)| wanted == given || (wanted.starts_with('{') && !given.is_empty());
    wanted.clone().count() == given.clone().count() && wanted.zip(given).all(is_same)
}

/// What stands in a path for a parameter of its template.
pub fn segment(template: &str, path: &str, name: &str) -> Option<String> {
    let mut segments = template.split('/').zip(path.split('/'));
    let (_, given) = segments.find(|(wanted, _)| wanted.trim_matches(['{', '}']) == name && wanted.starts_with('{'))?;
    Some(given.to_owned())
}

/// A part of a document, wherever a reference to it leads.
#[derive(Clone)]
pub struct Part {
    document: &'static Document,
    at: String,
    value: &'static Value,
    is_answer: bool,
}

impl Part {
    fn at(document: &'static Document, at: String) -> Self {
        let value = document
            .value
            .pointer(&at[1..])
            .unwrap_or_else(|| panic!("{at} is not there"));
        match value["$ref"].as_str() {
            // A schema may say more beside its reference, and its validator follows it.
            Some(target) if !at.ends_with("/schema") => Self::at(document, target.to_owned()),
            _ => Self {
                document,
                at,
                value,
                is_answer: false,
            },
        }
    }

    fn member(&self, name: &str) -> Self {
        let part = Self::at(self.document, format!("{}/{}", self.at, escape(name)));
        Self {
            is_answer: self.is_answer,
            ..part
        }
    }

    /// The members of a member that may be missing.
    pub fn members(&self, name: &str) -> Vec<(String, Self)> {
        let Some(members) = self.value[name].as_object() else {
            return Vec::new();
        };
        let all = self.member(name);
        members.keys().map(|key| (key.clone(), all.member(key))).collect()
    }

    pub fn says(&self, name: &str) -> bool {
        self.value[name] == true
    }

    pub fn name(&self) -> &str {
        self.value["name"].as_str().expect("a parameter has a name")
    }

    /// Where a parameter stands.
    pub fn place(&self) -> &str {
        self.value["in"].as_str().expect("a parameter has a place")
    }

    /// Asserts that this is as the schema of a header, a parameter or a media type says. Without one it may be anything.
    pub fn takes(&self, value: &Value) -> Result<(), String> {
        if self.value.get("schema").is_none() {
            return Ok(());
        }
        let validator = self.document.validator(&format!("{}/schema", self.at), self.is_answer);
        let errors: Vec<String> = validator
            .iter_errors(value)
            .map(|error| format!("{error} at {:?}", error.instance_path().as_str()))
            .collect();
        if errors.is_empty() {
            Ok(())
        } else {
            Err(format!("{}: {value}", errors.join("; ")))
        }
    }

    /// The same of a text, which may stand for a number or for true and false.
    pub fn takes_text(&self, text: &str, name: &str) -> Result<(), String> {
        let is_text = self.takes(&Value::from(text));
        let read = serde_json::from_str::<Value>(text)
            .ok()
            .filter(|value| value.is_number() || value.is_boolean());
        match (is_text, read) {
            (Err(_), Some(read)) => self.takes(&read),
            (is_text, _) => is_text,
        }
        .map_err(|why| format!("{name}: {why}"))
    }

    pub fn takes_body(&self, media_type: &str, body: &[u8]) -> Result<(), String> {
        if !media_type.ends_with("json") || media_type.ends_with("ndjson") {
            return Ok(());
        }
        let value = serde_json::from_slice(body).map_err(|why| format!("the body is no JSON: {why}"))?;
        self.takes(&value)
    }
}

/// An operation of a path.
pub struct Operation {
    item: Part,
    operation: Part,
}

impl Operation {
    pub fn response(&self, status: u16) -> Option<Part> {
        let status = status.to_string();
        self.operation.value["responses"].get(&status)?;
        let response = self.operation.member("responses").member(&status);
        Some(Part {
            is_answer: true,
            ..response
        })
    }

    /// Its parameters and those of its path.
    pub fn parameters(&self) -> Vec<Part> {
        let of = |part: &Part| {
            let count = part.value["parameters"].as_array().map_or(0, Vec::len);
            let list = format!("{}/parameters", part.at);
            (0..count)
                .map(|number| Part::at(part.document, format!("{list}/{number}")))
                .collect::<Vec<_>>()
        };
        [of(&self.item), of(&self.operation)].concat()
    }

    /// What bodies there may be; none where none is described.
    pub fn request_content(&self) -> Option<Vec<(String, Part)>> {
        self.operation.value.get("requestBody")?;
        Some(self.operation.member("requestBody").members("content"))
    }

    /// Whether it wants an access token or the like in each of its ways.
    pub fn wants_token(&self) -> bool {
        let ways = self.operation.value["security"].as_array();
        ways.is_some_and(|ways| {
            ways.iter()
                .all(|way| way.get("refreshCookie").is_none() && way != &serde_json::json!({}))
        })
    }

    /// The parameters that a query gives.
    pub fn query(&self, query: Option<&str>) -> Vec<(String, String)> {
        let url = reqwest::Url::parse(&format!("http://query/?{}", query.unwrap_or_default())).expect("a query");
        url.query_pairs()
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect()
    }
}
