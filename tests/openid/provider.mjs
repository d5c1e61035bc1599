// A real OpenID provider for the tests: oidc-provider, with the people and keys that a test names.
// Told on the standard input, as JSON: modules, port, clients, people, keys, more.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const told = JSON.parse(readFileSync(0, "utf8"));
const found = createRequire(`${told.modules}/`).resolve("oidc-provider");
const { default: Provider } = await import(pathToFileURL(found).href);

const issuer = `http://127.0.0.1:${told.port}`;
const provider = new Provider(issuer, {
  clients: told.clients,
  jwks: { keys: told.keys },
  cookies: { keys: ["only for tests"] },
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["preferred_username"] },
  features: { backchannelLogout: { enabled: true } },
  // Without its deadline of 2.5 seconds, as a machine may be slow, and into this machine as well.
  fetch: (url, { signal, dispatcher, ...options }) => fetch(url, options),
  conformIdTokenClaims: told.conform ?? true,
  findAccount: async (context, id) => ({
    accountId: id,
    claims: async () => ({ sub: id, ...told.people[id] }),
  }),
});
provider.listen(told.port, "127.0.0.1", () => console.log("ready"));
