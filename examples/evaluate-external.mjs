/**
 * Evaluates a model on images from elsewhere: those that it was trained on are known by their content and left out.
 *
 *     node examples/evaluate-external.mjs runs/first elsewhere
 */
import { evaluate } from "naevus";
import { formatEvaluation } from "naevus/evaluation";

const [run = "runs/first", data = "elsewhere"] = process.argv.slice(2);

const evaluation = await evaluate(run, data, { protocol: "external" });
console.log(formatEvaluation(evaluation));
