//! One line on a terminal that is written over, to tell the progress of what takes long. Where standard error is no terminal, nothing
//! is written.

use std::io::{self, IsTerminal, Write};

/// The line.
#[derive(Default)]
pub(super) struct Line {
    is_open: bool,
}

impl Line {
    /// Writes over the line.
    pub(super) fn write(&mut self, text: &str) {
        let mut stderr = io::stderr();
        if stderr.is_terminal() {
            // Whoever closed their terminal does not miss it.
            let _ = write!(stderr, "\r\x1b[K{text}");
            let _ = stderr.flush();
            self.is_open = true;
        }
    }

    /// Leaves what was written last, and begins a new line.
    pub(super) fn close(&mut self) {
        if std::mem::take(&mut self.is_open) {
            eprintln!();
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.close();
    }
}
