//! `enrollment key`: API keys, made, listed and revoked by whoever may run this program on the data.

use super::{Failure, StoreArgs};
use crate::application::api_keys;
use crate::clock::SystemClock;
use crate::database::Database;
use crate::postgres::Access;
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use clap::{Args, Subcommand};
use enrollment_core::access::{
    ApiKey, ApiKeyDraft, ApiKeys, Numbers, Principal, Revocations, Role, RoleForm, RoleKind, Scope,
};
use enrollment_core::clock::Clock;
use enrollment_core::ids::{KeyId, StudentId};
use enrollment_core::page::{Limit, PageRequest};
use enrollment_core::text::{InstructorNumber, KeyName, Program, StudentNumber};
use enrollment_diesel::PgStore;
use std::process::ExitCode;
use std::str::FromStr;
use std::sync::Arc;

#[derive(Debug, Args)]
pub(super) struct Key {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a key. It is printed on standard output, once; what is kept does not tell it.
    Create(Create),
    /// List the keys, without their secrets.
    List(List),
    /// Revoke a key: a running server refuses it within two seconds.
    Revoke(Revoke),
}

#[derive(Debug, Args)]
struct Create {
    /// In what role its owner asks; may be given several times.
    #[arg(long, required = true, value_name = "ROLE", value_parser = role)]
    role: Vec<RoleKind>,
    /// Of an advisor, a programme whose students they advise; may be given several times.
    #[arg(long, value_name = "PROGRAM", value_parser = text::<Program>)]
    program: Vec<Program>,
    /// Of a student or an instructor, the institution's own number.
    #[arg(long, value_name = "NUMBER")]
    number: Option<String>,
    /// Of a service, what it may do, such as `students:read`; of an advisor, what is granted beyond reading. May be given several
    /// times, or with commas between.
    #[arg(long, value_name = "SCOPE", value_delimiter = ',', value_parser = Scope::from_str)]
    scope: Vec<Scope>,
    /// When it expires: `90d`, `12h`, a date, or a time with its offset. Without it, the key is valid until it is revoked.
    #[arg(long, value_name = "WHEN")]
    expires: Option<Expiry>,
    /// What it is for.
    #[arg(long, default_value = "Made on the command line", value_name = "TEXT", value_parser = text::<KeyName>)]
    name: KeyName,
    #[command(flatten)]
    store: StoreArgs,
}

#[derive(Debug, Args)]
struct List {
    #[command(flatten)]
    store: StoreArgs,
}

#[derive(Debug, Args)]
struct Revoke {
    /// The key: its id, or its prefix (the eight characters after `enr_`).
    #[arg(value_name = "KEY")]
    key: String,
    #[command(flatten)]
    store: StoreArgs,
}

impl Key {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        match self.command {
            Command::Create(create) => create.run(),
            Command::List(list) => list.run(),
            Command::Revoke(revoke) => revoke.run(),
        }
    }
}

/// The keys of a database, for as long as this value lives.
struct Office {
    keys: ApiKeys,
    store: Arc<PgStore>,
    /// Goes last.
    _database: Database,
}

impl Office {
    fn open(store: &StoreArgs) -> Result<Self, Failure> {
        let database = Database::open(&store.location()?, "enrollment key", Access::Share)?;
        let store = Arc::new(PgStore::new(&store.config(database.url()))?);
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let keys = api_keys(&store, &clock, Arc::new(NothingRemembered));
        Ok(Self { keys, store, _database: database })
    }

    fn all(&self) -> Result<Vec<ApiKey>, Failure> {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let page = wait_for(self.keys.list(&operator(), PageRequest { limit: Limit::greatest(), after }))?;
            all.extend(page.items);
            if page.next.is_none() {
                return Ok(all);
            }
            after = page.next;
        }
    }

    fn student(&self, number: &str) -> Result<StudentId, Failure> {
        let number = StudentNumber::try_from(number).map_err(|reason| format!("--number {reason}"))?;
        let found = wait_for(Numbers::student(&*self.store, number.clone()))?;
        Ok(found.ok_or_else(|| format!("there is no student with the number {number}"))?)
    }
}

