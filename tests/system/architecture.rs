//! The arrows between the crates (docs/ARCHITECTURE.md), proven on cargo's own resolved dependency graph.
//!
//! `deny.toml` says who may *name* a crate; this follows the dependencies of dependencies, so that no arrow is gone around.
//! To add a crate to the house: a [`Wall`] for it, if there is something that it must never know.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::env;
use std::process::Command;

use serde_json::Value;

/// What a crate must never reach, by whatever way.
struct Wall {
    around: &'static str,
    /// Names of crates; a `*` at the end stands for any ending.
    never: &'static [&'static str],
}

const WALLS: [Wall; 3] = [
    Wall { around: "enrollment-core", never: &["actix-*", "diesel*", "pq-sys", "r2d2", "tokio*", "enrollment-*"] },
    Wall { around: "enrollment-http", never: &["diesel*", "pq-sys", "r2d2", "enrollment-diesel", "enrollment-server"] },
    Wall { around: "enrollment-diesel", never: &["actix-*", "tokio*", "enrollment-http", "enrollment-server"] },
];

/// The composition root knows everybody; only the tests know it.
const ROOT: &str = "enrollment-server";
const KNOWS_THE_ROOT: &str = "enrollment-tests";

/// Crates and their normal dependencies, by name. Several versions of a crate are one here, as a wall is against all of them.
#[derive(Default)]
struct Graph(BTreeMap<String, BTreeSet<String>>);

impl Graph {
    /// The graph that cargo resolved for this workspace, with every feature of ours on and for every target.
    fn of_this_workspace() -> Self {
        let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
        let output = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args(["metadata", "--format-version", "1", "--all-features", "--locked", "--manifest-path", manifest])
            .output()
            .expect("cargo runs");
        assert!(output.status.success(), "cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr));
        Self::from_metadata(&serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON"))
    }

    fn from_metadata(metadata: &Value) -> Self {
        let names: BTreeMap<&str, &str> =
            entries(&metadata["packages"]).map(|package| (text(&package["id"]), text(&package["name"]))).collect();
        let mut graph = Self::default();
        for node in entries(&metadata["resolve"]["nodes"]) {
            let dependencies = entries(&node["deps"]).filter(|dependency| is_normal(dependency));
            graph.add(names[text(&node["id"])], dependencies.map(|dependency| names[text(&dependency["pkg"])]));
        }
        graph
    }

    fn add<'a>(&mut self, name: &str, dependencies: impl IntoIterator<Item = &'a str>) {
        self.0.entry(name.to_owned()).or_default().extend(dependencies.into_iter().map(str::to_owned));
    }

    /// Every crate that `start` reaches, with the shortest way to it.
    fn ways_from<'a>(&'a self, start: &'a str) -> BTreeMap<&'a str, Vec<&'a str>> {
        let mut ways = BTreeMap::from([(start, vec![start])]);
        let mut next = VecDeque::from([start]);
        while let Some(name) = next.pop_front() {
            let way = ways[name].clone();
            for dependency in self.0.get(name).into_iter().flatten() {
                if !ways.contains_key(dependency.as_str()) {
                    ways.insert(dependency, [way.as_slice(), &[dependency]].concat());
                    next.push_back(dependency);
                }
            }
        }
        ways.remove(start);
        ways
    }
}

/// A normal dependency is compiled into what we ship; those of tests and build scripts are not.
fn is_normal(dependency: &Value) -> bool {
    entries(&dependency["dep_kinds"]).any(|kind| kind["kind"].is_null())
}

fn entries(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().expect("cargo metadata has a list here").iter()
}

fn text(value: &Value) -> &str {
    value.as_str().expect("cargo metadata has a text here")
}

/// Every breach of the architecture, as a person would tell it.
fn breaches(graph: &Graph) -> Vec<String> {
    let mut breaches = Vec::new();
    for wall in &WALLS {
        // A renamed crate would otherwise keep every promise.
        if !graph.0.contains_key(wall.around) {
            breaches.push(format!("{} is gone: give its walls to the crate that took its place", wall.around));
        }
        let ways = graph.ways_from(wall.around);
        let broken = ways.iter().filter(|(name, _)| wall.never.iter().any(|pattern| matches(pattern, name)));
        breaches.extend(broken.map(|(_, way)| way.join(" -> ")));
    }
    let knows_the_root =
        |name: &str, dependencies: &BTreeSet<String>| name != KNOWS_THE_ROOT && dependencies.contains(ROOT);
    let builders = graph.0.iter().filter(|(name, dependencies)| knows_the_root(name, dependencies));
    breaches.extend(builders.map(|(name, _)| format!("{name} -> {ROOT}")));
    breaches
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == pattern,
    }
}

