// Read pages from stdin as JSON, {name: html}; write what is wrong with them as lines of JSON, none when nothing is.
import { readFileSync } from "node:fs";
import { HtmlValidate } from "html-validate";

const judge = new HtmlValidate({
  extends: ["html-validate:recommended"],
  rules: {
    // A matter of taste, not of meaning: void elements are written as HTML 5 writes them.
    "void-style": "off",
    "no-trailing-whitespace": "off",
    "long-title": "off",
  },
});
for (const [name, html] of Object.entries(JSON.parse(readFileSync(0, "utf8")))) {
  const report = await judge.validateString(html, `${name}.html`);
  for (const { messages } of report.results)
    for (const { ruleId, message, line, column } of messages)
      console.log(JSON.stringify({ name, rule: ruleId, message, line, column }));
}
