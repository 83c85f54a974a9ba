//! A component that misbehaves on request, for the tests and benches of the host.
#![cfg(target_family = "wasm")]
#![allow(clippy::panic, clippy::expect_used, reason = "failing is what it is for")]

use std::{
    collections::HashMap,
    convert::Infallible,
    io::Write,
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use futures::stream::{self, Stream};
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use spin_sdk::{
    experimental::wasi::keyvalue::{atomics, store},
    http::{FromRequest, FullBody, IntoResponse, Request},
    key_value::Store,
    redis::{Connection, RedisParameter, RedisResult},
    wasip3::{
        exports::http::handler::Guest,
        http::{service::export, types},
    },
};

type Answer = Response<FullBody<Bytes>>;

struct Component;
export!(Component);

impl Guest for Component {
    async fn handle(request: types::Request) -> Result<types::Response, types::ErrorCode> {
        // As bare as can be: the benches measure the host by it.
        match request.get_path_with_query().as_deref() {
            Some("/hello") => return text("hello").into_response(),
            Some("/floor") => return floor(Request::from_request(request)?).await.into_response(),
            Some("/events") => return events().into_response(),
            _ => (),
        }
        let answer = misbehave(Request::from_request(request)?)
            .await
            .unwrap_or_else(|error| {
                let mut answer = text(error);
                *answer.status_mut() = StatusCode::IM_A_TEAPOT;
                answer
            });
        answer.into_response()
    }
}

/// The least that a service does for a request, without a router, tokens or JSON: it takes the request as `http` has it,
/// reads one value, sets a few headers and logs a line. The benches measure what is left to save by it.
async fn floor(request: Request) -> Answer {
    static STORE: OnceLock<Store> = OnceLock::new();
    let store = match STORE.get() {
        Some(store) => store,
        None => {
            let store = Store::open_default().await.expect("a store");
            store.set("floor", [b'x'; 160]).await.expect("a write");
            STORE.get_or_init(|| store)
        }
    };
    let authorized = request.headers().contains_key(header::AUTHORIZATION);
    let value = store.get("floor").await.expect("a read").unwrap_or_default();
    let mut answer = text(value);
    for (name, value) in [
        (header::CONTENT_TYPE, "application/json"),
        (header::ETAG, "\"1\""),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (
            HeaderName::from_static("x-request-id"),
            "0123456789abcdef0123456789abcdef",
        ),
    ] {
        answer.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    let line = format!(
        "{{\"time\":{:?},\"method\":\"{}\",\"authorized\":{authorized}}}\n",
        SystemTime::now(),
        request.method()
    );
    // In one piece, which eprintln! does not do.
    let _ = std::io::stderr().write_all(line.as_bytes());
    answer
}

/// A stream of events that never ends by itself, and counts them in the store, where it has one.
fn events() -> Response<StreamBody<impl Stream<Item = Result<Frame<Bytes>, Infallible>>>> {
    let ticks = stream::unfold(0_u64, async |tick| {
        if tick > 0 {
            spin_sdk::time::sleep(Duration::from_millis(100)).await;
        }
        if let Ok(bucket) = store::open("default") {
            atomics::increment(&bucket, "ticks", 1).expect("a counter");
        }
        let event = format!("data: {tick}\n\n");
        Some((Ok(Frame::data(event.into())), tick + 1))
    });
    let mut answer = Response::new(StreamBody::new(ticks));
    let content_type = HeaderValue::from_static("text/event-stream");
    answer.headers_mut().insert(header::CONTENT_TYPE, content_type);
    answer
}

/// Errors that the host reports are 418 with the error as text.
async fn misbehave(request: Request) -> Result<Answer, String> {
    let uri = request.uri().clone();
    let query: HashMap<_, _> = form_urlencoded::parse(uri.query().unwrap_or("").as_bytes()).collect();
    let get = |name: &str| query.get(name).map_or("", |value| value.as_ref());
    match uri.path() {
        "/panic" => panic!("on request"),
        "/count" => {
            static SERVED: AtomicU32 = AtomicU32::new(0);
            Ok(text((SERVED.fetch_add(1, Ordering::Relaxed) + 1).to_string()))
        }
        "/loop" => {
            eprintln!("loop has begun");
            loop {
                std::hint::black_box(());
            }
        }
        "/hog" => loop {
            std::hint::black_box(Box::leak(vec![1_u8; 1024 * 1024].into_boxed_slice()));
        },
        "/slow" => {
            eprintln!("slow has begun");
            spin_sdk::time::sleep(Duration::from_secs(1)).await;
            Ok(text("slow"))
        }
        "/never" => {
            eprintln!("it waits");
            spin_sdk::time::sleep(Duration::from_secs(3600)).await;
            Ok(text("never"))
        }
        "/print" => {
            println!("to stdout: {}", get("text"));
            eprintln!("to stderr: {}", get("text"));
            Ok(text("printed"))
        }
        "/large" => Ok(text(vec![b'x'; 32 * 1024 * 1024])),
        path if path.ends_with("/headers") => {
            let lines = request
                .headers()
                .iter()
                .map(|(name, value)| format!("{name}: {}\n", value.to_str().unwrap_or("?")));
            Ok(text(format!("{}\n{}", request.uri(), lines.collect::<String>())))
        }
        "/echo" => {
            let body = request
                .into_body()
                .collect()
                .await
                .map_err(|error| format!("{error:?}"))?;
            Ok(text(body.to_bytes()))
        }
        "/var" => spin_sdk::variables::get(get("name")).await.map(text).map_err(debug),
        "/env" => std::env::var(get("name")).map(text).map_err(debug),
        "/fetch" => {
            let response = spin_sdk::http::get(get("url")).await.map_err(debug)?;
            let status = response.status();
            let body = response
                .into_body()
                .collect()
                .await
                .map_err(|error| format!("{error:?}"))?;
            Ok(text(format!(
                "{} {}",
                status.as_u16(),
                String::from_utf8_lossy(&body.to_bytes())
            )))
        }
        "/kv/get" => {
            let value = open(get("store")).await?.get(get("key")).await.map_err(debug)?;
            Ok(value.map_or_else(|| text("absent"), text))
        }
        "/kv/set" => open(get("store"))
            .await?
            .set(get("key"), get("value"))
            .await
            .map(|()| text("set"))
            .map_err(debug),
        "/kv/delete" => open(get("store"))
            .await?
            .delete(get("key"))
            .await
            .map(|()| text("deleted"))
            .map_err(debug),
        "/kv/exists" => {
            let exists = open(get("store")).await?.exists(get("key")).await.map_err(debug)?;
            Ok(text(exists.to_string()))
        }
        "/kv/keys" => {
            let mut keys = open(get("store"))
                .await?
                .get_keys()
                .await
                .collect()
                .await
                .map_err(debug)?;
            keys.sort();
            Ok(text(keys.join(" ")))
        }
        "/kv/increment" => {
            let bucket = store::open(get("store")).map_err(debug)?;
            let delta = get("by").parse().map_err(debug)?;
            atomics::increment(&bucket, get("key"), delta)
                .map(|value| text(value.to_string()))
                .map_err(debug)
        }
        "/redis/hoard" => {
            let mut hoard = Vec::new();
            while let Ok(redis) = Connection::open(get("address")).await {
                hoard.push(redis);
            }
            Ok(text(hoard.len().to_string()))
        }
        path if path.starts_with("/redis/") => {
            let redis = Connection::open(get("address")).await.map_err(debug)?;
            let key = RedisParameter::Binary(get("key").as_bytes().to_vec());
            match path {
                "/redis/get" => {
                    let value = redis.get(get("key")).await.map_err(debug)?;
                    Ok(value.map_or_else(absent, text))
                }
                "/redis/set" => {
                    let value = request.into_body().collect().await;
                    let value = value.map_err(|error| format!("{error:?}"))?.to_bytes();
                    redis.set(get("key"), value).await.map_err(debug)?;
                    Ok(text("set"))
                }
                "/redis/delete" => {
                    let removed = redis.del([get("key")]).await.map_err(debug)?;
                    Ok(text(removed.to_string()))
                }
                "/redis/exists" => execute(&redis, "EXISTS", vec![key]).await,
                "/redis/increment" => {
                    let delta = get("by").parse().map_err(debug)?;
                    execute(&redis, "INCRBY", vec![key, RedisParameter::Int64(delta)]).await
                }
                "/redis/keys" => execute(&redis, "KEYS", vec![RedisParameter::Binary(b"*".to_vec())]).await,
                "/redis/execute" => execute(&redis, get("command"), Vec::new()).await,
                _ => Err("no such misbehaviour".to_owned()),
            }
        }
        _ => Err("no such misbehaviour".to_owned()),
    }
}

/// What a command answers with, a line for each value.
async fn execute(redis: &Connection, command: &str, arguments: Vec<RedisParameter>) -> Result<Answer, String> {
    let results = redis.execute(command, arguments).await.map_err(debug)?;
    let lines = results.iter().map(|result| match result {
        RedisResult::Nil => "nil\n".to_owned(),
        RedisResult::Status(status) => format!("status {status}\n"),
        RedisResult::Int64(number) => format!("{number}\n"),
        RedisResult::Binary(bytes) => format!("{}\n", String::from_utf8_lossy(bytes)),
    });
    Ok(text(lines.collect::<String>()))
}

fn absent() -> Answer {
    let mut answer = text("absent");
    *answer.status_mut() = StatusCode::NOT_FOUND;
    answer
}

async fn open(label: &str) -> Result<Store, String> {
    Store::open(label).await.map_err(debug)
}

fn debug(error: impl std::fmt::Debug) -> String {
    format!("{error:?}")
}

fn text(body: impl Into<Bytes>) -> Answer {
    Response::new(FullBody::new(body.into()))
}
