//! Go, and what its variables point to.

use super::super::{check::Found, sight::Sight};

/// A variable of go: from the environment, or from the file that `go env -w` writes.
fn variable(sight: &Sight, name: &str) -> Option<String> {
    sight.var(name).or_else(|| {
        let text = super::super::sight::read(&sight.at_home(".config/go/env")?).ok().flatten()?;
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        line.map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    })
}

pub(super) async fn root(sight: Sight) -> Found {
    if !sight.has("go") {
        return Found::skipped("there is no Go");
    }
    let Some(root) = variable(&sight, "GOROOT") else {
        return Found::skipped("GOROOT is not set");
    };
    let root = root.trim_end_matches('/').to_owned();
    if sight.host.file(&format!("{root}/pkg")).exists()
        || sight.host.file(&format!("{root}/src")).exists()
    {
        return Found::ok("it does");
    }
    Found::fail("go does nothing: GOROOT points to where no Go is")
        .details([root])
        .remedy("unset GOROOT; go env -u GOROOT. Go finds itself")
}

pub(super) async fn path(sight: Sight) -> Found {
    if !sight.has("go") {
        return Found::skipped("there is no Go");
    }
    let Some(path) = variable(&sight, "GOPATH") else {
        return Found::skipped("GOPATH is not set");
    };
    let relative: Vec<&str> =
        path.split(':').filter(|folder| !folder.is_empty() && !folder.starts_with('/')).collect();
    if relative.is_empty() {
        return Found::ok("it does not");
    }
    Found::fail("go refuses to work: GOPATH must not depend on where one stands")
        .details(relative)
        .remedy("unset GOPATH; go env -u GOPATH. Without it, it is ~/go")
}
