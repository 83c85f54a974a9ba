//! The token issuer: users, passwords, sessions, access tokens, JWKS.
