//! One check from a cold process to its exit code, by the clock on the wall.

use crate::meter::Rounds;
use crate::server::Server;
use crate::status::Status;
use crate::table::{Line, Table};
use crate::{Outcome, child, setup};
use std::hint::black_box;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

const ROUNDS: usize = 21;

/// Adds the rows of this workload.
pub fn measure(table: &mut Table) -> Outcome {
    let server = Server::start()?;
    let folder = setup::folder(1, server.port)?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let port = server.port.to_string();
    let rounds = Rounds::run(ROUNDS, || {
        Ok([
            wall(child::command(&["--nothing"])?)?,
            wall(engine(root, "hello"))?,
            wall(child::command(&["--get", &port])?)?,
            wall(engine(folder.path(), "status"))?,
        ])
    })?;
    let line = |work, of: usize, to: usize| Line {
        work,
        engine: format!("{:.1} ms", rounds.cost(of)),
        limit: format!("{:.1} ms", rounds.cost(to)),
        figure: rounds.cost(of),
        unit: " ms",
        most: Some(15.0),
    };
    table.add(line("`engine check hello` against a process that does nothing, wall", 1, 0));
    table.add(line("`engine check` of one URL against one GET and parse, wall", 3, 2));
    Ok(())
}

fn engine(folder: &Path, name: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_engine"));
    command.args(["check", name]).current_dir(folder);
    command
}

/// Milliseconds from start to end.
pub fn wall(mut command: Command) -> Outcome<f64> {
    let before = Instant::now();
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status()?;
    let spent = before.elapsed().as_secs_f64() * 1e3;
    if status.success() { Ok(spent) } else { Err(format!("{command:?} ended with {status}").into()) }
}

/// The role of a process that starts and ends.
pub fn nothing() -> Outcome {
    Ok(())
}

/// The role of a process that makes one request by hand.
pub fn get_and_parse() -> Outcome {
    let port: u16 = std::env::args().nth(2).ok_or("no port")?.parse()?;
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    write!(stream, "GET /i/000000.json HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (_, body) = answer.split_once("\r\n\r\n").ok_or("no body")?;
    black_box(serde_json::from_str::<Status>(body)?.sum());
    Ok(())
}
