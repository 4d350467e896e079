//! Where the status can be asked for: the page and the local socket, as engine.yaml says at the moment.

use super::Known;
use super::server::{Page, open_socket, serve_page, serve_socket};
use crate::conf::settings::{Listen, StatusConf};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// The open ways to the status.
pub struct Doors {
    known: Arc<Known>,
    runtime: Handle,
    page: watch::Sender<Page>,
    socket: Option<(PathBuf, JoinHandle<()>)>,
}

impl Doors {
    /// No way yet.
    pub fn new(known: Arc<Known>, runtime: Handle) -> Doors {
        let (page, wanted) = watch::channel(Page::default());
        runtime.spawn(serve_page(known.clone(), wanted));
        Doors { known, runtime, page, socket: None }
    }

    /// Opens what is wanted and closes what is not; what stays the same is not touched. None of it is
    /// worth an end of the checks: what cannot be opened is told.
    pub fn apply(&mut self, status: &StatusConf, socket: &Path) {
        let at = match status.listen.value {
            Listen::At(address) => Some(address),
            Listen::Off => None,
        };
        let page = Page { at, hosts: status.hosts.iter().map(|host| host.to_string()).collect() };
        self.page.send_if_modified(|now| std::mem::replace(now, page.clone()) != page);
        if self.socket.as_ref().is_some_and(|(path, _)| path == socket) {
            return;
        }
        match open_socket(socket) {
            Ok(listener) => {
                self.close_socket();
                let serving = self.runtime.spawn(serve_socket(self.known.clone(), listener));
                self.socket = Some((socket.to_path_buf(), serving));
            }
            Err(error) => tracing::warn!(target: "status", path = %socket.display(), %error, "`engine status` will not find this engine"),
        }
    }

    fn close_socket(&mut self) {
        if let Some((path, serving)) = self.socket.take() {
            serving.abort();
            let _ = std::fs::remove_file(path);
        }
    }
}

impl Drop for Doors {
    fn drop(&mut self) {
        self.close_socket();
    }
}
