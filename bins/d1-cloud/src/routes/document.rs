//! What can be asked over HTTP, as an OpenAPI document (3.1): made from the routes themselves.
//!
//! 1. Each route brings its address, its words and its answer (`utoipa::path`).
//! 2. What is the same for many is put to them here: who may ask, by the table that really lets
//!    them through, and how it is told that something is not done.
//! 3. `openapi.json` beside the sources is the same, for programs that are made from it.

use super::{
    anybody, known,
    scopes::{Need, need},
};
use axum::{
    http::{
        Method, StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE},
    },
    response::{IntoResponse as _, Response},
};
use d1_protocol::api::{self, PROBLEM_JSON, ProblemBody};
use std::sync::LazyLock;
use utoipa::{
    PartialSchema as _, ToSchema as _,
    openapi::{
        Components, ContentBuilder, HeaderBuilder, InfoBuilder, ObjectBuilder, OpenApi, Ref, RefOr,
        ResponseBuilder, Schema, SecurityRequirement, Type,
        path::{Operation, Parameter},
        response::Response as Answer,
        schema::SchemaType,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

/// Programs may keep the document for five minutes, as they may the keys.
const KEPT: &str = "public, max-age=300";
/// What the one way to be known is called.
const TOKEN: &str = "token";

/// The document, written once.
static DOCUMENT: LazyLock<String> = LazyLock::new(text);

/// What can be asked over HTTP: this document.
#[utoipa::path(
    get, path = api::OPENAPI, operation_id = "getDocument", tag = "health",
    responses((status = 200, body = serde_json::Value)),
)]
pub(super) async fn document() -> Response {
    ([(CACHE_CONTROL, KEPT), (CONTENT_TYPE, "application/json")], DOCUMENT.as_str()).into_response()
}

/// The document as it is kept: indented, and ended by a line break.
fn text() -> String {
    // It is made of texts only, which are always written.
    let text = serde_json::to_string_pretty(&describe()).unwrap_or_default() + "\n";
    // The registry of formats writes the numbers without a sign like this, and links of our
    // documentation lead nowhere from here.
    text.replace("\"u-int", "\"uint").replace("[`", "`").replace("`]", "`")
}

/// Everything that can be asked over HTTP.
fn describe() -> OpenApi {
    let mut api = known().merge(anybody()).into_openapi();
    api.info = InfoBuilder::new()
        .title("Day 1 Doctor cloud")
        .version("1")
        .description(Some(
            "Times are in milliseconds since 1970, amounts in micro-credits. What is not done is \
             told as problem details (RFC 9457). Fields may be added to answers; a request with a \
             field that is not known is refused.",
        ))
        .build();
    let components = api.components.get_or_insert_default();
    add_words(components);
    for (path, item) in &mut api.paths.paths {
        for (method, operation) in operations(item) {
            complete(&method, path, operation);
        }
    }
    api
}

/// What no route names by itself.
fn add_words(components: &mut Components) {
    let mut schemas = vec![(ProblemBody::name().into_owned(), ProblemBody::schema())];
    ProblemBody::schemas(&mut schemas);
    components.schemas.extend(schemas);
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("an access token, or a token that somebody made for a program"))
        .build();
    components.add_security_scheme(TOKEN, SecurityScheme::Http(bearer));
}

/// The operations of an address.
fn operations(
    item: &mut utoipa::openapi::PathItem,
) -> impl Iterator<Item = (Method, &mut Operation)> {
    [
        (Method::GET, item.get.as_mut()),
        (Method::PUT, item.put.as_mut()),
        (Method::POST, item.post.as_mut()),
        (Method::DELETE, item.delete.as_mut()),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation?)))
}

/// Puts to an operation what it has in common with others.
fn complete(method: &Method, path: &str, operation: &mut Operation) {
    if let Some(need) = need(method, path, path) {
        let scopes = match need {
            Need::Scope(scope) => vec![scope.to_string()],
            Need::Anybody => Vec::new(),
        };
        operation.security = Some(vec![SecurityRequirement::new(TOKEN, scopes)]);
        refuse(operation, "401", "nobody is known by this token", Some("WWW-Authenticate"));
        refuse(operation, "403", "whoever asks may not", Some("WWW-Authenticate"));
    } else {
        operation.security = Some(Vec::new());
    }
    for parameter in operation.parameters.iter_mut().flatten() {
        if let RefOr::T(Parameter { schema: Some(schema), .. }) = parameter {
            leave_out_nothing(schema);
        }
    }
    let is_auth = operation.responses.responses.contains_key("4XX");
    if !is_auth && !matches!(path, api::HEALTH | api::READY) {
        refuse(operation, "429", "this is too much in a time", Some("Retry-After"));
    }
    refuse(operation, "default", "it is not done, and this is why", None);
    for (status, answer) in &mut operation.responses.responses {
        if let RefOr::T(Answer { description, .. }) = answer
            && description.is_empty()
        {
            *description = plainly(status);
        }
    }
}

/// What need not be said in a head or an address is not there; there is no `null` in them.
fn leave_out_nothing(schema: &mut RefOr<Schema>) {
    let nothing = |types: &Type| *types == Type::Null;
    if let RefOr::T(Schema::OneOf(choice)) = schema
        && let [one, RefOr::T(Schema::Object(other))] | [RefOr::T(Schema::Object(other)), one] =
            choice.items.as_slice()
        && matches!(&other.schema_type, SchemaType::Type(kind) if nothing(kind))
    {
        *schema = one.clone();
    } else if let RefOr::T(Schema::Object(object)) = schema
        && let SchemaType::Array(types) = &object.schema_type
        && let Some(kind) = types.iter().find(|kind| !nothing(kind))
    {
        object.schema_type = SchemaType::Type(kind.clone());
    }
}

/// Adds the answer to what is not done.
fn refuse(operation: &mut Operation, status: &str, about: &str, field: Option<&str>) {
    let body = ContentBuilder::new().schema(Some(Ref::from_schema_name(ProblemBody::name())));
    let answer = ResponseBuilder::new().description(about).content(PROBLEM_JSON, body.build());
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let answer = field.into_iter().fold(answer, |answer, field| {
        answer.header(field, HeaderBuilder::new().schema(Some(text())).build())
    });
    operation.responses.responses.entry(status.to_owned()).or_insert(answer.build().into());
}

/// What a status says when nobody says more.
fn plainly(status: &str) -> String {
    let known = status.parse().ok().and_then(|status: StatusCode| status.canonical_reason());
    known.map_or_else(|| "it is not done, and this is why".to_owned(), str::to_lowercase)
}

#[cfg(test)]
mod tests;
