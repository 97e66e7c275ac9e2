/** Runs as a process of its own: makes one measurement, which its arguments name and describe, and writes the figures. */
import { type MeasurementName, measurements } from "./measurements.ts";
import { answer } from "./serve.ts";

const [name, task] = process.argv.slice(2) as [MeasurementName, string];
const measure = measurements[name] as (task: unknown) => unknown;
answer(await measure(JSON.parse(task)));
