//! A small server of static files, for one visitor on this machine, whose page reloads itself when
//! the sources have changed.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use crate::build::build;
use crate::run::{command, exists, number_after, root};
use crate::setup::Tools;
use crate::watch::watch;

const FIRST_PORT: u16 = 8080;
/// Ports tried, one after the other.
const PORTS: u16 = 20;
/// A connection that waits for changes says so now and then, to notice when nobody listens.
const STILL_THERE: Duration = Duration::from_secs(10);

/// What is served now.
pub struct Served {
    now: Mutex<(PathBuf, u64)>,
    changed: Condvar,
}

impl Served {
    fn new(folder: PathBuf) -> Self {
        Self { now: Mutex::new((folder, 0)), changed: Condvar::new() }
    }

    /// Serves another folder from now on, and lets pages know.
    pub fn replace(&self, folder: PathBuf) {
        if let Ok(mut now) = self.now.lock() {
            *now = (folder, now.1 + 1);
        }
        self.changed.notify_all();
    }

    /// The folder, and how often it was replaced.
    fn now(&self) -> (PathBuf, u64) {
        self.now.lock().map_or_else(|broken| broken.into_inner().clone(), |now| now.clone())
    }

    /// Waits a while for another build than this one; whether there is one.
    fn is_newer_than(&self, build: u64) -> bool {
        let Ok(now) = self.now.lock() else { return false };
        let waited = self.changed.wait_timeout_while(now, STILL_THERE, |now| now.1 == build);
        waited.is_ok_and(|(now, _)| now.1 != build)
    }
}

/// Builds the page, serves it, opens it, and builds it again whenever the sources change.
pub fn serve(tools: &Tools, args: &[String]) -> Result<(), String> {
    let wanted = match number_after(args, "--port")? {
        Some(port) => u16::try_from(port).map_err(|error| format!("--port {port}: {error}"))?,
        None => FIRST_PORT,
    };
    build(tools)?;
    let listener = listen(wanted)?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    println!("Kneepoint is at http://{address}/ (stop with Ctrl+C)");
    if !args.iter().any(|arg| arg == "--no-open") {
        open(&format!("http://{address}/"));
    }
    let served = Arc::new(Served::new(root().join("dist")));
    let (shared, path) = (Arc::clone(&served), tools.path());
    #[expect(clippy::disallowed_methods, reason = "builds while the server answers")]
    std::thread::spawn(move || watch(&shared, &path));
    for stream in listener.incoming().flatten() {
        let served = Arc::clone(&served);
        #[expect(clippy::disallowed_methods, reason = "a server answers several requests at once")]
        std::thread::spawn(move || answer(stream, &served));
    }
    Ok(())
}

/// Takes the wanted port or the next that is free.
fn listen(wanted: u16) -> Result<TcpListener, String> {
    let last = wanted.saturating_add(PORTS - 1);
    for port in wanted..=last {
        match TcpListener::bind(("127.0.0.1", port)) {
            Ok(listener) => return Ok(listener),
            Err(error) => println!("port {port} cannot be had ({error}), trying the next"),
        }
    }
    Err(format!("no free port from {wanted} to {last}: name another with --port"))
}

/// Opens the page where there is a screen; elsewhere the address printed must do.
fn open(address: &str) {
    let has_screen = ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| env::var_os(name).is_some());
    let opener = match env::consts::OS {
        "macos" => "open",
        _ if has_screen && exists("xdg-open") => "xdg-open",
        _ => return,
    };
    if let Err(error) = command(opener, &[address]).spawn() {
        println!("{opener} does not start ({error}): open the address yourself");
    }
}

fn answer(mut stream: TcpStream, served: &Served) {
    let mut request = String::new();
    if BufReader::new(&stream).read_line(&mut request).is_err() {
        return;
    }
    let target = request.split(' ').nth(1).unwrap_or("/");
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let path = path.trim_start_matches('/');
    if path == "changes" {
        let build = query.trim_start_matches("since=").parse().unwrap_or(0);
        tell_changes(stream, served, build);
        return;
    }
    let (status, kind, body) = match file_of(path, served) {
        Some((kind, body)) => ("200 OK", kind, body),
        None => ("404 Not Found", "text/plain", b"not found".to_vec()),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nCache-Control: no-cache\r\nConnection: close\r\n\r\n",
        body.len()
    );
    // A visitor who has gone needs no answer.
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
}

/// Kind and content of a file of the page.
fn file_of(path: &str, served: &Served) -> Option<(&'static str, Vec<u8>)> {
    let (folder, build) = served.now();
    if path == "reload.js" {
        let script = format!(
            "new EventSource(\"changes?since={build}\").onmessage = () => location.reload();\n"
        );
        return Some(("text/javascript", script.into_bytes()));
    }
    if path.split('/').any(|name| name == "..") {
        return None;
    }
    let file = folder.join(if path.is_empty() { "index.html" } else { path });
    let mut body = fs::read(&file).ok()?;
    if file.ends_with("index.html") {
        // Only here, so that what is deployed does not hold it.
        let script = "<script type=\"module\" src=\"./reload.js\"></script>\n</head>";
        body = String::from_utf8_lossy(&body).replacen("</head>", script, 1).into_bytes();
    }
    Some((kind_of(&file), body))
}

/// Sends one event as soon as there is another build than the visitor's.
fn tell_changes(mut stream: TcpStream, served: &Served, build: u64) {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\nConnection: close\r\n\r\n";
    let mut sent = stream.write_all(head.as_bytes());
    while sent.is_ok() {
        if served.is_newer_than(build) {
            let _ = stream.write_all(b"data: changed\n\n");
            return;
        }
        sent = stream.write_all(b": nothing new\n\n");
    }
}

fn kind_of(file: &Path) -> &'static str {
    match file.extension().and_then(|end| end.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript",
        Some("css") => "text/css",
        Some("wasm") => "application/wasm",
        Some("svg") => "image/svg+xml",
        Some("json") => "application/json",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn a_busy_port_gives_the_next() {
        let busy = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = busy.local_addr().unwrap().port();
        let found = listen(port).unwrap().local_addr().unwrap().port();
        assert!(found > port && found < port + PORTS, "{port}, then {found}");
    }

    #[test]
    fn a_page_hears_of_changes_and_files_outside_stay_outside() {
        let folder = env::temp_dir().join(format!("kneepoint-serve-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("index.html"), "<head></head>").unwrap();
        let served = Arc::new(Served::new(folder.clone()));
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::clone(&served);
        #[expect(clippy::disallowed_methods, reason = "the visitor and the server are two")]
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                answer(stream, &shared);
            }
        });
        let ask = |path: &str| {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.write_all(format!("GET {path} HTTP/1.1\r\n\r\n").as_bytes()).unwrap();
            stream
        };
        let all = |mut stream: TcpStream| {
            let mut text = String::new();
            stream.read_to_string(&mut text).unwrap();
            text
        };
        assert!(all(ask("/?embed=1")).contains("src=\"./reload.js\""));
        assert!(all(ask("/reload.js")).contains("since=0"));
        assert!(all(ask("/../Cargo.toml")).starts_with("HTTP/1.1 404"));
        let waiting = ask("/changes?since=0");
        served.replace(folder.clone());
        assert!(all(waiting).ends_with("data: changed\n\n"));
        // Whoever comes with an old page is told at once.
        assert!(all(ask("/changes?since=0")).ends_with("data: changed\n\n"));
        assert!(all(ask("/reload.js")).contains("since=1"));
        fs::remove_dir_all(folder).unwrap();
    }
}
