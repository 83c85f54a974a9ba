//! What goes wrong around the app: the issuer is away, the host is killed, everybody comes at once.

mod concurrency;
mod issuer_down;
mod own_redis;
mod restart;
