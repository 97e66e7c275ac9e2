/** What `naevus doctor` says of an engine that opens and does not do all that it should. */
import { describe, expect, it } from "vitest";
import type { OnednnEngine } from "../../engine/onednn/onednn-engine.ts";
import { onednnEngines, onednnMissing } from "../../engine/testing/engines-under-test.ts";
import { EngineError } from "../../errors.ts";
import { describeEngine } from "./doctor-engine.ts";

describe.runIf(onednnEngines.length > 0)(`an engine that opens${onednnMissing}`, () => {
  const whole = onednnEngines[0]?.engine as OnednnEngine;

  const refusing = (refused: readonly string[]): OnednnEngine => ({
    ...whole,
    trainingPlan(graph, options) {
      if (refused.includes(options.precision!))
        throw new EngineError(`no ${options.precision} in ${graph.network.name}`);
      return whole.trainingPlan(graph, options);
    },
  });

  it("works where all networks do", async () => {
    const { rows, works } = await describeEngine(() => whole);
    expect(works).toBe(true);
    const said = `every network trains and judges in ${whole.description.precisions.join(" and ")}`;
    expect(rows).toContainEqual(["self-test", said]);
    expect(rows).toContainEqual(["engine", "onednn"]);
  });

  it("says which network fails in which precision, and why", async () => {
    const [refused, other] = whole.description.precisions;
    const { rows, works } = await describeEngine(() => refusing([refused!]));
    const lines = Object.fromEntries(rows);
    expect(lines[`self-test, ${refused}`]).toContain(`notebook fails: no ${refused} in notebook; resnet18-w32 fails: `);
    expect(works).toBe(other !== undefined);
    if (other) expect(lines[`self-test, ${other}`]).toBe("every network trains and judges");
  });

  it("is none where nothing works", async () => {
    const { rows, works } = await describeEngine(() => refusing(["f32", "bf16"]));
    expect(works).toBe(false);
    expect(Object.fromEntries(rows).engine).toMatch(/^reference: /);
  });
});

it("an engine that does not open is said in one line, and what helps in the others", async () => {
  const { rows, works, cure } = await describeEngine(() => {
    throw new EngineError("No oneDNN.\nInstall it.");
  });
  expect({ works, cure }).toEqual({ works: false, cure: ["Install it."] });
  expect(rows[0]).toEqual(["oneDNN", "No oneDNN."]);
});
