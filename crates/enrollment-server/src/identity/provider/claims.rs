//! What the claims of a token mean, as the institution has it.
//!
//! A claim may be within another: `realm_access.roles` is `roles` within `realm_access`, unless there is a claim of that whole
//! name. Values are text, or lists of text.

use enrollment_core::access::{Role, RoleKind, Scope, Scopes};
use enrollment_core::text::{InstructorNumber, Program, StudentNumber};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::str::FromStr;

/// Where a claim is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimPath(String);

impl ClaimPath {
    fn texts<'a>(&self, claims: &'a Map<String, Value>) -> Vec<&'a str> {
        let found = claims.get(&self.0).or_else(|| {
            let mut names = self.0.split('.');
            let first = claims.get(names.next()?)?;
            names.try_fold(first, |value, name| value.get(name))
        });
        match found {
            Some(Value::String(text)) => vec![text],
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }

    /// The only text; several are none, since it would not be clear who it is.
    fn text<'a>(&self, claims: &'a Map<String, Value>) -> Option<&'a str> {
        match self.texts(claims).as_slice() {
            [text] => Some(text),
            _ => None,
        }
    }
}

impl FromStr for ClaimPath {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() { Err("must name a claim") } else { Ok(Self(text.to_owned())) }
    }
}

/// Which value among the roles of a token means which role here: `registrar-office=registrar`,
/// `sis-sync=service:students:read+students:write`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleRule {
    value: String,
    role: RoleKind,
    scopes: Scopes,
}

impl FromStr for RoleRule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (value, role) = text.rsplit_once('=').ok_or("must be like VALUE=ROLE or VALUE=ROLE:SCOPE+SCOPE")?;
        let (word, scopes) = role.split_once(':').map_or((role, None), |(word, scopes)| (word, Some(scopes)));
        let role = RoleKind::ALL.into_iter().find(|kind| kind.word() == word).ok_or_else(|| {
            let all = RoleKind::ALL.map(RoleKind::word);
            format!("`{word}` must be one of {}", all.join(", "))
        })?;
        let scopes = scopes.map_or(Ok(Scopes::new()), |scopes| scopes.split('+').map(Scope::from_str).collect())?;
        match (role, scopes.is_empty()) {
            (RoleKind::Service, true) => Err("a service needs scopes: VALUE=service:SCOPE+SCOPE".to_owned()),
            (RoleKind::Service | RoleKind::Advisor, _) | (_, true) => {
                Ok(Self { value: value.to_owned(), role, scopes })
            }
            (_, false) => Err(format!("the role {word} has no scopes")),
        }
    }
}

/// Which claims hold what.
#[derive(Clone, Debug, Default)]
pub struct Mapping {
    /// Holds a student's number.
    pub student: Option<ClaimPath>,
    /// Holds an instructor's number.
    pub instructor: Option<ClaimPath>,
    /// Holds the programmes of an advisor.
    pub programs: Option<ClaimPath>,
    /// Holds roles.
    pub roles: Option<ClaimPath>,
    /// What those mean.
    pub rules: Vec<RoleRule>,
}

/// What the claims of a token say.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Claimed {
    /// The number of the student who it is, whose id is not known yet.
    pub(super) student: Option<StudentNumber>,
    /// All other roles.
    pub(super) roles: Vec<Role>,
}

impl Mapping {
    pub(super) fn read(&self, claims: &Map<String, Value>) -> Claimed {
        let given: BTreeSet<&str> = self.roles.iter().flat_map(|path| path.texts(claims)).collect();
        let rules = || self.rules.iter().filter(|rule| given.contains(&*rule.value));
        let mut found: Vec<Role> = Vec::new();
        let plain = rules().filter_map(|rule| self.plain(rule, claims));
        for role in plain.chain(self.instructor(claims, &given)) {
            if !found.contains(&role) {
                found.push(role);
            }
        }
        Claimed { student: self.student(claims, &given), roles: found }
    }

    fn plain(&self, rule: &RoleRule, claims: &Map<String, Value>) -> Option<Role> {
        match rule.role {
            RoleKind::Registrar => Some(Role::Registrar),
            RoleKind::Auditor => Some(Role::Auditor),
            RoleKind::Administrator => Some(Role::Administrator),
            RoleKind::Service => Some(Role::Service(rule.scopes.clone())),
            RoleKind::Advisor => {
                let texts = self.programs.iter().flat_map(|path| path.texts(claims));
                let programs: BTreeSet<Program> = texts.filter_map(|text| text.try_into().ok()).collect();
                (!programs.is_empty()).then(|| Role::Advisor { programs, scopes: rule.scopes.clone() })
            }
            // Who has a number of this kind, and the role where one is asked for.
            RoleKind::Student | RoleKind::Instructor => None,
        }
    }

    /// Whether the roles of the token let somebody be this: where no rule speaks of it, having the number is enough.
    fn admits(&self, kind: RoleKind, given: &BTreeSet<&str>) -> bool {
        let mut rules = self.rules.iter().filter(|rule| rule.role == kind).peekable();
        rules.peek().is_none() || rules.any(|rule| given.contains(&*rule.value))
    }

    fn student(&self, claims: &Map<String, Value>, given: &BTreeSet<&str>) -> Option<StudentNumber> {
        let number = self.student.as_ref()?.text(claims)?.try_into().ok()?;
        self.admits(RoleKind::Student, given).then_some(number)
    }

    fn instructor(&self, claims: &Map<String, Value>, given: &BTreeSet<&str>) -> Option<Role> {
        let number = InstructorNumber::try_from(self.instructor.as_ref()?.text(claims)?).ok()?;
        self.admits(RoleKind::Instructor, given).then_some(Role::Instructor(number))
    }
}
