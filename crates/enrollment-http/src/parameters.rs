//! Query strings into values: every wrong or unknown parameter at once.
//!
//! A handler says what it takes, [`Query<T>`], and what `T` reads is all that there may be: `Query<()>` takes nothing.
//! To read something new: implement [`FromParameters`] for it.

use crate::problem::{InputError, Problem};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use chrono::{DateTime, Utc};
use enrollment_core::catalog::Instant;
use serde::de::value::{Error as ValueError, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer};
use std::future::{Ready, ready};

/// What a query string says, once all of it is right.
pub(crate) struct Query<T>(pub(crate) T);

/// Something that a query string can say.
pub(crate) trait FromParameters: Sized {
    /// Takes what it needs. What is wrong is kept by `parameters`, so the value counts only if nothing is.
    fn from_parameters(parameters: &mut Parameters) -> Self;
}

/// The most parameters that a query string may have: no endpoint knows as many, and each that is wrong is answered for.
const MOST: usize = 64;

/// The parameters of a query string that nobody has taken yet, and what is wrong with those that were.
#[derive(Default)]
pub(crate) struct Parameters {
    left: Vec<(String, String)>,
    errors: Vec<InputError>,
}

impl Parameters {
    fn of(query: &str) -> Self {
        if query.is_empty() {
            return Self::default();
        }
        if query.bytes().filter(|byte| *byte == b'&').count() >= MOST {
            let error = InputError::in_parameter("", format!("there are more than {MOST} parameters"));
            return Self { left: Vec::new(), errors: vec![error] };
        }
        match web::Query::<Vec<(String, String)>>::from_query(query) {
            Ok(pairs) => Self { left: pairs.into_inner(), errors: Vec::new() },
            Err(error) => Self { left: Vec::new(), errors: vec![InputError::in_parameter("", error.to_string())] },
        }
    }

    /// Takes a text, an identifier or a name of a list, by its own rules.
    pub(crate) fn read<T: DeserializeOwned>(&mut self, name: &'static str) -> Option<T> {
        self.take(name, |text| {
            let deserializer: StrDeserializer<'_, ValueError> = text.into_deserializer();
            T::deserialize(deserializer).map_err(|error| error.to_string())
        })
    }

    /// Takes the same where the endpoint cannot do without.
    pub(crate) fn require<T: DeserializeOwned>(&mut self, name: &'static str) -> Option<T> {
        if self.left.iter().all(|(given, _)| given != name) {
            self.refuse(name, "is required");
        }
        self.read(name)
    }

    /// Takes a yes or no; no, where it is absent.
    pub(crate) fn flag(&mut self, name: &'static str) -> bool {
        let flag = self.take(name, |text| text.parse().map_err(|_| "must be `true` or `false`".to_owned()));
        flag.unwrap_or_default()
    }

    /// Takes a parameter and makes a value of it.
    pub(crate) fn take<T>(&mut self, name: &'static str, value: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let position = self.left.iter().position(|(given, _)| given == name)?;
        let (_, text) = self.left.remove(position);
        if self.left.iter().any(|(given, _)| given == name) {
            self.left.retain(|(given, _)| given != name);
            self.refuse(name, "must be given once");
            return None;
        }
        if text.contains([char::REPLACEMENT_CHARACTER, '\0']) {
            self.refuse(name, "must be text in UTF-8, percent-encoded, without NUL");
            return None;
        }
        value(&text).map_err(|reason| self.refuse(name, reason)).ok()
    }

    fn refuse(&mut self, name: &str, reason: impl Into<String>) {
        self.errors.push(InputError::in_parameter(name, reason));
    }

    /// Whether all that was given was taken, and right.
    fn finish(mut self) -> Result<(), Problem> {
        for (name, _) in std::mem::take(&mut self.left) {
            self.refuse(&name, "is not a parameter of this endpoint: remove it, or correct its name");
        }
        if self.errors.is_empty() { Ok(()) } else { Err(Problem::invalid(self.errors)) }
    }
}

impl<T: FromParameters> FromRequest for Query<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let mut parameters = Parameters::of(request.query_string());
        let value = T::from_parameters(&mut parameters);
        ready(parameters.finish().map(|()| Self(value)))
    }
}

/// The moment whose state is asked for; none for the present.
pub(crate) struct AsOf(pub(crate) Option<DateTime<Utc>>);

impl FromParameters for AsOf {
    fn from_parameters(parameters: &mut Parameters) -> Self {
        Self(parameters.read::<Instant>("as_of").map(DateTime::from))
    }
}

impl FromParameters for () {
    fn from_parameters(_: &mut Parameters) -> Self {}
}

impl<A: FromParameters, B: FromParameters> FromParameters for (A, B) {
    fn from_parameters(parameters: &mut Parameters) -> Self {
        (A::from_parameters(parameters), B::from_parameters(parameters))
    }
}

impl<A: FromParameters, B: FromParameters, C: FromParameters> FromParameters for (A, B, C) {
    fn from_parameters(parameters: &mut Parameters) -> Self {
        (A::from_parameters(parameters), B::from_parameters(parameters), C::from_parameters(parameters))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(query: &str, read: impl FnOnce(&mut Parameters)) -> Vec<(String, String)> {
        let mut parameters = Parameters::of(query);
        read(&mut parameters);
        let left = parameters.left.into_iter().map(|(name, _)| (name, "unknown".to_owned()));
        let wrong = parameters.errors.into_iter().map(|error| (error.parameter.unwrap_or_default(), error.detail));
        wrong.chain(left).collect()
    }

    #[test]
    fn everything_wrong_is_told_at_once() {
        let told = wrong("open=maybe&limit=x&shoe=44&twice=1&twice=2&text=%FF", |parameters| {
            assert!(!parameters.flag("open"));
            assert_eq!(parameters.take("limit", |_| Err::<(), _>("bad".to_owned())), None);
            assert_eq!(parameters.read::<String>("twice"), None);
            assert_eq!(parameters.read::<String>("text"), None);
        });
        let names: Vec<&str> = told.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["open", "limit", "twice", "text", "shoe"]);
    }

    #[test]
    fn what_is_absent_is_not_wrong() {
        let told = wrong("", |parameters| assert_eq!(parameters.read::<String>("q"), None));
        assert_eq!(told, []);
    }

    #[test]
    fn text_is_decoded() {
        let mut parameters = Parameters::of("q=a%20b+%E5%AD%A6");
        assert_eq!(parameters.read::<String>("q").as_deref(), Some("a b 学"));
        assert!(parameters.finish().is_ok());
    }
}
