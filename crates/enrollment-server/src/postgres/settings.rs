//! How PostgreSQL is configured.
//!
//! On the command line, where it goes before the cluster's own files: no file is edited, every start has the settings
//! of the program that starts it, and `ALTER SYSTEM` cannot switch durability off.

use std::ffi::{OsStr, OsString};
use std::path::Path;

/// The port of the socket's name. There is no TCP port.
pub(super) const PORT: &str = "5432";

/// Whether what was committed has to survive a crash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// It has to. For everything but tests.
    #[default]
    Durable,
    /// It need not: for test clusters, which are thrown away.
    Disposable,
}

/// Those of every cluster.
const ALWAYS: [&str; 12] = [
    "listen_addresses=",
    "unix_socket_permissions=0700",
    "cluster_name=enrollment",
    "shared_buffers=128MB",
    // Statements here are short: compiling one takes longer than running it.
    "jit=off",
    // What is stored is UTC, and so is what people see in the log.
    "timezone=UTC",
    "log_timezone=UTC",
    "log_destination=stderr",
    "logging_collector=off",
    "log_line_prefix=%m [%p] %d ",
    // Not the values of a row that a constraint refused: those are about people.
    "log_error_verbosity=terse",
    "log_checkpoints=off",
];

/// What makes an acknowledged commit survive, said explicitly; and room for a server's pool and some commands.
const DURABLE: [&str; 4] = ["fsync=on", "full_page_writes=on", "synchronous_commit=on", "max_connections=50"];

/// What makes tests quick, and lets many of them run at once.
const DISPOSABLE: [&str; 4] = ["fsync=off", "full_page_writes=off", "synchronous_commit=off", "max_connections=200"];

/// The arguments of `postgres`.
pub(super) fn arguments(pgdata: &Path, socket_dir: &Path, durability: Durability) -> Vec<OsString> {
    let of_durability = match durability {
        Durability::Durable => DURABLE,
        Durability::Disposable => DISPOSABLE,
    };
    let mut socket = OsString::from("unix_socket_directories=");
    socket.push(quoted(socket_dir.as_os_str()));
    let port = OsString::from(format!("port={PORT}"));
    let settings = ALWAYS.into_iter().chain(of_durability).map(OsString::from).chain([port, socket]);
    let mut arguments = vec![OsString::from("-D"), pgdata.into()];
    for setting in settings {
        arguments.extend([OsString::from("-c"), setting]);
    }
    arguments
}

/// One item of a list of paths: in quotes, since a path may contain commas and spaces.
fn quoted(path: &OsStr) -> OsString {
    let mut quoted = OsString::from("\"");
    // Paths may be other than UTF-8; quotation marks are single bytes in any case.
    for (index, part) in path.as_encoded_bytes().split(|&byte| byte == b'"').enumerate() {
        if index > 0 {
            quoted.push("\"\"");
        }
        quoted.push(<OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(part));
    }
    quoted.push("\"");
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments_for(durability: Durability) -> Vec<OsString> {
        arguments(Path::new("/data/postgres"), Path::new("/data, \"old\"/run"), durability)
    }

    #[test]
    fn durable_is_the_default_and_asserts_every_safeguard() {
        let arguments = arguments_for(Durability::default());
        for setting in ["fsync=on", "full_page_writes=on", "synchronous_commit=on"] {
            assert!(arguments.contains(&OsString::from(setting)), "{setting}");
        }
        assert!(!arguments.contains(&OsString::from("fsync=off")));
    }

    #[test]
    fn there_is_no_tcp_port() {
        assert!(arguments_for(Durability::Disposable).contains(&OsString::from("listen_addresses=")));
    }

    #[test]
    fn the_socket_folder_is_quoted_as_one_item_of_a_list() {
        let expected = OsString::from(r#"unix_socket_directories="/data, ""old""/run""#);
        assert!(arguments_for(Durability::Durable).contains(&expected));
    }
}
