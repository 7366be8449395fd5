//! `d1-cloud`: plans and dispatches to any number of daemons.

fn main() -> std::process::ExitCode {
    d1_cloud::main()
}
