//! The migrations are embedded by a macro, which cargo cannot see: tell it to build again when they change.

fn main() {
    println!("cargo::rerun-if-changed=../../migrations");
}
