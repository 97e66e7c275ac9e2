/** What `naevus doctor` says of oneDNN: the library, the processor's means, and whether each network trains with them. */
import { installAdvice } from "../../engine/onednn/library/install-advice.ts";
import { type OnednnEngine, onednnEngine } from "../../engine/onednn/onednn-engine.ts";
import { type SelfTestResult, selfTest } from "../../engine/self-test.ts";
import { firstLine } from "../../errors.ts";

type Row = readonly [name: string, value: string];

const reference: Row = ["engine", "reference: plain TypeScript, correct but about a thousand times slower"];

/** Rows for people, whether oneDNN trains anything here, and the lines that say what helps where it does not. */
export async function describeEngine(
  open: () => OnednnEngine = onednnEngine,
): Promise<{ readonly rows: readonly Row[]; readonly works: boolean; readonly cure: readonly string[] }> {
  let engine: OnednnEngine;
  try {
    engine = open();
  } catch (error) {
    const [, ...cure] = (error as Error).message.split("\n");
    return { rows: [["oneDNN", firstLine(error)], reference], works: false, cure };
  }
  const { library, instructionSet, threads, precisions, defaultPrecision } = engine.description;
  const others = precisions.filter((precision) => precision !== defaultPrecision);
  const bf16 = precisions.includes("bf16") ? "" : "; bf16 cannot be had on this processor";
  const results = await selfTest(engine);
  const works = results.some(({ problem }) => problem === undefined);
  return {
    rows: [
      ["oneDNN", library],
      ["instruction set", instructionSet],
      ["threads", String(threads)],
      ["precision", [`${defaultPrecision} by default`, ...others].join(", also ") + bf16],
      ...selfTestRows(results),
      works ? ["engine", "onednn"] : reference,
    ],
    works,
    cure: works ? [] : installAdvice().split("\n"),
  };
}

/** One row where every network works, else one for each precision. */
function selfTestRows(results: readonly SelfTestResult[]): readonly Row[] {
  const precisions = [...new Set(results.map(({ precision }) => precision))];
  if (results.every(({ problem }) => problem === undefined)) {
    return [["self-test", `every network trains and judges in ${precisions.join(" and ")}`]];
  }
  return precisions.map((precision): Row => {
    const failed = results.filter((result) => result.precision === precision && result.problem !== undefined);
    const problems = failed.map(({ network, problem }) => `${network} fails: ${problem}`);
    return [`self-test, ${precision}`, problems.join("; ") || "every network trains and judges"];
  });
}
