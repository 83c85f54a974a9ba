//! A component that misbehaves on request, for the tests and benches of the host.
#![cfg(target_family = "wasm")]
#![allow(clippy::panic, clippy::expect_used, reason = "failing is what it is for")]

use std::{collections::HashMap, time::Duration};

use bytes::Bytes;
use http::{Response, StatusCode};
use http_body_util::BodyExt;
use spin_sdk::{
    experimental::wasi::keyvalue::{atomics, store},
    http::{FromRequest, FullBody, IntoResponse, Request},
    key_value::Store,
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
        if request.get_path_with_query().as_deref() == Some("/hello") {
            return text("hello").into_response();
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

/// Errors that the host reports are 418 with the error as text.
async fn misbehave(request: Request) -> Result<Answer, String> {
    let uri = request.uri().clone();
    let query: HashMap<_, _> = form_urlencoded::parse(uri.query().unwrap_or("").as_bytes()).collect();
    let get = |name: &str| query.get(name).map_or("", |value| value.as_ref());
    match uri.path() {
        "/panic" => panic!("on request"),
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
            spin_sdk::time::sleep(Duration::from_secs(3600)).await;
            Ok(text("never"))
        }
        "/print" => {
            println!("to stdout: {}", get("text"));
            eprintln!("to stderr: {}", get("text"));
            Ok(text("printed"))
        }
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
        _ => Err("no such misbehaviour".to_owned()),
    }
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
