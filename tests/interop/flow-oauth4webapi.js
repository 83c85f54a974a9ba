// The code flow with oauth4webapi, step by step as its authors show it. Its one concession to a test is that it may speak http.

import * as oauth from "oauth4webapi";
import { listen, say, task } from "./program.js";

const options = { [oauth.allowInsecureRequests]: true };
const issuer = new URL(task.issuer);
const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { ...options, algorithm: "oauth2" }));
const { redirectUri, come } = await listen();
// The port is free on the device itself (RFC 8252 §7.3), so it is not registered.
const metadata = { client_name: task.name, redirect_uris: ["http://127.0.0.1/callback"], token_endpoint_auth_method: "none" };
const client = await oauth.processDynamicClientRegistrationResponse(
  await oauth.dynamicClientRegistrationRequest(as, metadata, options),
);

const verifier = oauth.generateRandomCodeVerifier();
const state = oauth.generateRandomState();
const authorize = new URL(as.authorization_endpoint);
authorize.search = new URLSearchParams({
  client_id: client.client_id,
  redirect_uri: redirectUri,
  response_type: "code",
  scope: task.scope,
  code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
  code_challenge_method: "S256",
  state,
}).toString();
say({ authorize: authorize.href });

try {
  const answer = oauth.validateAuthResponse(as, client, await come, state);
  const request = oauth.authorizationCodeGrantRequest(as, client, oauth.None(), answer, redirectUri, verifier, options);
  const tokens = await oauth.processAuthorizationCodeResponse(as, client, await request);
  say({ tokens });

  const memos = await oauth.protectedResourceRequest(tokens.access_token, "GET", new URL(task.memos), undefined, undefined, options);
  say({ memos: await memos.json() });

  const renewed = await oauth.processRefreshTokenResponse(
    as,
    client,
    await oauth.refreshTokenGrantRequest(as, client, oauth.None(), tokens.refresh_token, options),
  );
  say({ renewed });

  const looked = await oauth.introspectionRequest(as, client, oauth.None(), renewed.access_token, options);
  say({ introspected: await oauth.processIntrospectionResponse(as, client, looked) });

  const refresh = renewed.refresh_token ?? tokens.refresh_token;
  await oauth.processRevocationResponse(await oauth.revocationRequest(as, client, oauth.None(), refresh, options));
  const again = await oauth.refreshTokenGrantRequest(as, client, oauth.None(), refresh, options);
  await oauth.processRefreshTokenResponse(as, client, again);
  say({ refused: null });
} catch (error) {
  if (!error.error) throw error;
  say({ refused: error.error });
}
