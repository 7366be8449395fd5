//! A small web server of one's own: the files of a folder, over plain HTTP on the loopback
//! address; also as a proxy that has these files for every host.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    thread::JoinHandle,
    time::Duration,
};

/// How long somebody may take to ask.
const PATIENCE: Duration = Duration::from_secs(10);

/// A server that runs until it is dropped.
#[derive(Debug)]
pub struct Pages {
    at: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    thread: Option<JoinHandle<()>>,
}

impl Pages {
    /// Serves the files below `folder`.
    pub fn of(folder: impl Into<PathBuf>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (at, folder) = (listener.local_addr().unwrap(), folder.into());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let notes = Arc::clone(&asked);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { return };
                // It is told to end by somebody who says nothing.
                match serve(&stream, &folder, &notes) {
                    Some(true) | None => {}
                    Some(false) => return,
                }
            }
        });
        Self { at, asked, thread: Some(thread) }
    }

    /// Where it is, as in an address of the web: `127.0.0.1:4873`.
    pub fn at(&self) -> String {
        self.at.to_string()
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.at.port()
    }

    /// What was asked for, as it was written in each request.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        if let Ok(mut end) = TcpStream::connect(self.at) {
            let _told = end.write_all(b"END\r\n\r\n");
        }
        if let Some(thread) = self.thread.take() {
            let _ended = thread.join();
        }
    }
}

/// Answers one request; `false` when it is to end, `None` when nobody asked for anything.
fn serve(stream: &TcpStream, folder: &Path, notes: &Mutex<Vec<String>>) -> Option<bool> {
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    reader.read_line(&mut first).ok()?;
    if first.trim() == "END" {
        return Some(false);
    }
    let mut line = String::new();
    let mut length = 0;
    while reader.read_line(&mut line).ok()? > 2 {
        if let Some(said) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = said.trim().parse().ok()?;
        }
        line.clear();
    }
    reader.take(length).read_to_end(&mut Vec::new()).ok()?;
    let wanted = first.split(' ').nth(1)?.to_owned();
    notes.lock().unwrap().push(wanted.clone());
    // A proxy is asked for whole addresses.
    let path = match wanted.split_once("://") {
        Some((_, rest)) => rest.split_once('/')?.1,
        None => wanted.trim_start_matches('/'),
    };
    let path = path.split('?').next()?.replace("%2f", "/").replace("/./", "/");
    let file = folder.join(path.trim_start_matches("./"));
    let (status, body) = match fs::read(&file).or_else(|_| fs::read(file.join("index"))) {
        Ok(body) => ("200 OK", body),
        Err(_not_here) => ("404 Not Found", Vec::new()),
    };
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    let mut to = stream;
    to.write_all(head.as_bytes()).ok()?;
    to.write_all(if first.starts_with("HEAD ") { &[] } else { &body }).ok()?;
    Some(true)
}
