//! The memo service: each person's memos over key-value storage.
