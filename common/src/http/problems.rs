//! The kinds of error answers, in one table.
//!
//! The constructors of [`Problem`](super::problem::Problem), the site's page that explains every kind, and its
//! translations are all held to [`ALL`].

use http::StatusCode;

/// A kind of error answer: what an RFC 9457 `type` stands for.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    /// Its name: the `type` is `/problems#{slug}`.
    pub slug: &'static str,
    /// The status that it comes with.
    pub status: StatusCode,
    /// What it is called, in the same words for every occurrence (RFC 9457 §3.1.3).
    pub title: &'static str,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident: $status:ident, $slug:literal, $title:literal;)*) => {
        $($(#[$doc])* pub const $name: Kind = Kind { slug: $slug, status: StatusCode::$status, title: $title };)*

        /// All of them, by status.
        pub const ALL: &[&Kind] = &[$(&$name),*];
    };
}

kinds! {
    /// The body is not JSON at all.
    INVALID_JSON: BAD_REQUEST, "invalid-json", "The body is not valid JSON";
    /// A header is malformed, or the body did not arrive.
    BAD_REQUEST: BAD_REQUEST, "bad-request", "The request is malformed";
    /// No token was sent, or one that is not good.
    UNAUTHORIZED: UNAUTHORIZED, "unauthorized", "Sign in first";
    /// The name or the password is wrong; which of them is not told.
    WRONG_CREDENTIALS: UNAUTHORIZED, "wrong-credentials", "Wrong username or password";
    /// The password is right; the code of the second factor is missing or wrong.
    SECOND_FACTOR_REQUIRED: UNAUTHORIZED, "second-factor-required", "A second factor is needed";
    /// The name or the recovery code is wrong; which of them is not told.
    WRONG_RECOVERY_CODE: UNAUTHORIZED, "wrong-recovery-code", "Wrong username or recovery code";
    /// What a passkey answered is not good.
    WRONG_PASSKEY: UNAUTHORIZED, "wrong-passkey", "The passkey is not good here";
    /// Known, but not allowed.
    FORBIDDEN: FORBIDDEN, "forbidden", "Not allowed";
    /// The account is being deleted, as its owner asked.
    ACCOUNT_DELETED: FORBIDDEN, "account-deleted", "The account is being deleted";
    /// The access token is good, and not for this.
    INSUFFICIENT_SCOPE: FORBIDDEN, "insufficient-scope", "The access token is not for this";
    /// There would be more than a person may have.
    QUOTA_EXCEEDED: FORBIDDEN, "quota-exceeded", "The quota is used up";
    /// No such thing, as far as the caller may know.
    NOT_FOUND: NOT_FOUND, "not-found", "Not found";
    /// The resource does not know the method.
    METHOD_NOT_ALLOWED: METHOD_NOT_ALLOWED, "method-not-allowed", "Method not allowed";
    /// Another change of the same thing is under way.
    CONFLICT: CONFLICT, "conflict", "Another change is under way";
    /// What is in the trash has to be taken out first.
    IN_TRASH: CONFLICT, "in-trash", "The memo is in the trash";
    /// The name belongs to somebody.
    USERNAME_TAKEN: CONFLICT, "username-taken", "The username is taken";
    /// There is a second factor already.
    SECOND_FACTOR_ON: CONFLICT, "second-factor-on", "The second factor is on";
    /// Nobody has more passkeys than so many.
    TOO_MANY_PASSKEYS: CONFLICT, "too-many-passkeys", "There is no room for another passkey";
    /// Nobody has more personal tokens than so many.
    TOO_MANY_TOKENS: CONFLICT, "too-many-tokens", "There is no room for another personal token";
    /// Browsers have no passkeys for the address that the app is reached at.
    PASSKEYS_UNAVAILABLE: CONFLICT, "passkeys-unavailable", "There are no passkeys at this address";
    /// The feed no longer goes back so far: begin anew.
    CURSOR_EXPIRED: GONE, "cursor-expired", "The feed begins later";
    /// The change was meant for a version that is past.
    STALE_VERSION: PRECONDITION_FAILED, "stale-version", "The version is stale";
    /// The body is longer than the service reads.
    BODY_TOO_LARGE: PAYLOAD_TOO_LARGE, "body-too-large", "The body is too large";
    /// The body is not of the content type that the service reads.
    UNSUPPORTED_MEDIA_TYPE: UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", "Unsupported content type";
    /// The request is well-formed, but some fields or parameters are not as they must be.
    INVALID_REQUEST: UNPROCESSABLE_ENTITY, "invalid-request", "The request is not acceptable";
    /// The idempotency key was sent before, with another request.
    IDEMPOTENCY_KEY_REUSED: UNPROCESSABLE_ENTITY, "idempotency-key-reused", "The idempotency key was used before";
    /// A change must say which version it is meant for (RFC 6585 §3).
    PRECONDITION_REQUIRED: PRECONDITION_REQUIRED, "precondition-required", "If-Match is required";
    /// Too many tries in a short time (RFC 6585 §4).
    TOO_MANY_REQUESTS: TOO_MANY_REQUESTS, "too-many-requests", "Too many requests";
    /// The fault is the service's.
    INTERNAL: INTERNAL_SERVER_ERROR, "internal", "Internal error";
    /// Something that the service needs does not answer.
    UNAVAILABLE: SERVICE_UNAVAILABLE, "unavailable", "The service can't reach what it needs";
}
