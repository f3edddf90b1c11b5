//! A small server of static files, for one visitor on this machine.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;

use crate::build::build;
use crate::run::{command, exists, root};
use crate::setup::Tools;

const FIRST_PORT: u16 = 8080;

/// Builds the page, serves it and opens it.
pub fn serve(tools: &Tools, args: &[String]) -> Result<(), String> {
    build(tools)?;
    let after = args.iter().position(|arg| arg == "--port").and_then(|at| args.get(at + 1));
    let wanted = match after {
        Some(text) => text.parse().map_err(|_| format!("--port {text}: not a port"))?,
        None => FIRST_PORT,
    };
    let listener = (wanted..wanted.saturating_add(20))
        .find_map(|port| TcpListener::bind(("127.0.0.1", port)).ok())
        .ok_or_else(|| format!("no free port from {wanted} on"))?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    println!("Kneepoint is at http://{address}/ (stop with Ctrl+C)");
    if !args.iter().any(|arg| arg == "--no-open") {
        let opener = ["xdg-open", "open"].into_iter().find(|opener| exists(opener));
        if let Some(opener) = opener {
            // A machine without a screen cannot open it; the address stands above.
            let _ = command(opener, &[&format!("http://{address}/")]).spawn();
        }
    }
    for stream in listener.incoming().flatten() {
        #[expect(clippy::disallowed_methods, reason = "a server answers several requests at once")]
        std::thread::spawn(move || answer(stream, &root().join("dist")));
    }
    Ok(())
}

fn answer(mut stream: TcpStream, dist: &Path) {
    let mut request = String::new();
    if BufReader::new(&stream).read_line(&mut request).is_err() {
        return;
    }
    let path = request.split(' ').nth(1).unwrap_or("/");
    let path = path.split(['?', '#']).next().unwrap_or("/").trim_start_matches('/');
    let inside = !path.split('/').any(|name| name == "..");
    let file = if path.is_empty() { dist.join("index.html") } else { dist.join(path) };
    let found = if inside { fs::read(&file).ok() } else { None };
    let (status, body) = match found {
        Some(body) => ("200 OK", body),
        None => ("404 Not Found", b"not found".to_vec()),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {}\r\nContent-Length: {}\r\nCache-Control: no-cache\r\nConnection: close\r\n\r\n",
        kind_of(&file),
        body.len()
    );
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
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
