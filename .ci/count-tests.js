/** Prints "passed failed skipped" of a vitest JSON report, and names the skipped tests on standard error. */
import { readFileSync } from "node:fs";
import path from "node:path";

/** @type {{ testResults: { name: string, status: string, assertionResults: { status: string, fullName: string }[] }[] }} */
const { testResults } = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8"));
const count = { passed: 0, failed: 0, skipped: 0 };

for (const { name: file, status: fileStatus, assertionResults } of testResults) {
  // A file that does not load has no tests to report, and is a failure all the same.
  if (fileStatus === "failed" && !assertionResults.some(({ status }) => status === "failed")) count.failed++;
  for (const { status, fullName } of assertionResults) {
    if (status === "passed" || status === "failed") {
      count[status]++;
      continue;
    }
    // Here oneDNN is required, so a test of the engine that did not run proves nothing and must not look well. What a processor
    // without AMX or AVX-512 cannot run is no fault of the code.
    const needsOther = /\(skipped: (kernels need A(MX|VX-512)|this processor or system runs no kernels)/.test(fullName);
    const unproved = file.includes("/src/") && !needsOther && (/onednn/i.test(fullName) || file.includes("/onednn/"));
    count[unproved && process.env.NAEVUS_REQUIRE_ONEDNN === "1" ? "failed" : "skipped"]++;
    console.error(`${unproved ? "NOT RUN" : "skipped"}: ${path.basename(file)}: ${fullName}`);
  }
}
console.log(count.passed, count.failed, count.skipped);
