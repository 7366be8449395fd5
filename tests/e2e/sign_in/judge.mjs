// Signs in to a cloud with openid-client, which we did not write, and judges what it is told.
//
//   node judge.mjs FOLDER-OF-MODULES http://127.0.0.1:PORT
//
// 1. The library is told what the server offers, and begins (RFC 8414, RFC 8628).
// 2. Somebody else polls too fast with the same code, so that the library is told to slow down
//    by its next question, and has to go on, more slowly.
// 3. The code is printed, and a line on standard input says that a person has decided.
// 4. It collects its tokens, refreshes and signs out; a used refresh token is refused.
//
// Prints `good` in the end.
import assert from "node:assert";
import { createRequire } from "node:module";
import { once } from "node:events";
import { pathToFileURL } from "node:url";

const [modules, home] = process.argv.slice(2);
const found = createRequire(`${modules}/package.json`).resolve("openid-client");
const client = await import(pathToFileURL(found));

const CLIENT = "d1-cli";
const SCOPE = "credits:read offline_access";

const config = await client.discovery(new URL(home), CLIENT, undefined, client.None(), {
  algorithm: "oauth2",
  execute: [client.allowInsecureRequests], // loopback
});
const server = config.serverMetadata();
assert.equal(server.issuer, home);

// Every answer to a question for tokens, as the library hears it.
const heard = [];
config[client.customFetch] = async (url, options) => {
  const answer = await fetch(url, options);
  if (String(url) === server.token_endpoint) {
    heard.push((await answer.clone().json()).error ?? "tokens");
  }
  return answer;
};

const begun = await client.initiateDeviceAuthorization(config, { scope: SCOPE });
const form = new URLSearchParams({
  client_id: CLIENT,
  device_code: begun.device_code,
  grant_type: "urn:ietf:params:oauth:grant-type:device_code",
});
const hurried = async () =>
  (await (await fetch(server.token_endpoint, { method: "POST", body: form })).json()).error;

// The library waits before it asks; somebody else asks right before it does.
let asked = 0;
const listen = config[client.customFetch];
config[client.customFetch] = async (url, options) => {
  if (String(url) === server.token_endpoint && asked++ === 0) {
    assert.equal(await hurried(), "authorization_pending");
  }
  const answer = await listen(url, options);
  if (heard.length === 1) {
    console.log(begun.user_code);
    await once(process.stdin, "data");
  }
  return answer;
};
const first = await client.pollDeviceAuthorizationGrant(config, begun);
assert.deepEqual(heard, ["slow_down", "tokens"]);

const second = await client.refreshTokenGrant(config, first.refresh_token);
assert.notEqual(second.refresh_token, first.refresh_token);
const balance = async (token) =>
  (await client.fetchProtectedResource(config, token, new URL(`${home}/api/v1/user/balance`), "GET"))
    .status;
assert.equal(await balance(second.access_token), 200);
await assert.rejects(client.refreshTokenGrant(config, first.refresh_token), {
  error: "invalid_grant",
});
await client.tokenRevocation(config, second.refresh_token);
const ended = await fetch(`${home}/api/v1/user/balance`, {
  headers: { authorization: `Bearer ${second.access_token}` },
});
assert.equal(ended.status, 401);
console.log("good");
process.exit(0);
