// The code flow with openid-client, step by step as its authors show it. Its one concession to a test is that it may speak http.

import * as client from "openid-client";
import { listen, say, task } from "./program.js";

const { redirectUri, come } = await listen();
const metadata = { client_name: task.name, redirect_uris: [redirectUri], token_endpoint_auth_method: "none" };
const options = { algorithm: "oauth2", execute: [client.allowInsecureRequests] };
const config = await client.dynamicClientRegistration(new URL(task.issuer), metadata, client.None(), options);

const verifier = client.randomPKCECodeVerifier();
const state = client.randomState();
const authorize = client.buildAuthorizationUrl(config, {
  redirect_uri: redirectUri,
  scope: task.scope,
  code_challenge: await client.calculatePKCECodeChallenge(verifier),
  code_challenge_method: "S256",
  state,
});
say({ authorize: authorize.href });

try {
  const tokens = await client.authorizationCodeGrant(config, await come, { pkceCodeVerifier: verifier, expectedState: state });
  say({ tokens });
  const memos = await client.fetchProtectedResource(config, tokens.access_token, new URL(task.memos), "GET");
  say({ memos: await memos.json() });
  const renewed = await client.refreshTokenGrant(config, tokens.refresh_token);
  say({ renewed });
  say({ introspected: await client.tokenIntrospection(config, renewed.access_token) });
  const refresh = renewed.refresh_token ?? tokens.refresh_token;
  await client.tokenRevocation(config, refresh);
  await client.refreshTokenGrant(config, refresh);
  say({ refused: null });
} catch (error) {
  if (!error.error) throw error;
  say({ refused: error.error });
}
