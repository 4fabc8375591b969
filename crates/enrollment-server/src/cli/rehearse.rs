//! `enrollment rehearse`.

use super::Failure;
use super::line::Line;
use crate::rehearse::{self, Habits, Progress, Report, Settings, Steps, Wishes};
use actix_web::http::Uri;
use actix_web::rt::System;
use clap::Args;
use enrollment_diesel::{PgStore, StoreConfig};
use secrecy::SecretString;
use std::fs;
use std::net::IpAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

#[derive(Debug, Args)]
pub(super) struct Rehearse {
    /// Where the server is: http, or https with a certificate that the system trusts, or that `SSL_CERT_FILE` names an authority of.
    #[arg(long, default_value = "http://127.0.0.1:8080", value_name = "URL")]
    url: String,
    /// A file with the API key of a registrar; without it, the key is taken from `ENROLLMENT_KEY`. Neither shows in a list of
    /// processes.
    #[arg(long, env = "ENROLLMENT_KEY_FILE", value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// The code of the term to register for. Its sections must be open.
    #[arg(long, value_name = "CODE")]
    term: String,
    /// How many students come: the first that the server lists. More can be made by `enrollment demo` or `enrollment import`.
    #[arg(long, default_value_t = 1000, value_name = "N", value_parser = at_least_one())]
    students: u32,
    /// How many courses each of them wants.
    #[arg(long, default_value_t = 5, value_name = "N", value_parser = at_least_one())]
    courses: u32,
    /// How unequal sections are: the n-th most popular is wanted in proportion to 1/n to the power of this. 0: all alike.
    #[arg(long, default_value_t = 1.0, value_name = "EXPONENT", value_parser = exponent)]
    popularity: f64,
    /// Real requests instead of drawn ones: a CSV file with the columns student, course, section and optionally at (seconds).
    #[arg(long, value_name = "FILE", conflicts_with_all = ["students", "courses", "popularity"])]
    requests: Option<PathBuf>,
    /// Seconds in which everybody arrives, most of them early.
    #[arg(long, default_value_t = 30.0, value_name = "SECONDS", value_parser = seconds)]
    over: f64,
    /// Seconds between two things that a student does, on average.
    #[arg(long, default_value_t = 2.0, value_name = "SECONDS", value_parser = seconds)]
    think: f64,
    /// The share of clicks that are made twice.
    #[arg(long, default_value_t = 0.05, value_name = "SHARE", value_parser = share)]
    double_clicks: f64,
    /// The share of courses that students drop after they got them.
    #[arg(long, default_value_t = 0.05, value_name = "SHARE", value_parser = share)]
    drops: f64,
    /// The share of courses that students exchange for another after they got them.
    #[arg(long, default_value_t = 0.03, value_name = "SHARE", value_parser = share)]
    swaps: f64,
    /// The share of things that students do after which they look at their courses.
    #[arg(long, default_value_t = 0.3, value_name = "SHARE", value_parser = share)]
    reloads: f64,
    /// What is drawn is the same for the same seed, students and sections.
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
    /// The most connections at a time.
    #[arg(long, default_value_t = 256, value_name = "N", value_parser = at_least_one())]
    connections: u32,
    /// Write the report as JSON, too.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write the report as a page with plots, too.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// The database of that server, to run `enrollment check` on it at the end.
    #[arg(long, value_name = "URL")]
    database_url: Option<SecretString>,
    /// Needed where the server is not on this machine: it enrolls real students for real, and undoes nothing.
    #[arg(long)]
    i_know_that_it_enrolls_for_real: bool,
}

fn at_least_one() -> clap::builder::RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(1..=1_000_000)
}

fn exponent(text: &str) -> Result<f64, String> {
    within(text, 0.0, 10.0)
}

fn share(text: &str) -> Result<f64, String> {
    within(text, 0.0, 1.0)
}

fn seconds(text: &str) -> Result<f64, String> {
    within(text, 0.001, 86_400.0)
}

fn within(text: &str, least: f64, most: f64) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "is not a number".to_owned())?;
    if (least..=most).contains(&number) { Ok(number) } else { Err(format!("must be from {least} to {most}")) }
}

