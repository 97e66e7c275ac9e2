/** Initialisations against a live PyTorch, where it is installed. */
import { execFileSync, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { it } from "vitest";
import { compareInitializations } from "./testing/initialization-record.ts";

const python = "/usr/bin/python3";
const hasTorch = spawnSync(python, ["-c", "import torch"]).status === 0;

it.skipIf(!hasTorch)(`draws as a live PyTorch does${hasTorch ? "" : ` (skipped: ${python} has no torch)`}`, () => {
  const script = fileURLToPath(new URL("../../scripts/references/initializations.py", import.meta.url));
  const env = { ...process.env, PYTHONDONTWRITEBYTECODE: "1" };
  compareInitializations(JSON.parse(execFileSync(python, [script], { encoding: "utf8", env })));
});
