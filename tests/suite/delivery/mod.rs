//! What is delivered: the image of the embedded host, and the version that everything carries.

mod image;
mod versions;
