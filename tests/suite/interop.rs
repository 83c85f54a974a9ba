//! What other people's libraries make of the app: OAuth clients, verifiers of tokens and assistants that nobody here wrote.

mod assistants;
mod flow;
mod tokens;
