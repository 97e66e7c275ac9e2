/**
 * Follows a run that another process trains, or tells of one that has ended.
 *
 *     node examples/follow.mjs runs/first
 */
import { follow } from "naevus/runs";

const [run = "runs/first"] = process.argv.slice(2);

for await (const event of follow(run)) {
  if (event.kind === "begin")
    console.log(`${event.config.settings.network}, ${event.config.data.train} training images`);
  if (event.kind === "epoch")
    console.log(`epoch ${event.metrics.epoch} of ${event.epochs}: loss ${event.metrics.loss}`);
  if (event.kind === "end") console.log(event.finished ? "finished" : "stopped; resume(run) goes on with it");
}