impl Create {
    fn run(self) -> Result<ExitCode, Failure> {
        let office = Office::open(&self.store)?;
        let mut roles = Vec::new();
        for kind in &self.role {
            roles.push(self.of_kind(*kind, &office)?);
        }
        self.refuse_surplus()?;
        let expires_at = self.expires.map(|expiry| expiry.from(SystemClock.now()));
        let draft = ApiKeyDraft::new(self.name, roles, expires_at);
        let issued = wait_for(office.keys.create(&operator(), draft))?;
        eprintln!("Made the key {} ({}). It is shown only now:", issued.key.id, issued.key.name);
        println!("{}", issued.secret.expose());
        Ok(ExitCode::SUCCESS)
    }

    fn of_kind(&self, kind: RoleKind, office: &Office) -> Result<Role, Failure> {
        let mut form = RoleForm::of(kind);
        let number = || self.number.as_deref().ok_or_else(|| format!("the role {} needs --number", kind.word()));
        match kind {
            RoleKind::Student => form.student_id = Some(office.student(number()?)?),
            RoleKind::Instructor => {
                let number = InstructorNumber::try_from(number()?).map_err(|reason| format!("--number {reason}"))?;
                form.instructor_number = Some(number);
            }
            RoleKind::Advisor => {
                form.programs.extend(self.program.iter().cloned());
                form.scopes.extend(&self.scope);
            }
            RoleKind::Service => form.scopes.extend(&self.scope),
            RoleKind::Registrar | RoleKind::Auditor | RoleKind::Administrator => {}
        }
        Ok(Role::try_from(form)?)
    }

    /// What belongs to none of the roles was meant for another one.
    fn refuse_surplus(&self) -> Result<(), Failure> {
        let is_any = |kinds: &[RoleKind]| self.role.iter().any(|role| kinds.contains(role));
        let numbered = [RoleKind::Student, RoleKind::Instructor];
        if self.number.is_some() && (!is_any(&numbered) || numbered.iter().all(|kind| is_any(&[*kind]))) {
            return Err("--number is of one student or of one instructor".into());
        }
        if !self.program.is_empty() && !is_any(&[RoleKind::Advisor]) {
            return Err("--program is of an advisor".into());
        }
        if !self.scope.is_empty() && !is_any(&[RoleKind::Advisor, RoleKind::Service]) {
            return Err("--scope is of a service or of an advisor".into());
        }
        Ok(())
    }
}

