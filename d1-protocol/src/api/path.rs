//! Where things are, in the notation of the server's router.

/// Make a setup.
pub const CREATE: &str = "/api/v1/setup/create";
/// All setups.
pub const TASKS: &str = "/api/v1/setup/tasks";
/// One setup.
pub const TASK: &str = "/api/v1/setup/tasks/{id}";
/// What a setup tells, as server-sent events.
pub const EVENTS: &str = "/api/v1/setup/tasks/{id}/events";
/// Say yes to a setup.
pub const APPROVE: &str = "/api/v1/setup/tasks/{id}/approve";
/// Stop a setup.
pub const CANCEL: &str = "/api/v1/setup/tasks/{id}/cancel";
/// Go on with a setup that failed or was stopped.
pub const RESUME: &str = "/api/v1/setup/tasks/{id}/resume";
/// The plan of a setup, whole.
pub const PLAN: &str = "/api/v1/setup/tasks/{id}/plan";
/// Sign the plan of a setup.
pub const SIGN: &str = "/api/v1/setup/tasks/{id}/grant";
/// Take back what a setup changed.
pub const UNDO: &str = "/api/v1/setup/tasks/{id}/undo";
/// How the caller's account stands.
pub const BALANCE: &str = "/api/v1/user/balance";
/// How it came to that, as JSON or as a table for spreadsheets.
pub const ENTRIES: &str = "/api/v1/credits/entries";
/// Which of its grants are left, as JSON or as a table for spreadsheets.
pub const GRANTS: &str = "/api/v1/credits/grants";
/// What something would cost.
pub const QUOTE: &str = "/api/v1/credits/quote";
/// Set credits aside to be spent without a connection.
pub const LEASES: &str = "/api/v1/credits/leases";
/// Tell what was spent of them.
pub const LEASE: &str = "/api/v1/credits/leases/{id}/settle";
/// What it may spend at most.
pub const CAPS: &str = "/api/v1/credits/caps";
/// One of these limits: set it, or lift it.
pub const CAP: &str = "/api/v1/credits/caps/{scope}";
/// The same over gRPC, call by call.
pub const CREDITS_CALL: &str = "/d1.api.v1.Credits/{call}";
/// Setups over gRPC, call by call.
pub const SETUPS_CALL: &str = "/d1.api.v1.Setups/{call}";
/// Devices over gRPC, call by call.
pub const DEVICES_CALL: &str = "/d1.api.v1.Devices/{call}";
/// Whether the server can work, over gRPC.
pub const HEALTH_CALL: &str = "/grpc.health.v1.Health/{call}";
/// Which services and messages there are, over gRPC.
pub const REFLECTION_CALL: &str = "/grpc.reflection.v1.ServerReflection/{call}";
/// The devices that are linked.
pub const DEVICES: &str = "/api/v1/devices";
/// End what waits for a device that is away.
pub const PURGE: &str = "/api/v1/devices/{id}/purge";
/// Where devices link up.
pub const LINK: &str = "/api/v1/link";
/// The devices that enrolled.
pub const ENROLMENTS: &str = "/api/v1/enrolments";
/// The tokens by which devices enrol: see those that are open, or make one.
pub const ENROLMENT_TOKENS: &str = "/api/v1/enrolments/tokens";
/// One of these tokens: take it back.
pub const ENROLMENT_TOKEN: &str = "/api/v1/enrolments/tokens/{id}";
/// A device enrols.
pub const ENROL: &str = "/api/v1/enrolments/enrol";
/// A device gets its next certificate with the last one.
pub const RENEW: &str = "/api/v1/enrolments/renew";
/// A device gets its next certificate though the last one is over.
pub const RECOVER: &str = "/api/v1/enrolments/recover";
/// One device that enrolled: take its identity back.
pub const ENROLMENT: &str = "/api/v1/enrolments/{id}";
/// Who the caller is.
pub const ME: &str = "/api/v1/user/me";
/// The caller's sign-ins.
pub const SESSIONS: &str = "/api/v1/user/sessions";
/// One of them: end it.
pub const SESSION: &str = "/api/v1/user/sessions/{id}";
/// The tokens that the caller made: see them, or make one.
pub const TOKENS: &str = "/api/v1/user/tokens";
/// One of them: take it back.
pub const TOKEN: &str = "/api/v1/user/tokens/{id}";
/// Begin to sign in by a code that is typed (RFC 8628).
pub const DEVICE_CODE: &str = "/api/v1/auth/device-code";
/// Get tokens (RFC 6749).
pub const AUTH_TOKEN: &str = "/api/v1/auth/token";
/// End a sign-in (RFC 7009).
pub const AUTH_REVOKE: &str = "/api/v1/auth/revoke";
/// What the authorization server offers (RFC 8414).
pub const AUTH_METADATA: &str = "/.well-known/oauth-authorization-server";
/// The keys by which its tokens are verified (RFC 7517).
pub const JWKS: &str = "/.well-known/jwks.json";
/// Where a person types a code.
pub const ACTIVATE: &str = "/activate";
/// Where a person says yes or no to it.
pub const DECIDE: &str = "/activate/decide";
/// Where a person signs in.
pub const SIGN_IN: &str = "/sign-in";
/// Where a person goes to sign in at another provider of identities.
pub const SIGN_IN_ELSEWHERE: &str = "/sign-in/elsewhere";
/// Where that one sends them back to.
pub const SIGN_IN_ANSWER: &str = "/sign-in/elsewhere/back";
/// Where a person signs out.
pub const SIGN_OUT: &str = "/sign-out";
/// Where a person lets a program on their machine in (RFC 6749 §4.1).
pub const AUTHORIZE: &str = "/authorize";
/// Between servers: put a question to a device that is linked to the one that is asked.
pub const NODE_QUESTION: &str = "/node/v1/devices/{id}/question";
/// Between servers: do with a setup as a person wishes.
pub const NODE_WISH: &str = "/node/v1/setups/{id}/wish";
/// Between servers: the devices of an account that are linked to the one that is asked.
pub const NODE_DEVICES: &str = "/node/v1/accounts/{id}/devices";
/// What can be asked over HTTP, as an OpenAPI document.
pub const OPENAPI: &str = "/api/v1/openapi.json";
/// Whether the server lives.
pub const HEALTH: &str = "/healthz";
/// Whether the server can work.
pub const READY: &str = "/readyz";
