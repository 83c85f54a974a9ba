//! Spin variables: the configuration of a component.

use send_wrapper::SendWrapper;

/// A variable can't be read: the manifest does not declare it, or its provider failed.
#[derive(Debug, thiserror::Error)]
#[error("variable {name}: {cause}")]
pub struct VariableError {
    name: &'static str,
    cause: String,
}

/// Returns the value of the component's variable `name`.
///
/// # Errors
/// When it is not declared for the component, or its provider does not answer.
pub async fn get(name: &'static str) -> Result<String, VariableError> {
    SendWrapper::new(spin_sdk::variables::get(name))
        .await
        .map_err(|error| VariableError {
            name,
            cause: error.to_string(),
        })
}
