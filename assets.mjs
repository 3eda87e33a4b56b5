// Bundle what the pages need, from node_modules (by lock) and service/web/static/src, into static/dist.
import { build } from "esbuild";
import { copyFile, mkdir, rm } from "node:fs/promises";

const source = "service/web/static/src";
const target = "service/web/static/dist";

await rm(target, { recursive: true, force: true });
await mkdir(target, { recursive: true });
const bundle = { outdir: target, bundle: true, minify: true, logLevel: "warning" };
const from = (...names) => names.map((name) => `${source}/${name}`);
// Styles reach the old phones that families use; scripts only browsers that htmx supports, and no
// page needs them.
await build({ ...bundle, entryPoints: from("app.css"), target: ["chrome80", "firefox78", "safari13"] });
await build({
  ...bundle, entryPoints: from("app.js", "compose.js", "inbox.js", "passkey.js", "swagger-init.js"), target: ["es2022"],
});
await build({ ...bundle, entryPoints: from("public.js"), target: ["es5"] });
await copyFile(`${source}/mark.svg`, `${target}/mark.svg`);
// The API's documentation page, without a CDN.
for (const file of ["swagger-ui.css", "swagger-ui-bundle.js"]) {
  await copyFile(`node_modules/swagger-ui-dist/${file}`, `${target}/${file}`);
}
