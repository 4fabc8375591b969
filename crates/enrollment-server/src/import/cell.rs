//! From the text of a cell to the JSON that the drafts of core read, which is what an HTTP request would have brought. What a
//! value may be is core's to say; here is only what it is written as.

use enrollment_core::catalog::Weeks;
use serde_json::{Number, Value};

/// How a value is written in a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// As it is.
    Text,
    /// `3` or `1.5`.
    Number,
    /// `true` or `false`.
    Boolean,
    /// JSON.
    Json,
    /// `mon|wed`.
    List,
    /// `1-8|10`.
    Ranges,
}

/// Reads a cell that is not empty.
pub(super) fn read(kind: Kind, text: &str) -> Result<Value, String> {
    match kind {
        Kind::Text => Ok(text.into()),
        Kind::Number => number(text).map(Value::Number).ok_or_else(|| format!("`{text}` is not a number")),
        Kind::Boolean => boolean(text).map(Value::Bool).ok_or_else(|| format!("`{text}` is not true or false")),
        Kind::Json => serde_json::from_str(text).map_err(|error| format!("is not JSON: {error}")),
        Kind::List => Ok(text.split('|').map(|item| Value::from(item.trim())).collect()),
        Kind::Ranges => ranges(text),
    }
}

fn number(text: &str) -> Option<Number> {
    // The forms of JSON, and no others: neither `inf` nor `1e3`.
    let plain = text.strip_prefix('-').unwrap_or(text).starts_with(|c: char| c.is_ascii_digit())
        && text.bytes().all(|byte| byte.is_ascii_digit() || b"-.".contains(&byte));
    let whole = || text.parse::<i64>().ok().map(Number::from);
    let decimal = || text.parse().ok().and_then(Number::from_f64);
    plain.then(|| whole().or_else(decimal)).flatten()
}

fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

fn ranges(text: &str) -> Result<Value, String> {
    let mut numbers: Vec<Value> = Vec::new();
    for part in text.split('|').map(str::trim) {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let wrong = || format!("`{part}` is neither a week nor a range of weeks such as 1-8");
        let first: u32 = first.trim().parse().map_err(|_| wrong())?;
        let last: u32 = last.trim().parse().map_err(|_| wrong())?;
        if last < first {
            return Err(format!("`{part}` ends before it begins"));
        }
        // One week too many is enough for core to refuse it, and no range fills the memory.
        numbers.extend((first..=last.min(first.saturating_add(Weeks::LAST))).map(Value::from));
    }
    Ok(Value::Array(numbers))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn cells_become_json() {
        let table = [
            (Kind::Text, "007", json!("007")),
            (Kind::Number, "3", json!(3)),
            (Kind::Number, "1.5", json!(1.5)),
            (Kind::Number, "-1", json!(-1)),
            (Kind::Boolean, "true", json!(true)),
            (Kind::Boolean, "FALSE", json!(false)),
            (Kind::Json, r#"{"course":"A"}"#, json!({"course": "A"})),
            (Kind::List, "mon| wed", json!(["mon", "wed"])),
            (Kind::Ranges, "1-3|10", json!([1, 2, 3, 10])),
            (Kind::Ranges, " 7 ", json!([7])),
        ];
        for (kind, text, value) in table {
            assert_eq!(read(kind, text), Ok(value), "{text}");
        }
    }

    #[test]
    fn what_is_not_of_the_kind_is_named() {
        let table = [
            (Kind::Number, "three", "`three` is not a number"),
            (Kind::Number, "1,5", "`1,5` is not a number"),
            (Kind::Number, "inf", "`inf` is not a number"),
            (Kind::Number, "1.2.3", "`1.2.3` is not a number"),
            (Kind::Boolean, "yes", "`yes` is not true or false"),
            (Kind::Ranges, "1-", "`1-` is neither a week nor a range of weeks such as 1-8"),
            (Kind::Ranges, "8-1", "`8-1` ends before it begins"),
            (Kind::Ranges, "1||2", "`` is neither a week nor a range of weeks such as 1-8"),
        ];
        for (kind, text, reason) in table {
            assert_eq!(read(kind, text), Err(reason.to_owned()), "{text}");
        }
        assert!(read(Kind::Json, "{").unwrap_err().starts_with("is not JSON: "));
    }

    #[test]
    fn an_endless_range_is_cut_where_it_is_wrong_anyway() {
        let weeks = read(Kind::Ranges, "1-4000000000").unwrap();
        assert!(serde_json::from_value::<Weeks>(weeks).is_err());
    }
}
