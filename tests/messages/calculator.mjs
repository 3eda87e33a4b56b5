// The carrier's own segment calculator over lines of JSON: one text in, [encoding, segments] out.
import { createRequire } from "module";
import readline from "readline";

const require = createRequire(process.argv[2]);
const { SegmentedMessage } = require("sms-segments-calculator");
for await (const line of readline.createInterface({ input: process.stdin })) {
  const counted = new SegmentedMessage(JSON.parse(line));
  console.log(JSON.stringify([counted.encodingName, counted.segmentsCount]));
}
