//! Rebuilds the crate when a migration is added: the migrations are compiled in.

#![expect(clippy::print_stdout, reason = "build scripts talk to cargo on stdout")]

fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
}
