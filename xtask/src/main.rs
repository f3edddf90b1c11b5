//! Everything that is done to the project: `cargo xtask serve | test | build | fuzz | bench | ..`.
//!
//! Each command sets up what it needs and is missing, so that a machine with rustup, Node 20 and a
//! package manager is enough.

mod bench;
mod build;
mod docs;
mod fuzz;
mod run;
mod serve;
mod setup;
mod test;
mod watch;

use std::process::ExitCode;

const HELP: &str = "\
cargo xtask COMMAND

  serve   builds the page and opens it on localhost (--port N, --no-open); builds again and
          reloads when the sources change
  test    every check: format, lints, tests, claims, the page in a browser
  build   makes the deployable dist/, and prints its sizes
  fuzz    changes links and documents by chance and reads them, and runs random scenarios
          (--secs N, --seed N)
  docs    writes docs/parts from doc comments and the schema
  claims  proves every claim of the catalogue on 20 seeds
  bench   measures the engine against hand-written loops, in Node and in Chromium, and the page;
          writes target/bench.json
  lighthouse  builds the page and has Lighthouse judge it on a phone: median of three runs
  screenshots  every scenario, wide and narrow, light and dark, into screenshots/
  setup   installs what is missing, and nothing else
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let command = args.first().map_or("", String::as_str);
    let result = match command {
        "serve" => setup::page_tools().and_then(|tools| serve::serve(&tools, &args[1..])),
        "test" => test::test(),
        "build" => setup::page_tools().and_then(|tools| build::build(&tools)),
        "claims" => run::visibly("cargo", &["run", "--release", "--quiet", "--", "check", "--all"]),
        "docs" => docs::write(),
        "fuzz" => fuzz::fuzz(&args[1..]),
        "bench" => bench::bench(),
        "screenshots" => screenshots(),
        "lighthouse" => lighthouse(),
        "setup" => setup::page_tools()
            .and_then(|_| setup::browser())
            .and_then(|_| setup::driver())
            .map(|_| ()),
        _ => {
            print!("{HELP}");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}

/// Takes a picture of every scenario into `screenshots/`.
fn screenshots() -> Result<(), String> {
    let tools = setup::page_tools()?;
    let browser = setup::browser()?;
    build::build(&tools)?;
    run::visibly("cargo", &["build", "--quiet", "--release"])?;
    run::succeed(run::command("node", &["tests/e2e/screenshots.mjs"]).env("CHROMIUM", browser))
}

/// Has Lighthouse judge the page.
fn lighthouse() -> Result<(), String> {
    let tools = setup::page_tools()?;
    let browser = setup::browser()?;
    let judge = setup::lighthouse()?;
    build::build(&tools)?;
    let mut node = run::command("node", &["tests/e2e/lighthouse.mjs"]);
    run::succeed(node.arg(judge).env("CHROMIUM", browser))
}