impl List {
    fn run(&self) -> Result<ExitCode, Failure> {
        let office = Office::open(&self.store)?;
        let now = SystemClock.now();
        println!("{:<8}  {:<7}  {:<20}  {:<20}  {:<40}  NAME", "PREFIX", "STATE", "EXPIRES", "LAST USED", "ROLES");
        for key in office.all()? {
            let state = match key.check(now) {
                Ok(()) => "valid",
                Err(_) if key.revoked_at.is_some() => "revoked",
                Err(_) => "expired",
            };
            let roles: Vec<String> = key.roles.iter().map(words).collect();
            let (expires, used) = (time(key.expires_at), time(key.last_used_at));
            println!("{}  {state:<7}  {expires:<20}  {used:<20}  {:<40}  {}", key.prefix, roles.join(", "), key.name);
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Revoke {
    fn run(&self) -> Result<ExitCode, Failure> {
        let office = Office::open(&self.store)?;
        let id = if let Ok(id) = self.key.parse::<KeyId>() {
            id
        } else {
            let named = |key: &ApiKey| key.prefix.as_str() == self.key.trim_start_matches("enr_");
            let found = office.all()?.into_iter().find(named);
            found.ok_or("there is no key with this id or prefix: see `enrollment key list`")?.id
        };
        let key = wait_for(office.keys.revoke(&operator(), id))?;
        println!("Revoked the key {} ({}).", key.prefix, key.name);
        Ok(ExitCode::SUCCESS)
    }
}

/// The servers that may run find out by themselves.
pub(super) struct NothingRemembered;

impl Revocations for NothingRemembered {
    fn revoked(&self, _: KeyId) {}
}

/// Whoever may run this program on the data.
fn operator() -> Principal {
    Principal::system("command-line")
}

fn wait_for<T>(answer: impl Future<Output = T>) -> T {
    actix_web::rt::System::new().block_on(answer)
}

fn words(role: &Role) -> String {
    let scopes = |scopes: &enrollment_core::access::Scopes| {
        let words: Vec<&str> = scopes.iter().map(|scope| scope.word()).collect();
        if words.is_empty() { String::new() } else { format!(" [{}]", words.join(" ")) }
    };
    let of = match role {
        Role::Student(id) => format!(" {id}"),
        Role::Instructor(number) => format!(" {number}"),
        Role::Advisor { programs, scopes: granted } => {
            let programs: Vec<&str> = programs.iter().map(Program::as_str).collect();
            format!(" of {}{}", programs.join("; "), scopes(granted))
        }
        Role::Service(granted) => scopes(granted),
        Role::Registrar | Role::Auditor | Role::Administrator => String::new(),
    };
    format!("{}{of}", role.kind().word())
}

fn time(time: Option<DateTime<Utc>>) -> String {
    time.map_or_else(|| "never".to_owned(), |time| time.format("%Y-%m-%dT%H:%M:%SZ").to_string())
}

fn role(word: &str) -> Result<RoleKind, String> {
    RoleKind::ALL.into_iter().find(|kind| kind.word() == word).ok_or_else(|| {
        let all = RoleKind::ALL.map(RoleKind::word);
        format!("must be one of {}", all.join(", "))
    })
}

fn text<T: for<'a> TryFrom<&'a str, Error = String>>(text: &str) -> Result<T, String> {
    T::try_from(text)
}

/// When a key expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expiry {
    After(TimeDelta),
    At(DateTime<Utc>),
}

impl Expiry {
    fn from(self, now: DateTime<Utc>) -> DateTime<Utc> {
        match self {
            Self::After(delta) => now + delta,
            Self::At(time) => time,
        }
    }
}

/// A century: beyond, times cannot be told any more.
const MOST_DAYS: i64 = 36_500;

impl FromStr for Expiry {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(day) = text.parse::<NaiveDate>() {
            return Ok(Self::At(day.and_time(NaiveTime::MIN).and_utc()));
        }
        if let Ok(time) = DateTime::parse_from_rfc3339(text) {
            return Ok(Self::At(time.to_utc()));
        }
        let number = |unit| text.strip_suffix(unit).and_then(|number| number.parse::<u32>().ok()).map(i64::from);
        let delta = number('d').and_then(TimeDelta::try_days).or_else(|| number('h').and_then(TimeDelta::try_hours));
        delta
            .filter(|delta| (1..=MOST_DAYS * 24).contains(&delta.num_hours()))
            .map(Self::After)
            .ok_or("must be like 90d or 12h, a date like 2027-08-01, or a time like 2027-08-01T08:00:00Z")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_expiry_is_a_while_or_a_moment() {
        let now = DateTime::UNIX_EPOCH;
        let told = |text: &str| text.parse::<Expiry>().map(|expiry| expiry.from(now).to_rfc3339());
        assert_eq!(told("90d").unwrap(), "1970-04-01T00:00:00+00:00");
        assert_eq!(told("12h").unwrap(), "1970-01-01T12:00:00+00:00");
        assert_eq!(told("2027-08-01").unwrap(), "2027-08-01T00:00:00+00:00");
        assert_eq!(told("2027-08-01T10:00:00+02:00").unwrap(), "2027-08-01T08:00:00+00:00");
        for wrong in ["", "0d", "d", "-1d", "90", "90m", "4000000000d", "36501d", "tomorrow"] {
            assert!(told(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_expiry_can_be_asked_for(text in any::<String>(), number in any::<u64>()) {
            for text in [text, format!("{number}d"), format!("{number}h")] {
                let _ = text.parse::<Expiry>().map(|expiry| expiry.from(DateTime::UNIX_EPOCH));
            }
        }
    }
}
