//! The document tells what the application does, and holds together.

use crate::api::endpoints;
use serde_json::Value;
use std::collections::BTreeSet;

fn document() -> Value {
    serde_json::to_value(super::openapi()).unwrap()
}

/// Every operation as `GET /path`, with its description.
fn operations(document: &Value) -> Vec<(String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    let operations = paths.iter().flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().iter();
        methods.map(move |(method, operation)| (format!("{} {path}", method.to_uppercase()), operation))
    });
    operations.collect()
}

fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get("$ref").and_then(Value::as_str));
            members.values().for_each(|member| references(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[test]
fn every_route_is_in_the_document_and_the_other_way_round() {
    let document = document();
    let told: BTreeSet<String> = operations(&document).into_iter().map(|(name, _)| name).collect();
    let routed: Vec<String> =
        endpoints().iter().map(|endpoint| format!("{} {}", endpoint.method, endpoint.path)).collect();
    let distinct: BTreeSet<String> = routed.iter().cloned().collect();
    assert_eq!(distinct.len(), routed.len(), "an endpoint is routed twice");
    assert_eq!(told, distinct);
}

#[test]
fn every_reference_resolves() {
    let document = document();
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.len() > 100, "only {} references", found.len());
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

#[test]
fn every_operation_is_described_and_named_once() {
    let document = document();
    let mut names = BTreeSet::new();
    for (operation, told) in operations(&document) {
        assert!(told["summary"].as_str().is_some_and(|summary| !summary.is_empty()), "{operation}");
        assert!(names.insert(told["operationId"].as_str().unwrap()), "{operation}");
        let tag = told["tags"][0].as_str().unwrap();
        assert!(document["tags"].as_array().unwrap().iter().any(|known| known["name"] == tag), "{operation}: {tag}");
    }
}

#[test]
fn every_parameter_of_a_path_is_described() {
    let document = document();
    for (operation, told) in operations(&document) {
        let in_path: BTreeSet<&str> =
            operation.split(['{', '}']).enumerate().filter(|(index, _)| index % 2 == 1).map(|(_, name)| name).collect();
        let parameters = told["parameters"].as_array().cloned().unwrap_or_default();
        let described: BTreeSet<String> = parameters
            .iter()
            .filter(|parameter| parameter["in"] == "path")
            .map(|parameter| parameter["name"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(described, in_path.iter().map(ToString::to_string).collect(), "{operation}");
    }
}

#[test]
fn every_operation_of_the_api_tells_its_problems() {
    let document = document();
    for (operation, told) in operations(&document) {
        if !operation.contains("/api/v1/") {
            continue;
        }
        let mut expected = BTreeSet::from(["422", "500", "503"]);
        if operation.contains('{') {
            expected.insert("404");
        }
        if told.get("requestBody").is_some() {
            expected.extend(["400", "409", "413", "415"]);
        }
        if operation.starts_with("PATCH")
            || operation.starts_with("DELETE")
                && !operation.contains("/courses/{student_course_id}")
                && !operation.contains("/grades/")
                && !operation.contains("/instructors/")
                && !operation.contains("/keys/")
        {
            expected.insert("412");
        }
        for status in expected {
            let response = told["responses"][status]["$ref"].as_str();
            let response = response.unwrap_or_else(|| panic!("{operation} lacks {status}"));
            let response = document.pointer(&response[1..]).unwrap();
            assert!(response["content"].get("application/problem+json").is_some(), "{operation} {status}");
        }
    }
}

#[test]
fn every_operation_says_who_may_and_tells_those_who_may_not() {
    let document = document();
    let open = [
        "GET /healthz",
        "GET /readyz",
        "GET /api/openapi.json",
        "GET /api/docs",
        "GET /api/docs/{file}",
        "POST /oauth/token",
    ];
    for (operation, told) in operations(&document) {
        let is_open = open.contains(&operation.as_str());
        let expected = if is_open { serde_json::json!([]) } else { serde_json::json!([{ "bearer": [] }]) };
        assert_eq!(told["security"], expected, "{operation}");
        for status in ["401", "403"] {
            // Who asks for a token tells who they are in the request itself.
            let is_told = !is_open || (operation.as_str(), status) == ("POST /oauth/token", "401");
            assert_eq!(told["responses"].get(status).is_some(), is_told, "{operation} {status}");
        }
        let says_who = told["description"].as_str().is_some_and(|text| text.contains("Who may: "));
        assert_eq!(says_who, !is_open, "{operation}");
    }
}

#[test]
fn every_operation_tells_what_the_edge_answers() {
    let document = document();
    for (operation, told) in operations(&document) {
        for status in ["414", "429", "431"] {
            assert!(told["responses"][status].get("$ref").is_some(), "{operation} lacks {status}");
        }
        for status in ["408", "413"] {
            assert_eq!(
                told["responses"].get(status).is_some(),
                told.get("requestBody").is_some(),
                "{operation} {status}"
            );
        }
    }
}

#[test]
fn headers_with_text_say_how_long_it_may_be_and_are_never_null() {
    let document = document();
    let lengths = [("Enrollment-Reason", 500), ("Idempotency-Key", 255)];
    for (name, longest) in lengths {
        let told: Vec<Value> = operations(&document)
            .into_iter()
            .flat_map(|(_, told)| told["parameters"].as_array().cloned().unwrap_or_default())
            .filter(|parameter| parameter["name"] == name)
            .map(|parameter| parameter["schema"].clone())
            .collect();
        assert!(!told.is_empty(), "{name}");
        for schema in told {
            let (kind, bounds) = (&schema["type"], (&schema["minLength"], &schema["maxLength"]));
            assert_eq!((kind, bounds), (&"string".into(), (&1.into(), &longest.into())), "{name}");
        }
    }
}

#[test]
fn a_patch_requires_nothing_and_forms_are_closed() {
    let document = document();
    let schemas = &document["components"]["schemas"];
    for name in ["Student", "Hold", "Permit", "Reservation", "Course", "Term", "Window", "Section"] {
        let draft = &schemas[format!("{name}Draft")];
        let patch = &schemas[format!("{name}Patch")];
        assert!(!draft["required"].as_array().unwrap().is_empty(), "{name}");
        assert!(patch.get("required").is_none(), "{name}");
        assert_eq!(draft["properties"], patch["properties"], "{name}");
        assert_eq!(patch["additionalProperties"], false, "{name}");
        assert_eq!(draft["additionalProperties"], false, "{name}");
    }
    assert_eq!(schemas["EnrollDraft"]["additionalProperties"], false);
}

#[test]
fn it_is_of_version_3_1() {
    assert_eq!(document()["openapi"], "3.1.0");
}
