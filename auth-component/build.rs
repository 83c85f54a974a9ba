//! Makes the service's OpenAPI document.

fn main() -> anyhow::Result<()> {
    openapi::embed()
}
