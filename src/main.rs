//! The `kneepoint` binary: the command line natively, the page and its workers on wasm32.

#[cfg(not(target_arch = "wasm32"))]
fn main() -> std::process::ExitCode {
    kneepoint::cli::main()
}

#[cfg(target_arch = "wasm32")]
fn main() {
    kneepoint::ui::main();
}
