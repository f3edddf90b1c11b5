//! Running other programs.

use std::path::PathBuf;
use std::process::{Command, Stdio};

/// The top of the repository.
pub fn root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.parent().map_or(here.clone(), PathBuf::from)
}

/// A command at the top of the repository.
pub fn command(program: &str, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(args).current_dir(root());
    command
}

/// Runs a command whose output the user sees.
pub fn visibly(program: &str, args: &[&str]) -> Result<(), String> {
    succeed(&mut command(program, args))
}

/// Runs a prepared command to its end.
pub fn succeed(command: &mut Command) -> Result<(), String> {
    let line = format!("{command:?}").replace('"', "");
    let status = command.status().map_err(|error| format!("cannot start {line}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{line} failed ({status})")) }
}

/// Output of a command, if it succeeds.
pub fn output(program: &str, args: &[&str]) -> Option<String> {
    let output = command(program, args).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether a program is on the path.
pub fn exists(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// The number after a flag, if the flag is there.
pub fn number_after(args: &[String], flag: &str) -> Result<Option<u64>, String> {
    let Some(at) = args.iter().position(|arg| arg == flag) else { return Ok(None) };
    let text = args.get(at + 1).ok_or_else(|| format!("{flag} needs a number"))?;
    text.parse().map(Some).map_err(|error| format!("{flag} {text}: {error}"))
}
