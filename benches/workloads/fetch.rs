//! The least that fetching a large body costs: bare hyper on one connection.

use crate::Outcome;
use http_body_util::{BodyExt, Empty};
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// The body behind the address that is this role's argument.
pub fn body() -> Outcome<Bytes> {
    let url = std::env::args().nth(2).ok_or("no address")?;
    let (host, path) = url.trim_start_matches("http://").split_once('/').ok_or("no path")?;
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let (mut sender, connection) = handshake(TokioIo::new(TcpStream::connect(host).await?)).await?;
        tokio::spawn(connection);
        let request = Request::get(format!("/{path}")).header("host", host).body(Empty::<Bytes>::new())?;
        let mut body = sender.send_request(request).await?.into_body();
        let mut all = Vec::with_capacity(20 << 20);
        while let Some(frame) = body.frame().await {
            if let Ok(data) = frame?.into_data() {
                all.extend_from_slice(&data);
            }
        }
        Ok(all.into())
    })
}
