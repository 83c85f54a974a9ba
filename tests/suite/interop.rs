//! What other people's libraries make of the app: OAuth clients and verifiers of tokens that nobody here wrote.

mod flow;
mod tokens;
