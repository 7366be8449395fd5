// A provider of identities that we did not write (oidc-provider, certified by the OpenID
// Foundation), for people of a cloud to sign in at.
//
//   node provider.mjs FOLDER-OF-MODULES
//
// 1. It listens, and prints what it calls itself.
// 2. A line on standard input says where its one client, `d1`, has people sent back to.
// 3. It prints `ready`, and lets anybody in who says who they are; they are `person-WHO` to it.
import { createRequire } from "node:module";
import { createServer } from "node:http";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const [modules] = process.argv.slice(2);
const found = createRequire(`${modules}/package.json`).resolve("oidc-provider");
const { default: Provider } = await import(pathToFileURL(found));

const server = createServer();
server.listen(0, "127.0.0.1");
await once(server, "listening");
const issuer = `http://127.0.0.1:${server.address().port}`;
console.log(issuer);

const [answerAt] = await once(createInterface({ input: process.stdin }), "line");
const provider = new Provider(issuer, {
  clients: [
    {
      client_id: "d1",
      client_secret: "a secret + of two",
      redirect_uris: [answerAt],
      grant_types: ["authorization_code"],
      response_types: ["code"],
    },
  ],
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, preferred_username: `person-${id}` }),
  }),
  conformIdTokenClaims: false,
  claims: { openid: ["sub"], profile: ["preferred_username"], email: ["email"] },
});
server.on("request", provider.callback());
console.log("ready");
