//! What goes wrong around the app: the issuer is away, the host is killed, everybody comes at once.

mod backup;
mod concurrency;
mod issuer_down;
mod key_rotation;
mod restart;
mod upgrade;
