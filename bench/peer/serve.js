// Serves worker.js on workerd, with KV and the site's files kept on disk.
// node serve.js PORT STATE_DIR SIGNING_KEY_JWK
import { build } from "esbuild";
import { Miniflare } from "miniflare";

const [port, stateDir, signingKey] = process.argv.slice(2);

const bundle = await build({
  entryPoints: [new URL("worker.js", import.meta.url).pathname],
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  external: ["node:*"],
  write: false,
});

const mf = new Miniflare({
  host: "127.0.0.1",
  port: Number(port),
  modules: true,
  script: bundle.outputFiles[0].text,
  compatibilityDate: "2026-04-01",
  compatibilityFlags: ["nodejs_compat"],
  kvNamespaces: ["KV"],
  kvPersist: `${stateDir}/kv`,
  bindings: { SIGNING_KEY: JSON.parse(signingKey), ISSUER: "memo-auth", AUDIENCE: "memo-api" },
});
await mf.ready;
