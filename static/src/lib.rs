//! The memo site: static files, embedded and precompressed.
//!
//! [`respond()`] is a plain function from request to response; the component's entry only hands requests to it.

mod assets;
mod coding;
mod headers;
mod respond;
mod routes;
#[cfg(test)]
mod tests;

pub use assets::{RELEASE, embedded_bytes, paths};
pub use respond::respond;
pub use routes::ROUTES;

/// The entry. Its exported names mean something to a component's linker only.
#[cfg(target_family = "wasm")]
mod component {
    use bytes::Bytes;
    use http::Response;
    use spin_sdk::{
        http::{FullBody, Request},
        http_service,
    };

    #[http_service]
    async fn serve(request: Request) -> Response<FullBody<Bytes>> {
        crate::respond(&request).map(FullBody::new)
    }
}
