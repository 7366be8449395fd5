//! The tools that projects pin: how each is called, tells its version, and is packaged.

use d1_core::Manager;

/// A tool that is known.
#[derive(Clone, Copy, Debug)]
pub(in crate::doctor) struct Tool {
    /// The one name we know it by.
    name: &'static str,
    /// Its programs; the first that is there counts.
    pub(in crate::doctor) programs: &'static [&'static str],
    /// How it is asked for its version, without doing anything else.
    pub(in crate::doctor) ask: &'static [&'static str],
    /// What stands before the version in its answer.
    pub(in crate::doctor) after: &'static str,
    /// The package that brings it; empty where that differs too much to say.
    pub(in crate::doctor) package: &'static str,
    /// The managers by which the package is called otherwise.
    pub(in crate::doctor) names: &'static [(Manager, &'static str)],
}

/// Asked in the way of most.
const USUAL: &[&str] = &["--version"];

const fn usual(name: &'static str, programs: &'static [&'static str]) -> Tool {
    Tool { name, programs, ask: USUAL, after: "", package: "", names: &[] }
}

/// The tool, asked in another way.
const fn asked(tool: Tool, ask: &'static [&'static str], after: &'static str) -> Tool {
    Tool { ask, after, ..tool }
}

/// The tool, from a package of this name.
const fn from(tool: Tool, package: &'static str) -> Tool {
    Tool { package, ..tool }
}

/// With the managers by which the package is called otherwise.
const fn also(tool: Tool, names: &'static [(Manager, &'static str)]) -> Tool {
    Tool { names, ..tool }
}

use Manager::{Apk, Apt, Brew, Dnf, Pacman, Zypper};

const TOOLS: &[Tool] = &[
    also(from(usual("node", &["node"]), "nodejs"), &[(Brew, "node")]),
    also(from(usual("python", &["python3", "python"]), "python3"), &[(Pacman, "python")]),
    also(
        from(asked(usual("go", &["go"]), &["version"], ""), "golang"),
        &[(Apt, "golang-go"), (Pacman, "go"), (Zypper, "go"), (Apk, "go"), (Brew, "go")],
    ),
    also(from(usual("rust", &["rustc"]), "rust"), &[(Apt, "rustc")]),
    asked(usual("java", &["java"]), &["-version"], ""),
    from(usual("ruby", &["ruby"]), "ruby"),
    also(from(usual("php", &["php"]), "php"), &[(Apt, "php-cli"), (Dnf, "php-cli")]),
    from(usual("perl", &["perl"]), "perl"),
    asked(usual("elixir", &["elixir"]), USUAL, "Elixir "),
    from(asked(usual("lua", &["lua"]), &["-v"], ""), "lua"),
    asked(usual("zig", &["zig"]), &["version"], ""),
    usual("deno", &["deno"]),
    usual("bun", &["bun"]),
    usual("dotnet", &["dotnet"]),
    usual("julia", &["julia"]),
    usual("npm", &["npm"]),
    usual("pnpm", &["pnpm"]),
    // Classic Yarn hands over to whatever program the project names, in any folder below it.
    usual("yarn", &["yarn"]),
    usual("poetry", &["poetry"]),
    usual("uv", &["uv"]),
    from(usual("git", &["git"]), "git"),
    from(usual("make", &["make"]), "make"),
    from(usual("cmake", &["cmake"]), "cmake"),
    also(from(usual("ninja", &["ninja"]), "ninja-build"), &[(Brew, "ninja"), (Pacman, "ninja")]),
    from(usual("gcc", &["gcc"]), "gcc"),
    from(usual("clang", &["clang"]), "clang"),
    from(usual("maven", &["mvn"]), "maven"),
    usual("gradle", &["gradle"]),
    from(usual("jq", &["jq"]), "jq"),
    from(usual("curl", &["curl"]), "curl"),
    from(asked(usual("ffmpeg", &["ffmpeg"]), &["-version"], ""), "ffmpeg"),
    also(from(usual("protoc", &["protoc"]), "protobuf-compiler"), &[(Brew, "protobuf")]),
    asked(usual("shellcheck", &["shellcheck"]), USUAL, "version: "),
    usual("docker", &["docker"]),
    asked(usual("kubectl", &["kubectl"]), &["version", "--client"], ""),
    asked(usual("helm", &["helm"]), &["version", "--short"], ""),
    asked(usual("terraform", &["terraform"]), &["version"], ""),
    usual("awscli", &["aws"]),
    also(
        from(usual("postgresql", &["psql"]), "postgresql-client"),
        &[(Brew, "libpq"), (Dnf, "postgresql"), (Pacman, "postgresql-libs")],
    ),
    from(usual("sqlite", &["sqlite3"]), "sqlite3"),
    from(usual("redis", &["redis-server"]), "redis"),
];

/// The tool that goes by this name.
pub(in crate::doctor) fn tool(name: &str) -> Option<&'static Tool> {
    TOOLS.iter().find(|tool| tool.name == name)
}

#[cfg(test)]
mod tests {
    use super::TOOLS;

    #[test]
    fn no_tool_is_listed_twice() {
        let mut names: Vec<&str> = TOOLS.iter().map(|tool| tool.name).collect();
        names.sort_unstable();
        let before = names.len();
        names.dedup();
        assert_eq!(names.len(), before);
    }
}
