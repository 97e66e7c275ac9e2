/** The memory that a training plan states, compared with what a process grows by when it makes the plan and takes a step. */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { compileModule } from "../testing/compiled.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { onednnEngines, onednnMissing } from "./testing/engines-under-test.ts";

const folder = temporaryFolder();
const program = join(folder, "memory.mjs");

/** Prints the bytes that are stated and those that the process has grown by. A first plan loads what every plan needs. */
const source = `
import { readFileSync } from "node:fs";
import { selectEngine } from "./out/engine/select-engine.js";
import { adam } from "./out/engine/optimizer.js";
import { randomBatch } from "./out/engine/profile/timing.js";
import { networks } from "./out/network/architectures.js";
import { buildGraph } from "./out/network/graph.js";
import { initialParameters } from "./out/network/parameters.js";
import { Random } from "./out/random.js";

const [name, precision] = process.argv.slice(2);
const engine = await selectEngine("onednn", console.error);
function step(graph, batch) {
  const plan = engine.trainingPlan(graph, { batch, precision, optimizer: adam() });
  plan.setParameters(initialParameters(graph.parameters, Random.of(1)));
  const { images, targets } = randomBatch(graph, batch, Random.of(2));
  plan.computeGradients(images, targets);
  plan.update(0.001);
  return plan;
}
async function resident() {
  gc();
  await new Promise((done) => setTimeout(done, 500)); // Buffers are freed beside the program.
  gc();
  return 1024 * Number(/VmRSS:\\s+(\\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]);
}
step(buildGraph(networks[name]({ classes: 9, imageSize: 64 })), 2).dispose();
const before = await resident();
const plan = step(buildGraph(networks[name]({ classes: 9 })), 32);
const stated = Object.values(plan.memory).reduce((sum, bytes) => sum + bytes, 0);
console.log(JSON.stringify({ stated, grown: (await resident()) - before }));
plan.dispose(); // Until here it may not be collected.
`;

describe.skipIf(process.platform !== "linux" || onednnEngines.length === 0)(`on oneDNN${onednnMissing}`, () => {
  beforeAll(() => {
    // It imports all that the program does.
    compileModule("cli/commands/network.ts", folder);
    writeFileSync(program, source);
  }, 240_000);

  const names = ["notebook", "resnet18-w32", "efficientnetv2-mini"] as const;
  const cases = names.flatMap((name) => onednnEngines.map(({ precision }) => [name, precision] as const));
  test.each(cases)(
    "the memory of a step of %s in %s is the process's growth, within a quarter and 50 MB",
    (name, precision) => {
      const { stdout, stderr, status } = spawnSync(process.execPath, ["--expose-gc", program, name, precision], {
        encoding: "utf8",
      });
      expect(status, stderr).toBe(0);
      const { stated, grown } = JSON.parse(stdout);
      // Compiled code and garbage come on top.
      expect(Math.abs(grown - stated)).toBeLessThan(stated / 4 + 50e6);
    },
    120_000,
  );
});