#[test]
fn the_crates_know_only_whom_they_may() {
    assert_eq!(breaches(&Graph::of_this_workspace()), Vec::<String>::new());
}

/// Without this, a graph that was read wrongly would hold no breach either.
#[test]
fn the_graph_holds_the_dependencies_that_are_meant_to_be() {
    let graph = Graph::of_this_workspace();
    for (from, to) in [
        ("enrollment-diesel", "diesel"),
        ("enrollment-diesel", "r2d2"),
        ("enrollment-diesel", "enrollment-core"),
        ("enrollment-http", "actix-web"),
        ("enrollment-http", "tokio"),
        ("enrollment-http", "enrollment-core"),
        ("enrollment-server", "enrollment-http"),
        ("enrollment-server", "enrollment-diesel"),
        ("enrollment-tests", "enrollment-server"),
    ] {
        assert!(graph.ways_from(from).contains_key(to), "{from} should reach {to}");
    }
}

/// A made-up workspace that keeps every promise, for one to be broken in.
fn sound() -> Graph {
    let mut graph = Graph::default();
    graph.add("enrollment-core", ["serde"]);
    graph.add("enrollment-diesel", ["enrollment-core", "diesel"]);
    graph.add("enrollment-http", ["enrollment-core", "actix-web"]);
    graph.add("enrollment-server", ["enrollment-http", "enrollment-diesel"]);
    graph.add("enrollment-tests", ["enrollment-server"]);
    graph.add("actix-web", ["tokio"]);
    graph
}

#[test]
fn a_sound_graph_has_no_breach() {
    assert_eq!(breaches(&sound()), Vec::<String>::new());
}

#[test]
fn a_broken_arrow_is_told_with_its_way() {
    for (from, to, breach) in [
        ("enrollment-core", "tokio", "enrollment-core -> tokio"),
        ("serde", "actix-web", "enrollment-core -> serde -> actix-web -> tokio"),
        ("enrollment-core", "diesel_migrations", "enrollment-core -> diesel_migrations"),
        ("enrollment-http", "enrollment-diesel", "enrollment-http -> enrollment-diesel -> diesel"),
        ("actix-web", "r2d2", "enrollment-http -> actix-web -> r2d2"),
        ("diesel", "tokio-postgres", "enrollment-diesel -> diesel -> tokio-postgres"),
        ("enrollment-diesel", "enrollment-http", "enrollment-diesel -> enrollment-http"),
        ("enrollment-reports", "enrollment-server", "enrollment-reports -> enrollment-server"),
    ] {
        let mut graph = sound();
        graph.add(from, [to]);
        let found = breaches(&graph);
        assert!(found.iter().any(|told| told == breach), "{from} -> {to} should be told as {breach}, not as {found:?}");
    }
}

#[test]
fn a_crate_that_is_gone_is_told() {
    let mut graph = sound();
    graph.0.remove("enrollment-core");
    assert_eq!(breaches(&graph), ["enrollment-core is gone: give its walls to the crate that took its place"]);
}

#[test]
fn only_normal_dependencies_count() {
    let graph = Graph::from_metadata(&serde_json::json!({
        "packages": [
            {"id": "core 1", "name": "core"}, {"id": "kept 1", "name": "kept"}, {"id": "mock 1", "name": "mock"}, {"id": "both 1", "name": "both"}
        ],
        "resolve": {"nodes": [{"id": "core 1", "deps": [
            {"pkg": "kept 1", "dep_kinds": [{"kind": null}]},
            {"pkg": "mock 1", "dep_kinds": [{"kind": "dev"}, {"kind": "build"}]},
            {"pkg": "both 1", "dep_kinds": [{"kind": "dev"}, {"kind": null}]}
        ]}]}
    }));
    let reached: Vec<&str> = graph.ways_from("core").into_keys().collect();
    assert_eq!(reached, ["both", "kept"]);
}
