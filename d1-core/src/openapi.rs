//! What texts of ours look like, for programs that are made from a description of the API.
//!
//! Whatever passes a description here passes the check of its type, but for the few rules that
//! no pattern can say.

use crate::{AbsolutePath, Digest, HostName, Scope, Scopes};
use utoipa::openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type};

/// Gives a type the description that an expression makes.
macro_rules! described {
    ($name:ty, $schema:expr) => {
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                $schema
            }
        }
        impl utoipa::ToSchema for $name {}
    };
}
pub(crate) use described;

/// A text that a pattern describes (ECMA-262).
fn text(about: &str, pattern: &str, max: usize) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(about))
        .pattern(Some(pattern))
        .max_length(Some(max))
}

/// An identifier.
pub(crate) fn id() -> RefOr<Schema> {
    let format = Some(SchemaFormat::KnownFormat(KnownFormat::Uuid));
    ObjectBuilder::new().schema_type(Type::String).format(format).into()
}

/// A name of letters, digits and what else is allowed, which begins like neither an option nor
/// a path.
pub(crate) fn name(kind: &str, max: usize, allowed: &str) -> RefOr<Schema> {
    let class = |signs: &mut dyn Iterator<Item = char>| {
        signs.fold("A-Za-z0-9".to_owned(), |class, sign| match sign {
            '-' | ']' | '\\' | '^' => class + "\\" + &sign.to_string(),
            _ => class + &sign.to_string(),
        })
    };
    let first = class(&mut allowed.chars().filter(|sign| !"-./+".contains(*sign)));
    let rest = class(&mut allowed.chars());
    text(kind, &format!("^[{first}][{rest}]*$"), max).into()
}

/// The longest that all scopes together are: each once, and spaces.
fn longest_scopes() -> usize {
    Scope::ALL.iter().map(|scope| scope.as_str().len() + 1).sum()
}

described!(Digest, text("a SHA-256 digest", "^[0-9a-f]{64}$", 64).into());
described!(
    AbsolutePath,
    text("an absolute path without detours", "^~?/", AbsolutePath::MAX).into()
);
described!(
    HostName,
    text(
        "a host, with its port when that is not one of HTTP",
        "^([A-Za-z0-9_][A-Za-z0-9._\\-]*|\\[[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*\\])(:[1-9][0-9]{0,3})?$",
        HostName::MAX,
    )
    .into()
);
described!(
    Scope,
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(Scope::ALL.iter().map(|scope| scope.as_str())))
        .into()
);
described!(Scopes, {
    let all: Vec<&str> = Scope::ALL.iter().map(|scope| scope.as_str()).collect();
    let one = all.join("|");
    let pattern = format!("^(({one})( ({one}))*)?$");
    text("what somebody may do: names and spaces (RFC 6749 §3.3)", &pattern, longest_scopes())
        .into()
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{GroupName, PackageName, SetupId};
    use serde_json::json;
    use utoipa::PartialSchema;

    fn told<T: PartialSchema>() -> serde_json::Value {
        serde_json::to_value(T::schema()).unwrap()
    }

    #[test]
    fn a_name_is_described_by_what_may_be_in_it_and_what_it_begins_with() {
        let group = told::<GroupName>();
        assert_eq!(group["pattern"], json!(r"^[A-Za-z0-9_][A-Za-z0-9_\-]*$"));
        assert_eq!(group["maxLength"], json!(GroupName::MAX));
        let package = told::<PackageName>();
        assert_eq!(package["pattern"], json!(r"^[A-Za-z0-9_@:][A-Za-z0-9._+\-@:/]*$"));
        assert_eq!(told::<SetupId>()["format"], "uuid");
    }

    #[test]
    fn every_scope_there_is_is_described() {
        let scopes = told::<Scopes>();
        assert_eq!(told::<Scope>()["enum"].as_array().unwrap().len(), Scope::ALL.len());
        for scope in Scope::ALL {
            assert!(scopes["pattern"].as_str().unwrap().contains(scope.as_str()), "{scope}");
        }
        assert!(Scopes::all().to_string().len() <= longest_scopes());
    }
}
