//! What an assistant can do, and what becomes of it. Nothing here removes a memo for good.

use axum::response::Response;
use common::{
    http::problem::{Cause, Problem},
    token::{AccessToken, UserId},
};
use serde_json::{Map, Value, json};

use super::{
    actions,
    message::{self, RpcError},
    revision::Revision,
    schemas,
};
use crate::{App, routes::scope::Needed};

/// One of the things that an assistant can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// Finds memos.
    SearchMemos,
    /// Reads one.
    ReadMemo,
    /// Says which tags there are.
    ListTags,
    /// Writes a new memo.
    CreateMemo,
    /// Changes one.
    UpdateMemo,
    /// Puts one into the trash, from where a person takes it out again.
    TrashMemo,
}

impl Tool {
    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 6] = [
        Self::SearchMemos,
        Self::ReadMemo,
        Self::ListTags,
        Self::CreateMemo,
        Self::UpdateMemo,
        Self::TrashMemo,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::SearchMemos => "search_memos",
            Self::ReadMemo => "read_memo",
            Self::ListTags => "list_tags",
            Self::CreateMemo => "create_memo",
            Self::UpdateMemo => "update_memo",
            Self::TrashMemo => "trash_memo",
        }
    }

    /// What an access token has to be for.
    pub fn needed(self) -> Needed {
        match self {
            Self::SearchMemos | Self::ReadMemo | Self::ListTags => Needed::READ,
            Self::CreateMemo | Self::UpdateMemo | Self::TrashMemo => Needed::WRITE,
        }
    }
}

/// The tools that a token is good for: what a person did not allow, an assistant is not told of.
pub fn list(token: &AccessToken) -> Vec<Value> {
    let allowed = |tool: &Tool| tool.needed().check(token).is_ok();
    Tool::ALL.into_iter().filter(allowed).map(schemas::of).collect()
}

/// A tool that is to be used.
#[derive(Debug, PartialEq)]
pub struct Wanted {
    /// Which.
    pub tool: Tool,
    arguments: Value,
}

impl Wanted {
    /// Reads the parameters of `tools/call`.
    ///
    /// # Errors
    /// When there is no such tool.
    pub fn of(mut params: Map<String, Value>) -> Result<Self, RpcError> {
        let name = params.get("name").and_then(Value::as_str);
        let name = name.ok_or_else(|| RpcError::invalid_params("name must be a string"))?;
        let Some(tool) = Tool::ALL.into_iter().find(|tool| tool.name() == name) else {
            let name: String = name.chars().take(64).collect();
            return Err(RpcError::invalid_params(format_args!("unknown tool: {name}")));
        };
        let arguments = params.remove("arguments").unwrap_or_else(|| json!({}));
        Ok(Self { tool, arguments })
    }

    /// Uses the tool.
    pub async fn run(self, app: &App, user: &UserId) -> Done {
        let arguments = self.arguments;
        Done(match self.tool {
            Tool::SearchMemos => actions::search(app, user, arguments).await,
            Tool::ReadMemo => actions::read(app, user, arguments).await,
            Tool::ListTags => actions::tags(app, user, arguments).await,
            Tool::CreateMemo => actions::create(app, user, arguments).await,
            Tool::UpdateMemo => actions::update(app, user, arguments).await,
            Tool::TrashMemo => actions::trash(app, user, arguments).await,
        })
    }
}

/// What became of a tool that was used.
pub struct Done(Result<Value, Problem>);

impl Done {
    /// The answer. What went wrong is told in it, as the same problem that the API would answer with: a model reads it and can
    /// do better, and an error of the protocol would be shown to nobody.
    pub fn response(self, id: Value, revision: Revision) -> Response {
        match self.0 {
            Ok(said) => {
                let content = json!([{"type": "text", "text": said.to_string()}]);
                message::result(id, revision, json!({"content": content, "structuredContent": said}))
            }
            Err(problem) => {
                let content = json!([{"type": "text", "text": problem.to_json().to_string()}]);
                let mut response = message::result(id, revision, json!({"content": content, "isError": true}));
                if problem.status().is_server_error() {
                    response.extensions_mut().insert(Cause(problem.cause().to_owned()));
                }
                response
            }
        }
    }
}
