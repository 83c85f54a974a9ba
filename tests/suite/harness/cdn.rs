//! A content delivery network: files of a folder over https, with what `_headers` and `_redirects` say of them.
//!
//! It knows of both formats what the site's export uses. At a host that it has no files for, it shows an empty page of
//! somebody else.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Response, StatusCode, header};
use axum::serve::Listener;
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::build::export_site;
use super::identity::Identity;
use super::relay::answer;

/// A running server. It ends with its value.
pub struct Cdn {
    address: SocketAddr,
    content: Arc<Content>,
    acceptor: TlsAcceptor,
    server: JoinHandle<()>,
}

struct Content {
    folder: TempDir,
    /// The hosts that have the files.
    hosts: Vec<String>,
    /// What is sent with the answers for a pattern of paths.
    headers: Vec<(String, HeaderName, HeaderValue)>,
    /// The patterns of paths at which the app's page is shown.
    pages: Vec<String>,
}

impl Cdn {
    /// Serves the site, whose services are elsewhere, at these hosts.
    pub async fn start(api_origin: &str, hosts: &[&str], identity: &Identity) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("cdn-")
            .tempdir_in(env!("CARGO_TARGET_TMPDIR"))
            .expect("target/tmp takes a folder");
        export_site(api_origin, folder.path());
        let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).expect("the export has it");
        let redirects = read("_redirects");
        let pages = redirects.lines().map(|line| {
            let pattern = line.strip_suffix(" / 200").expect("a path at which the app's page is");
            pattern.to_owned()
        });
        let content = Content {
            headers: headers(&read("_headers")),
            pages: pages.collect(),
            hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
            folder,
        };
        let tcp = TcpListener::bind("127.0.0.1:0").await.expect("there is a free port");
        let address = tcp.local_addr().expect("a listener has an address");
        let (content, acceptor) = (Arc::new(content), identity.acceptor());
        Self {
            address,
            server: listen(tcp, Arc::clone(&content), acceptor.clone()),
            content,
            acceptor,
        }
    }

    /// Can't be reached any more.
    pub async fn stop(&mut self) {
        self.server.abort();
        let _ = (&mut self.server).await; // Its port is free by now.
    }

    /// Is there again, at the same address.
    pub async fn start_again(&mut self) {
        let tcp = TcpListener::bind(self.address).await.expect("the port is free");
        self.server = listen(tcp, Arc::clone(&self.content), self.acceptor.clone());
    }

    /// Its address and port.
    pub fn address(&self) -> String {
        self.address.to_string()
    }
}

impl Drop for Cdn {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn listen(tcp: TcpListener, content: Arc<Content>, acceptor: TlsAcceptor) -> JoinHandle<()> {
    let router = Router::new().fallback(serve).with_state(content);
    let listener = Tls { tcp, acceptor };
    tokio::spawn(async move { axum::serve(listener, router).await.expect("it runs") })
}

/// Lines that begin with a space belong to the pattern of paths before them.
fn headers(text: &str) -> Vec<(String, HeaderName, HeaderValue)> {
    let mut pattern = "";
    let mut headers = Vec::new();
    for line in text.lines() {
        if !line.starts_with(' ') {
            pattern = line;
            continue;
        }
        let (name, value) = line.trim().split_once(": ").expect("a header");
        let name = name.parse().expect("the name of a header");
        headers.push((pattern.to_owned(), name, value.parse().expect("the value of a header")));
    }
    headers
}

/// Whether a pattern means a path: `*` at its end stands for anything, and `:name` for a segment.
fn means(pattern: &str, path: &str) -> bool {
    if let Some(start) = pattern.strip_suffix('*') {
        return path.starts_with(start);
    }
    let (mut wanted, mut given) = (pattern.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some(wanted), Some(given)) if wanted == given || wanted.starts_with(':') && !given.is_empty() => {}
            _ => return false,
        }
    }
}

async fn serve(State(content): State<Arc<Content>>, request: Request) -> Response<Body> {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    if !host.is_some_and(|host| content.hosts.iter().any(|known| known == host)) {
        let mut page = answer(200, "<!doctype html><title>Another site</title>");
        let html = HeaderValue::from_static("text/html");
        page.headers_mut().insert(header::CONTENT_TYPE, html);
        return page;
    }
    content.answer(request.uri().path())
}

impl Content {
    fn answer(&self, path: &str) -> Response<Body> {
        let is_page = self.pages.iter().any(|pattern| means(pattern, path));
        let found = self.read(if is_page { "/" } else { path });
        let (status, (name, body)) = match found {
            Some(found) => (StatusCode::OK, found),
            None => (
                StatusCode::NOT_FOUND,
                self.read("/404").expect("a page for what is not there"),
            ),
        };
        let mut response = answer(status.as_u16(), body);
        let head = response.headers_mut();
        // No connection outlives the server.
        head.insert(header::CONNECTION, HeaderValue::from_static("close"));
        if let Some(kind) = content_type(&name) {
            head.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        }
        head.insert(
            header::CACHE_CONTROL,
            HeaderValue::from_static("public, max-age=0, must-revalidate"),
        );
        for (pattern, name, value) in &self.headers {
            if means(pattern, path) {
                head.insert(name, value.clone());
            }
        }
        response
    }

    /// A file and its name. Pages have no ending in their address.
    fn read(&self, path: &str) -> Option<(String, Vec<u8>)> {
        let name = path.trim_start_matches('/');
        let is_plain = name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-./_".contains(&byte));
        let names = [format!("{name}index.html"), format!("{name}.html"), name.to_owned()];
        let read = |name: String| -> Option<(String, Vec<u8>)> {
            let file: PathBuf = self.folder.path().join(&name);
            Some((name, std::fs::read(file).ok()?))
        };
        if is_plain && !name.contains("..") {
            names.into_iter().find_map(read)
        } else {
            None
        }
    }
}

fn content_type(name: &str) -> Option<&'static str> {
    Some(match name.rsplit_once('.')?.1 {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        _ => return None,
    })
}

/// Connections whose clients have agreed on a key.
struct Tls {
    tcp: TcpListener,
    acceptor: TlsAcceptor,
}

impl Listener for Tls {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let Ok((stream, address)) = self.tcp.accept().await else {
                continue;
            };
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.tcp.local_addr()
    }
}
