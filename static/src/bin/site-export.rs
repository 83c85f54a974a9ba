//! Writes the site into a folder, for a content delivery network that serves files.
//!
//! What is written is what the component answers: it is asked for each of its paths. Beside the files come `_headers` and
//! `_redirects`, in the format that Cloudflare Pages and Netlify read; of other servers they say what to set up.

use std::{env, fs, path::Path};

use http::{HeaderName, Request, Response, header};
use site::{RELEASE, ROUTES, paths, respond};

/// What belongs to one file or to one request, and is the server's to say.
const OF_ONE_ANSWER: [HeaderName; 6] = [
    header::CACHE_CONTROL,
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    header::ETAG,
    header::VARY,
    HeaderName::from_static("x-request-id"),
];

fn main() -> std::io::Result<()> {
    let Some(folder) = env::args_os().nth(1) else {
        eprintln!("usage: site-export FOLDER");
        std::process::exit(2);
    };
    let folder = Path::new(&folder);
    let release = format!("/release/{RELEASE}");
    for path in paths() {
        write(folder, path)?;
        if !RELEASE.is_empty() {
            write(folder, &format!("{release}{path}"))?;
        }
    }
    fs::write(folder.join("_headers"), headers(&format!("{release}/")))?;
    fs::write(folder.join("_redirects"), redirects())
}

/// The component's answer to a browser that has come by https, and takes files as they are.
fn ask(path: &str) -> Response<bytes::Bytes> {
    let mut request = Request::new(());
    *request.uri_mut() = path.parse().unwrap_or_default();
    let https = http::HeaderValue::from_static("https");
    request.headers_mut().insert("x-forwarded-proto", https);
    respond(&request)
}

fn write(folder: &Path, path: &str) -> std::io::Result<()> {
    let file = folder.join(name_of(path));
    if let Some(parent) = file.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(file, ask(path).body())
}

/// The file for a path. Pages have no ending in their address.
fn name_of(path: &str) -> String {
    let name = path.trim_start_matches('/');
    match name.rsplit('/').next().unwrap_or_default() {
        "" => format!("{name}index.html"),
        last if !last.contains('.') => format!("{name}.html"),
        _ => name.to_owned(),
    }
}

/// What every answer carries, and that what has the release in its address is good for ever. Of all else such servers say by
/// themselves that it is to be asked for again.
fn headers(release: &str) -> String {
    let page = ask("/");
    let common = page.headers().iter().filter(|(name, _)| !OF_ONE_ANSWER.contains(name));
    let mut text = "/*\n".to_owned();
    for (name, value) in common {
        text.push_str(&format!("  {name}: {}\n", value.to_str().unwrap_or_default()));
    }
    if !RELEASE.is_empty() {
        let kept = ask(release);
        let kept = kept.headers().get(header::CACHE_CONTROL);
        let kept = kept.and_then(|value| value.to_str().ok()).unwrap_or_default();
        text.push_str(&format!("/release/*\n  {}: {kept}\n", header::CACHE_CONTROL));
    }
    text.push_str("/memo.webmanifest\n  content-type: application/manifest+json\n");
    text
}

/// The app's own paths, at each of which its page is shown.
fn redirects() -> String {
    let lines = ROUTES.iter().filter(|route| **route != "/").map(|route| {
        let segments = route.split('/').map(|segment| match segment.strip_prefix('{') {
            Some(rest) if rest.ends_with("...}") => "*".to_owned(),
            Some(rest) => format!(":{}", rest.trim_end_matches('}')),
            None => segment.to_owned(),
        });
        format!("{} / 200\n", segments.collect::<Vec<_>>().join("/"))
    });
    lines.collect()
}
