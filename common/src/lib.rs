//! What both services need: the key-value port, tokens, problem answers, HTTP layers.