impl Rehearse {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        if !self.i_know_that_it_enrolls_for_real && !is_on_this_machine(&self.url) {
            return Err(format!(
                "{} is not on this machine: a rehearsal enrolls its students for real and undoes nothing. If that is what you want \
                 (a copy of the installation, or one before its first term), add --i-know-that-it-enrolls-for-real",
                self.url
            )
            .into());
        }
        let settings = self.settings()?;
        let mut report = System::new().block_on(rehearse::rehearse(&settings, &mut Line::default()))?;
        if let Some(url) = &self.database_url {
            report.check = Some(check(url)?);
        }
        print!("{report}");
        self.write(&report)?;
        Ok(if report.is_sound() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    fn key(&self) -> Result<Option<SecretString>, Failure> {
        let key = match &self.key_file {
            Some(file) => {
                Some(fs::read_to_string(file).map_err(|error| format!("cannot read {}: {error}", file.display()))?)
            }
            None => std::env::var("ENROLLMENT_KEY").ok(),
        };
        Ok(key.map(|key| key.trim().to_owned()).filter(|key| !key.is_empty()).map(SecretString::from))
    }

    fn settings(&self) -> Result<Settings, Failure> {
        let count = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        let drawn =
            Wishes::Drawn { students: count(self.students), courses: count(self.courses), popularity: self.popularity };
        Ok(Settings {
            url: self.url.clone(),
            key: self.key()?,
            term: self.term.clone(),
            wishes: self.requests.clone().map_or(drawn, Wishes::File),
            over: Duration::from_secs_f64(self.over),
            think: Duration::from_secs_f64(self.think),
            habits: Habits {
                double_clicks: self.double_clicks,
                drops: self.drops,
                swaps: self.swaps,
                reloads: self.reloads,
            },
            seed: self.seed,
            connections: count(self.connections),
        })
    }

    fn write(&self, report: &Report) -> Result<(), Failure> {
        if let Some(path) = &self.json {
            fs::write(path, serde_json::to_string_pretty(report)?)?;
        }
        if let Some(path) = &self.html {
            fs::write(path, report.to_html()?)?;
        }
        Ok(())
    }
}

/// Whether a URL leads to this machine by its name, so that no other can be meant.
fn is_on_this_machine(url: &str) -> bool {
    let Ok(uri) = url.parse::<Uri>() else { return false };
    uri.host().is_some_and(|host| {
        let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    })
}

fn check(url: &SecretString) -> Result<Vec<String>, Failure> {
    let store = PgStore::new(&StoreConfig { url: url.clone(), ..StoreConfig::new("") })?;
    let broken = System::new().block_on(store.check())?.broken;
    Ok(broken.iter().map(ToString::to_string).collect())
}

impl Progress for Line {
    fn say(&mut self, what: &str) {
        self.close();
        eprintln!("enrollment rehearse: {what}");
    }

    fn steps(&mut self, now: Steps) {
        let Steps { after, planned, taken, answered, done, refused, trouble } = now;
        self.write(&format!(
            "{:5.1} s  {taken} of {planned} steps, {} wait for an answer; {done} done, {refused} refused, {trouble} in trouble",
            after.as_secs_f64(),
            taken - answered
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_urls_that_name_this_machine_lead_to_it() {
        for (url, here) in [
            ("http://127.0.0.1:8080", true),
            ("http://localhost", true),
            ("http://[::1]:8080/", true),
            ("http://localhost.example.edu", false),
            ("http://127.0.0.1.example.edu", false),
            ("http://enrollment.example.edu", false),
            ("http://0.0.0.0:8080", false),
            ("nonsense", false),
        ] {
            assert_eq!(is_on_this_machine(url), here, "{url}");
        }
    }

    #[test]
    fn shares_are_from_0_to_1() {
        assert!(share("0.5").is_ok() && share("0").is_ok() && share("1").is_ok());
        assert!(share("1.01").is_err() && share("-0.1").is_err() && share("NaN").is_err() && share("x").is_err());
    }
}
