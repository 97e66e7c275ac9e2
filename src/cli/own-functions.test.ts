/** A run that a program gave functions of its own, at the command line: what it prints of it, and that it does not go on with it. */
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { writePhantomDataset } from "../acquire/phantom/phantom-files.ts";
import { resume, train } from "../library/train.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { runRecorded } from "./testing/recorded-command.ts";

const folder = temporaryFolder();
const data = join(folder, "data");
const run = join(folder, "run");
const functions = {
  schedule: () => 0.5,
  metrics: {
    "truth of 0": ({ truth }: { readonly truth: ArrayLike<number> }) => 1 / 3 + truth.length - truth.length,
    none: () => null,
  },
};
const naevus = (...argv: readonly string[]) => runRecorded(argv, { environment: { XDG_CACHE_HOME: folder } });

beforeAll(async () => {
  await writePhantomDataset(data, { images: 40, size: 8, seed: 1 });
  const stop = new AbortController();
  const settings = {
    engine: "reference",
    imageSize: 8,
    batch: 8,
    epochs: 5,
    validation: 0.3,
    cache: join(folder, "cache"),
  } as const;
  const callback = ({ kind }: { readonly kind: string }) => void (kind === "epoch" && stop.abort());
  await train(data, { ...settings, ...functions, callback, out: run }, { signal: stop.signal });
});

it("refuses to go on with it, and says how it goes on", async () => {
  const { status, out, error } = await naevus("train", "--resume", run);
  expect([status, out]).toEqual([1, ""]);
  expect(error).toContain(
    `${run}: it was begun by a program with functions of its own (schedule, metrics.truth of 0, metrics.none), which no file holds; ` +
      `give them again, from that program: resume(${JSON.stringify(run)}, { schedule, metrics })`,
  );
});

it("says what is a function and what metrics came to, and that the program ended the training", async () => {
  const stopped = await naevus("watch", run);
  expect(stopped.out).toContain(
    "schedule: own function, callback: own function, metrics: own functions (truth of 0, none)\n",
  );
  expect(stopped.out).toMatch(/^epoch 1\/5 .*% {2}truth of 0 0\.3333 {2}none none {2}/m);
  expect(stopped.out).toContain(
    `stopped in epoch 2; go on from its program: resume(${JSON.stringify(run)}, { schedule, metrics })`,
  );
  await resume(run, { ...functions, callback: () => "stop" });
  const ended = await naevus("watch", run);
  expect(ended.out).toMatch(/^epoch 2\/5 .* s {2}ended by the program/m);
  expect(ended.out).toContain(`finished after 2 epochs: ${run}`);
});
