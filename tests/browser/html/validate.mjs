// Read pages from stdin as JSON, {name: html}; write what is wrong with them as lines of JSON, none when nothing is.
import { readFileSync } from "node:fs";
import { HtmlValidate } from "html-validate";

const judge = new HtmlValidate({
  extends: ["html-validate:recommended"],
  rules: {
    // Matters of taste, not of meaning.
    "void-style": "off",
    "doctype-style": "off",
    "attribute-boolean-style": "off",
    "no-trailing-whitespace": "off",
    "long-title": "off",
    // Our styles keep a number on one line, and it can still be copied as people type it.
    "tel-non-breaking": "off",
    // A button in a form sends it: that is what ours are for.
    "no-implicit-button-type": "off",
  },
});
for (const [name, html] of Object.entries(JSON.parse(readFileSync(0, "utf8")))) {
  const report = await judge.validateString(html, `${name}.html`);
  for (const { messages } of report.results)
    for (const { ruleId, message, line, column } of messages)
      console.log(JSON.stringify({ name, rule: ruleId, message, line, column }));
}
