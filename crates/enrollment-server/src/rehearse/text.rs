//! The report as text, for the terminal.

use super::invariants::Invariant;
use super::report::{Rehearsal, Report, Requests};
use super::seats::Filling;
use std::fmt;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.rehearsal)?;
        writeln!(f, "Students {}. Nothing was undone: what they got, they have.", self.cast)?;
        writeln!(f)?;
        writeln!(
            f,
            "{:<13} {:>9} {:>9} {:>9} {:>11} {:>7} {:>7} {:>8} {:>9} {:>9} {:>9}",
            "", "planned", "done", "refused", "turned away", "failed", "lost", "no need", "p50 ms", "p99 ms", "max ms"
        )?;
        for requests in self.requests.iter().filter(|requests| requests.planned > 0) {
            writeln!(f, "{requests}")?;
        }
        section(
            f,
            "Refused by",
            self.refusals.iter().map(|refusal| format!("{:<24} {:>9}", refusal.code, refusal.count)),
        )?;
        section(f, "The most wanted sections", self.sections.iter().map(Filling::to_string))?;
        let fairness = &self.fairness;
        let shares: Vec<String> =
            fairness.groups.iter().map(|group| format!("{:.0}%", group.share() * 100.0)).collect();
        section(
            f,
            "Fairness",
            [
                format!("Got of what they wanted, from the first to the last tenth to arrive: {}", shares.join(" ")),
                format!(
                    "Of {} who came too late for a seat, {} were overtaken by somebody who came later, by {:.0} ms at most.",
                    fairness.too_late, fairness.overtaken, fairness.overtaken_by_at_most
                ),
            ]
            .into_iter(),
        )?;
        section(f, "What must be so", self.invariants.iter().map(Invariant::to_string))?;
        match &self.check {
            None => Ok(()),
            Some(broken) if broken.is_empty() => {
                writeln!(f, "  holds   all that `enrollment check` recomputes in the database")
            }
            Some(broken) => section(f, "BROKEN in the database", broken.iter().cloned()),
        }
    }
}

fn section(f: &mut fmt::Formatter<'_>, title: &str, lines: impl Iterator<Item = String>) -> fmt::Result {
    let mut lines = lines.peekable();
    if lines.peek().is_none() {
        return Ok(());
    }
    writeln!(f, "\n{title}")?;
    lines.try_for_each(|line| writeln!(f, "  {line}"))
}

impl fmt::Display for Rehearsal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url, term, students, open_sections, requests, seed, over, took, connections, .. } = self;
        write!(f, "Rehearsed registration for {term} at {url}: {students} students arrive in {over:.0} s")?;
        match requests {
            None => write!(f, " for {open_sections} open sections (seed {seed})")?,
            Some(file) => write!(f, " with the requests of {file}")?,
        }
        write!(f, ", by at most {connections} connections; the last answer came after {took:.1} s.")
    }
}

impl fmt::Display for super::report::Cast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.students[..] {
            [] => f.write_str("none"),
            few if few.len() <= 8 => f.write_str(&few.join(", ")),
            [first, .., last] => write!(f, "{first} to {last} ({} of them)", self.students.len()),
            [only] => f.write_str(only),
        }
    }
}

impl fmt::Display for Requests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, planned, done, refused, turned_away, failed, lost, nothing_to_do, latency } = self;
        write!(
            f,
            "{:<13} {planned:>9} {done:>9} {refused:>9} {turned_away:>11} {failed:>7} {lost:>7} {nothing_to_do:>8} {:>9.1} {:>9.1} {:>9.1}",
            kind.name(),
            latency.p50,
            latency.p99,
            latency.max
        )
    }
}

impl fmt::Display for Filling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { section, free, wanted, got, full_after, .. } = self;
        write!(f, "{section:<16} wanted by {wanted:>6}, {free:>5} seats free, {got:>5} taken")?;
        if let Some(seconds) = full_after { write!(f, ", full after {seconds:.2} s") } else { Ok(()) }
    }
}

impl fmt::Display for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// So that one defect does not fill the terminal; all are in the JSON.
        const SHOWN: usize = 5;
        if self.holds() {
            return write!(f, "holds   {}", self.name);
        }
        let shown: Vec<&str> = self.broken.iter().take(SHOWN).map(String::as_str).collect();
        write!(f, "BROKEN  {}, {} times: {}", self.name, self.broken.len(), shown.join("; "))?;
        if self.broken.len() > SHOWN { f.write_str("; …") } else { Ok(()) }
    }
}
