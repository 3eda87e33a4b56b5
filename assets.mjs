// Bundle what the pages need, from node_modules (by lock) and service/web/static/src, into static/dist.
import { build } from "esbuild";
import { copyFile, mkdir, rm } from "node:fs/promises";

const source = "service/web/static/src";
const target = "service/web/static/dist";

await rm(target, { recursive: true, force: true });
await mkdir(target, { recursive: true });
await build({
  entryPoints: [`${source}/app.css`, `${source}/app.js`, `${source}/swagger-init.js`],
  outdir: target,
  bundle: true,
  minify: true,
  target: ["es2019", "chrome80", "firefox78", "safari13"],
  logLevel: "warning",
});
// The API's documentation page, without a CDN.
for (const file of ["swagger-ui.css", "swagger-ui-bundle.js"]) {
  await copyFile(`node_modules/swagger-ui-dist/${file}`, `${target}/${file}`);
}
