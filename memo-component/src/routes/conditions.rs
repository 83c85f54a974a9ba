//! Conditional requests: `If-Match` and `If-None-Match` (RFC 9110 §13.1).

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use common::http::{extract::header_text, problem::Problem, problems};
use http::{header, request::Parts};

use super::answer::refusal;
use crate::{
    catalog::{Catalog, Error},
    memo::{MemoId, Version},
};

/// The entity tags of a condition.
#[derive(Debug, PartialEq, Eq)]
enum Tags {
    /// `*`: whatever is there.
    Any,
    /// One of these.
    OneOf(Vec<Tag>),
}

#[derive(Debug, PartialEq, Eq)]
struct Tag {
    weak: bool,
    opaque: String,
}

impl Tag {
    /// Tags are compared as text: "01" is not the tag of version 1.
    fn is(&self, version: Version) -> bool {
        self.version() == Some(version)
    }

    fn version(&self) -> Option<Version> {
        let version: u64 = self.opaque.parse().ok()?;
        (version.to_string() == self.opaque).then_some(Version(version))
    }
}

/// Reads `*` or a list of entity tags; `None` when it is neither.
fn parse(text: &str) -> Option<Tags> {
    let mut rest = text.trim();
    if rest == "*" {
        return Some(Tags::Any);
    }
    let mut tags = Vec::new();
    loop {
        let (weak, quoted) = match rest.strip_prefix("W/") {
            Some(quoted) => (true, quoted),
            None => (false, rest),
        };
        let (opaque, after) = quoted.strip_prefix('"')?.split_once('"')?;
        tags.push(Tag {
            weak,
            opaque: opaque.to_owned(),
        });
        match after.trim_start() {
            "" => return Some(Tags::OneOf(tags)),
            more => rest = more.strip_prefix(',')?.trim_start(),
        }
    }
}

/// The version that a change is meant for.
#[derive(Debug)]
pub struct IfMatch(Tags);

impl IfMatch {
    /// The version, where the condition names exactly one: known before the memo is read.
    pub fn only_version(&self) -> Option<Version> {
        match &self.0 {
            Tags::OneOf(tags) => match tags.as_slice() {
                [tag] if !tag.weak => tag.version(),
                _ => None,
            },
            Tags::Any => None,
        }
    }

    /// Whether a memo at `version` may be changed. Weak tags never match here.
    pub fn allows(&self, version: Version) -> bool {
        match &self.0 {
            Tags::Any => true,
            Tags::OneOf(tags) => tags.iter().any(|tag| !tag.weak && tag.is(version)),
        }
    }
}

impl IfMatch {
    /// Reads the header's value, or what stands for it elsewhere.
    ///
    /// # Errors
    /// 400 when it is not a list of entity tags.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        parse(text)
            .map(Self)
            .ok_or_else(|| Problem::bad_request("If-Match is not a list of entity tags."))
    }

    /// There is no condition where there must be one.
    pub fn missing() -> Problem {
        Problem::new(
            &problems::PRECONDITION_REQUIRED,
            "Send If-Match with the ETag of the version you have read.",
        )
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Problem> {
        header_text(&parts.headers, &header::IF_MATCH)?
            .map(Self::parse)
            .transpose()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let condition = <Self as OptionalFromRequestParts<S>>::from_request_parts(parts, state).await?;
        condition.ok_or_else(Self::missing)
    }
}

/// The version that a change is meant for. Only a condition that leaves it open costs a read.
///
/// # Errors
/// 412 when the memo is at another version, 404 when it is not there.
pub async fn expected_version(catalog: &Catalog<'_>, id: MemoId, condition: &IfMatch) -> Result<Version, Problem> {
    if let Some(version) = condition.only_version() {
        return Ok(version);
    }
    let current = catalog.read(id).await?;
    if condition.allows(current.version) {
        Ok(current.version)
    } else {
        Err(refusal(id, Error::Stale(Box::new(current))))
    }
}

/// The versions that a reader has already.
#[derive(Debug)]
pub struct IfNoneMatch(Option<Tags>);

impl IfNoneMatch {
    /// Whether the reader has this version, so that 304 will do.
    pub fn has(&self, version: Version) -> bool {
        match &self.0 {
            None => false,
            Some(Tags::Any) => true,
            Some(Tags::OneOf(tags)) => tags.iter().any(|tag| tag.is(version)),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfNoneMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        // A condition that can't be read is as good as none: the reader gets the memo.
        Ok(Self(
            header_text(&parts.headers, &header::IF_NONE_MATCH)?.and_then(parse),
        ))
    }
}

/// The same for a change that may also be meant for whichever version there is.
///
/// # Errors
/// As [`expected_version`].
pub async fn expected_if_given(
    catalog: &Catalog<'_>,
    id: MemoId,
    condition: Option<IfMatch>,
) -> Result<Option<Version>, Problem> {
    match condition {
        None => Ok(None),
        Some(condition) => expected_version(catalog, id, &condition).await.map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_strong_tag_names_its_version() {
        assert_eq!(IfMatch(parse("\"7\"").unwrap()).only_version(), Some(Version(7)));
        for several in ["*", "W/\"7\"", "\"7\", \"8\"", "\"seven\"", "\"07\"", "\"+7\""] {
            assert_eq!(IfMatch(parse(several).unwrap()).only_version(), None, "{several}");
        }
    }

    #[test]
    fn if_match_compares_strongly_and_if_none_match_weakly() {
        let tags = "W/\"3\" , \"4\"";
        let if_match = IfMatch(parse(tags).unwrap());
        assert!(!if_match.allows(Version(3)) && if_match.allows(Version(4)) && !if_match.allows(Version(5)));
        let if_none_match = IfNoneMatch(parse(tags));
        assert!(if_none_match.has(Version(3)) && if_none_match.has(Version(4)) && !if_none_match.has(Version(5)));
        assert!(IfMatch(Tags::Any).allows(Version(9)) && IfNoneMatch(Some(Tags::Any)).has(Version(9)));
    }

    #[test]
    fn what_is_no_list_of_tags_is_not_read() {
        for wrong in ["", "7", "\"7", "\"7\" \"8\"", "\"7\",", "w/\"7\""] {
            assert_eq!(parse(wrong), None, "{wrong:?}");
        }
    }
}
