//! What assistants are told of the tools: what each is for, what it takes (JSON Schema 2020-12), what it answers, and how much
//! harm it can do. [`super::actions`] is held to it by tests.

use serde_json::{Value, json};

use super::{
    actions::{EXCERPT_CHARS, FOUND_DEFAULT},
    tools::Tool,
};
use crate::{memo::TEXT_MAX_BYTES, routes::list::PAGE_MAX};

/// A tool's description.
pub fn of(tool: Tool) -> Value {
    let told = match tool {
        Tool::SearchMemos => search(),
        Tool::ReadMemo => read(),
        Tool::ListTags => tags(),
        Tool::CreateMemo => create(),
        Tool::UpdateMemo => update(),
        Tool::TrashMemo => trash(),
    };
    json!({
        "name": tool.name(),
        "title": told.title,
        "description": told.description,
        "inputSchema": told.input,
        "outputSchema": told.output,
        "annotations": told.harm.annotations(told.title),
    })
}

struct Told {
    title: &'static str,
    description: String,
    input: Value,
    output: Value,
    harm: Harm,
}

/// How much harm a tool can do. Clients ask the person before they use one that can do some.
enum Harm {
    /// It changes nothing.
    None,
    /// It adds something.
    Adds,
    /// It changes what is there. The person can take it back: there is a history, and a trash.
    Changes,
}

impl Harm {
    /// The annotations for it. A change names the version that it is for, so the same one again does nothing more.
    fn annotations(&self, title: &str) -> Value {
        json!({
            "title": title,
            "readOnlyHint": matches!(self, Self::None),
            "destructiveHint": matches!(self, Self::Changes),
            "idempotentHint": !matches!(self, Self::Adds),
            "openWorldHint": false,
        })
    }
}

fn search() -> Told {
    Told {
        title: "Search memos",
        description: format!(
            "Finds the person's memos, newest first, by words, tag and state. Without any of them it lists all that are active. \
             Each is shown with the first {EXCERPT_CHARS} characters of its text; read_memo has the rest. \
             While next_cursor is not null there may be more, even if a page is empty."
        ),
        input: object(
            json!({
                "q": {"type": "string", "description": "Words that must all be in the text, in any order; any part of a word will do, and case does not matter"},
                "tag": {"type": "string", "description": "A tag, with those nested under it: work also finds work/plans"},
                "state": {"type": "string", "enum": ["active", "archived", "trashed", "all"], "default": "active"},
                "limit": {"type": "integer", "minimum": 1, "maximum": PAGE_MAX, "default": FOUND_DEFAULT},
                "cursor": {"type": "string", "description": "next_cursor of an earlier answer to the same search"},
            }),
            &[],
        ),
        output: whole(json!({
            "items": {"type": "array", "items": memo_with(&[
                ("excerpt", json!({"type": "string"})),
                ("is_whole", json!({"type": "boolean", "description": "Whether the excerpt is the whole text"})),
            ])},
            "next_cursor": {"type": ["string", "null"]},
        })),
        harm: Harm::None,
    }
}

fn read() -> Told {
    Told {
        title: "Read a memo",
        description: "Reads one memo whole, also from the archive or the trash.".to_owned(),
        input: whole(json!({"id": id()})),
        output: memo(),
        harm: Harm::None,
    }
}

fn tags() -> Told {
    let tag = whole(json!({"tag": {"type": "string"}, "count": {"type": "integer"}}));
    Told {
        title: "List tags",
        description:
            "Lists the tags of the active memos, and how many memos have each. While more is true, not all memos \
                      have been counted yet: ask again."
                .to_owned(),
        input: whole(json!({})),
        output: whole(json!({"items": {"type": "array", "items": tag}, "more": {"type": "boolean"}})),
        harm: Harm::None,
    }
}

fn create() -> Told {
    Told {
        title: "Write a memo",
        description: format!(
            "Writes a new memo in Markdown, of at most {TEXT_MAX_BYTES} bytes. Tags are words with a # in the text: \
             there is no other place for them. With an idempotency_key a call can be repeated when its answer was lost."
        ),
        input: object(
            json!({
                "text": {"type": "string", "minLength": 1},
                "pinned": {"type": "boolean", "default": false},
                "idempotency_key": {
                    "type": "string", "minLength": 1, "maxLength": 128,
                    "description": "Any name for this one memo, such as a UUID: the same key with the same content makes it once",
                },
            }),
            &["text"],
        ),
        output: memo(),
        harm: Harm::Adds,
    }
}

fn update() -> Told {
    Told {
        title: "Change a memo",
        description:
            "Changes a memo's text, pins or archives it; what is left out stays as it is. The text is replaced \
                      whole, so read the memo first and pass its version. If somebody has changed it since, nothing \
                      happens, and the error holds the current memo. The person finds earlier texts in the history."
                .to_owned(),
        input: object(
            json!({
                "id": id(),
                "version": version(),
                "text": {"type": "string", "minLength": 1, "description": "The whole new text"},
                "pinned": {"type": "boolean"},
                "archived": {"type": "boolean"},
            }),
            &["id", "version"],
        ),
        output: memo(),
        harm: Harm::Changes,
    }
}

fn trash() -> Told {
    Told {
        title: "Put a memo into the trash",
        description: "Puts a memo into the trash, from where the person can take it out again for some days. \
                      Nothing can be removed for good here."
            .to_owned(),
        input: whole(json!({"id": id(), "version": version()})),
        output: memo(),
        harm: Harm::Changes,
    }
}

fn id() -> Value {
    json!({"type": "string", "description": "The memo's id"})
}

fn version() -> Value {
    json!({"type": "integer", "minimum": 1, "description": "The version of the memo that you have read"})
}

fn memo() -> Value {
    memo_with(&[("text", json!({"type": "string", "description": "Markdown"}))])
}

/// A memo that has these properties in the place of its text.
fn memo_with(text: &[(&str, Value)]) -> Value {
    let time = json!({"type": "string", "format": "date-time"});
    let mut properties = json!({
        "id": {"type": "string"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "pinned": {"type": "boolean"},
        "archived": {"type": "boolean"},
        "created_at": time,
        "updated_at": time,
        "trashed_at": {"type": ["string", "null"], "format": "date-time"},
        "version": {"type": "integer"},
    });
    if let Some(properties) = properties.as_object_mut() {
        properties.extend(text.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone())));
    }
    whole(properties)
}

/// The schema of an object that has all of these properties and no others.
fn whole(properties: Value) -> Value {
    let required: Vec<Value> = properties
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, _)| name.as_str().into())
        .collect();
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

/// The schema of an object that has some of these properties, and no others.
fn object(properties: Value, required: &[&str]) -> Value {
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}
