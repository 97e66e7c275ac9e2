/** Downloading from an archive that fails, is slow, asks to wait or has nothing. */
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import type { DownloadEvent } from "./isic-download.ts";
import { imitateArchive, type Misbehaviour, steppingClock } from "./testing/imitation.ts";
import {
  answer,
  asked,
  download,
  file,
  idOf,
  ids,
  images,
  manifest,
  out,
  picture,
  server,
  table,
} from "./testing/small-archive.ts";

const html = answer(200, { "content-type": "text/html" }, "<!DOCTYPE html><title>Maintenance</title>");
function* spaces() {
  for (;;) yield Buffer.alloc(2 ** 16, 32);
}
const reset: Misbehaviour = ({ response }) => void response.destroy();
const resetHalfway: Misbehaviour = ({ response, right }) =>
  void response.writeHead(200).write(right.subarray(0, right.length / 2), () => response.destroy());
/** Announces more than it sends. */
const short: Misbehaviour = ({ response, right }) =>
  void response
    .writeHead(200, { "content-length": right.length })
    .write(right.subarray(0, 300), () => response.destroy());
/** Announces less than there is, and sends that. */
const cut: Misbehaviour = ({ response, right }) => {
  const part = right.subarray(0, right.length - 20);
  response.writeHead(200, { "content-length": part.length }).end(part);
};
/** Only the end marker is not there. */
const cutByTwo: Misbehaviour = ({ response, right }) => void response.end(right.subarray(0, right.length - 2));
const unended: Misbehaviour = ({ response, right }) => void response.end(right.subarray(0, right.length / 2));
const empty = answer(200);
const changed =
  (change: (record: Record<string, unknown>) => unknown): Misbehaviour =>
  ({ response, record }) =>
    void response.end(JSON.stringify(change(record)));

const faults: readonly (readonly ["record" | "image", string, Misbehaviour, string | RegExp])[] = [
  ["record", "500", answer(500), "record: 500 Internal Server Error"],
  ["record", "503 for a moment", answer(503, { "retry-after": "1" }), "record: 503 Service Unavailable"],
  ["record", "429", answer(429, { "retry-after": 2 }), "record: 429 Too Many Requests"],
  ["record", "a broken connection", reset, "record: the connection broke"],
  ["record", "half an answer", short, /^record: (the connection broke|the connection failed)/],
  ["record", "cut JSON", cut, "record: the answer is not JSON"],
  ["record", "HTML", html, "record: the answer is not JSON"],
  ["record", "nothing", empty, "record: the answer is not JSON"],
  [
    "record",
    "JSON without files",
    changed(({ files, ...rest }) => rest),
    /^record: the answer lacks what is needed \(files/,
  ],
  ["record", "null", changed(() => null), /^record: the answer lacks what is needed/],
  [
    "record",
    "a file address of another kind",
    changed((record) => ({ ...record, files: { full: { url: "file:///etc/passwd" } } })),
    /^record: the answer lacks what is needed \(files\.full\.url/,
  ],
  [
    "record",
    "another image's record",
    changed((record) => ({ ...record, isic_id: idOf(77) })),
    `record: the answer is about ${idOf(77)}`,
  ],
  [
    "record",
    "other pixels",
    changed((record) => ({ ...record, metadata: { acquisition: { pixels_x: 1022, pixels_y: 767 } } })),
    "image: another image: 80 x 60 pixels instead of 1022 x 767",
  ],
  ["image", "404", answer(404), "image: 404 Not Found"],
  ["image", "an address that ran out", answer(403), "image: 403 Forbidden"],
  ["image", "502", answer(502, {}, "<html>Bad gateway</html>"), "image: 502 Bad Gateway"],
  ["image", "a broken connection", reset, "image: the connection broke"],
  ["image", "a connection broken halfway", resetHalfway, /^image: (the connection broke|the connection failed)/],
  ["image", "a body shorter than announced", short, /^image: (the connection broke|the connection failed)/],
  ["image", "a body announced too short", cut, "image: truncated JPEG"],
  ["image", "a lost end marker", cutByTwo, "image: truncated JPEG"],
  ["image", "half an image without a length", unended, "image: truncated JPEG"],
  ["image", "nothing", empty, /^image: empty file/],
  ["image", "HTML", html, "image: not an image"],
  [
    "image",
    "another image",
    ({ response }) => void picture(5, { width: 50, height: 50 }).then((bytes) => response.end(bytes)),
    "image: another image: 50 x 50 pixels instead of 80 x 60",
  ],
];

describe("an archive that fails", () => {
  const victim = idOf(4);
  /** It and a few others of both classes, which are fetched beside it. */
  const few = manifest.slice(2, 7);

  it.each(faults)("%s, once: %s", async (what, _, misbehave) => {
    server.fail(what, victim, misbehave);
    const waits: DownloadEvent[] = [];
    const result = await download({ onEvent: (event) => void (event.kind === "waiting" && waits.push(event)) }, few);
    expect(result).toMatchObject({ images: 5, missing: [] });
    expect(waits).toHaveLength(1);
    expect(asked("record", victim)).toBe(2);
    expect(await readFile(file(4))).toEqual(images.get(victim)!.bytes);
  });

  it.each(faults)("%s, always: %s", async (what, _, misbehave, reason) => {
    server.fail(what, victim, misbehave, misbehave, misbehave);
    const result = await download({ attempts: 3 }, few);
    expect(result).toMatchObject({ images: 4, useful: true, gaveUp: undefined });
    expect(result.missing).toEqual([{ id: victim, reason: expect.stringMatching(reason), passing: true }]);
    expect(asked(what, victim)).toBe(3);
    expect(await table("missing.csv")).toEqual([{ isic_id: victim, reason: result.missing[0]!.reason }]);
    expect(await readdir(join(out, "Train", "nevus"))).not.toContain(`${victim}.jpg`);

    // The same call has it next time, asks for nothing else, and withdraws the list.
    server.requests.length = 0;
    expect(await download({}, few)).toMatchObject({ images: 5, fetched: 1, missing: [] });
    expect(server.requests.map(({ id }) => id)).toEqual([victim, victim]);
    expect(await readdir(out)).not.toContain("missing.csv");
  });

  /** Longer than any pause, and far shorter than the time in which an answer may come slowly. */
  const stallMilliseconds = 5000;
  const waitingClock = () => steppingClock(undefined, stallMilliseconds);

  /** Fetches; the first time the image is wanted it comes in pieces, each when the one before was read, after `wait`. */
  function inPieces(size: number, wait: (sent: number) => void): typeof fetch {
    let isFirst = true;
    return async (address, init) => {
      if (!isFirst || !String(address).includes(`/files/${victim}.jpg`)) return fetch(address, init);
      isFirst = false;
      const { bytes } = images.get(victim)!;
      let sent = 0;
      const body = new ReadableStream<Uint8Array>(
        {
          start(controller) {
            init?.signal?.addEventListener("abort", () => controller.error(init.signal?.reason));
          },
          pull(controller) {
            wait(sent);
            if (init?.signal?.aborted) return;
            if (sent >= bytes.length) return controller.close();
            controller.enqueue(bytes.subarray(sent, sent + size));
            sent += size;
          },
        },
        { highWaterMark: 0 },
      );
      return new Response(body);
    };
  }

  it.each(["before its answer", "halfway"])("an image that stalls %s", async (when) => {
    const clock = waitingClock();
    const waits: DownloadEvent[] = [];
    const onEvent = (event: DownloadEvent) => void (event.kind === "waiting" && waits.push(event));
    const stall = () => clock.pass(stallMilliseconds);
    if (when === "before its answer") server.fail("image", victim, stall);
    const halfway = inPieces(200, (sent) => void (sent > 0 && stall()));
    const given = when === "halfway" ? { fetch: halfway } : {};
    const result = await download({ clock, stallMilliseconds, parallel: 1, onEvent, ...given });
    expect(result).toMatchObject({ images: 14, missing: [] });
    expect(waits).toMatchObject([{ id: victim, reason: "image: no answer for 5 s" }]);
    expect(clock.elapsed()).toBeGreaterThanOrEqual(stallMilliseconds);
  });

  it("a slow image is waited for as long as it comes", async () => {
    const clock = waitingClock();
    const step = Math.ceil(images.get(victim)!.bytes.length / 10);
    const slowly = inPieces(step, () => clock.pass(stallMilliseconds - 1));
    const result = await download({ clock, stallMilliseconds, parallel: 1, attempts: 1, fetch: slowly });
    expect(result).toMatchObject({ images: 14, missing: [] });
    expect(clock.elapsed()).toBeGreaterThan(10 * (stallMilliseconds - 1));
  });

  it("what the archive does not have is asked for once", async () => {
    const unknown = { id: idOf(500), className: "nevus", split: "test" } as const;
    const result = await download({}, [...manifest, unknown]);
    expect(result).toMatchObject({
      images: 14,
      missing: [{ id: idOf(500), reason: "not in the archive (404 Not Found)", passing: false }],
    });
    expect(asked("record", idOf(500))).toBe(1);
  });

  it.each([
    ["a service of the computer's cloud", "http://169.254.169.254/latest/meta-data/"],
    ["another port of its host", "http://127.0.0.1:1/"],
    ["its host by another name", "http://localhost:PORT/files/ISIC_0000004.jpg"],
    ["its host over another scheme", "https://127.0.0.1:PORT/files/ISIC_0000004.jpg"],
    ["a name in its host's place", "http://127.0.0.1:PORT@10.0.0.1/"],
    ["an address with a password", "http://user:secret@127.0.0.1:PORT/files/ISIC_0000004.jpg?"],
    ["a host that begins as the archive's", "https://content.isic-archive.com.example.org/x.jpg"],
    ["the archive's storage without https", "http://content.isic-archive.com/x.jpg"],
  ])("is followed to no host but its own: %s, in an answer and in a redirection", async (_, address) => {
    const url = address.replace("PORT", new URL(server.archive).port);
    const asked: string[] = [];
    const watching: typeof fetch = (input, init) => {
      asked.push(new URL(String(input)).origin);
      return fetch(input, init);
    };
    const named = changed((record) => ({ ...record, files: { full: { url } } }));
    const redirected = answer(302, { location: url });
    for (const [what, misbehave] of [
      ["record", named],
      ["record", redirected],
      ["image", redirected],
    ] as const) {
      server.fail(what, victim, misbehave);
      const { missing } = await download({ fetch: watching });
      expect(missing).toMatchObject([{ id: victim, passing: false }]);
      expect(missing[0]!.reason).toMatch(/leads to https?:\/\/\S+, which is none of the archive's hosts; --image-host/);
      expect(missing[0]!.reason).not.toContain("secret");
    }
    expect(new Set(asked)).toEqual(new Set([new URL(server.archive).origin]));
  });

  it("may redirect to itself, a few times, and to hosts that are allowed", async () => {
    server.fail("image", victim, ({ response }) => {
      const location = `/files/${victim}.jpg?again`;
      response.writeHead(307, { location }).end("moved");
    });
    expect(await download()).toMatchObject({ images: 14, missing: [] });
    await rm(out, { recursive: true });
    const again: Misbehaviour = ({ response }) =>
      void response.writeHead(302, { location: `/files/${victim}.jpg?again` }).end();
    server.fail("image", victim, again, again, again, again, again, again);
    const looped = await download();
    expect(looped.missing).toEqual([{ id: victim, reason: "image: more than 5 redirections", passing: false }]);
    await rm(out, { recursive: true });
    const mirror = await imitateArchive(images);
    try {
      const { host } = new URL(mirror.archive);
      server.fail("image", victim, answer(301, { location: `http://${host}/files/${victim}.jpg?again` }));
      expect(await download({ imageHosts: [host] })).toMatchObject({ images: 14, missing: [] });
      expect(mirror.requests).toHaveLength(1);
    } finally {
      await mirror.stop();
    }
  });

  it.each([
    [
      "10,000 fields",
      Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`field ${n}`, n])),
      /more than 200 fields/,
    ],
    ["brackets in brackets", "DEEP", /nested too deeply/],
  ])("a record of %s is refused", async (_, clinical, reason) => {
    const deep = `${"[".repeat(200_000)}${"]".repeat(200_000)}`;
    server.fail("record", victim, ({ response, record }) => {
      const text = JSON.stringify({
        ...record,
        metadata: { clinical: clinical === "DEEP" ? { deep: "DEEP" } : clinical },
      });
      response.end(text.replace('"DEEP"', deep));
    });
    const { missing } = await download({ attempts: 1 });
    expect(missing).toEqual([{ id: victim, reason: expect.stringMatching(reason), passing: true }]);
  });

  it("fields that differ from image to image do not make a table of all of them", async () => {
    for (const id of ids) {
      const clinical = Object.fromEntries(Array.from({ length: 150 }, (_, n) => [`${id} ${n}`, n]));
      server.fail(
        "record",
        id,
        changed((record) => ({ ...record, metadata: { clinical } })),
      );
    }
    expect(await download()).toMatchObject({ images: 14, missing: [] });
    const [row] = await table("metadata.csv");
    expect(Object.keys(row!)).toHaveLength(515);
  });

  it("bytes that come one by one are not waited for without end", async () => {
    const clock = waitingClock();
    const slowly = inPieces(1, () => clock.pass(1000));
    const { missing } = await download({ clock, stallMilliseconds, parallel: 1, attempts: 1, fetch: slowly });
    expect(missing).toEqual([
      { id: victim, reason: "image: the answer comes too slowly (61 bytes in 61 s)", passing: true },
    ]);
  });

  it("an endless answer ends", async () => {
    server.fail("record", victim, ({ response }) => {
      Readable.from(spaces()).pipe(response);
    });
    const result = await download();
    expect(result.missing).toMatchObject([{ id: victim, reason: "record: an answer of more than 1 MiB" }]);
  });
});

describe("waiting", () => {
  it("as long as the archive asks, whoever of the parallel ones was asked", async () => {
    const clock = steppingClock();
    server.fail("record", idOf(0), answer(429, { "retry-after": "40" }));
    let asking = Number.NaN;
    const others: number[] = [];
    const watching: typeof fetch = async (...request) => {
      if (!Number.isNaN(asking)) others.push(clock.now() - asking);
      const response = await fetch(...request);
      if (response.status === 429) asking = clock.now();
      return response;
    };
    expect(await download({ clock, fetch: watching, parallel: 2 })).toMatchObject({ images: 14 });
    expect(others.length).toBeGreaterThan(20);
    expect(Math.min(...others)).toBeGreaterThanOrEqual(40_000);
    expect(clock.pauses).toContain(40_750);
  });

  it("until a date that the archive names", async () => {
    const clock = steppingClock();
    const date = new Date(clock.now() + 60_000).toUTCString();
    server.fail("record", idOf(0), answer(503, { "retry-after": date }));
    expect(await download({ clock, parallel: 1 })).toMatchObject({ images: 14 });
    expect(clock.pauses[0]).toBe(60_750);
  });

  it("no longer than it asks where the computer's date is set back meanwhile", async () => {
    const clock = steppingClock();
    let days = 0;
    const setBack = { ...clock, now: () => clock.now() - 86_400_000 * days++ };
    server.fail("record", idOf(0), answer(429, { "retry-after": "40" }));
    expect(await download({ clock: setBack, parallel: 2 })).toMatchObject({ images: 14 });
    expect(days).toBeGreaterThan(10);
    expect(Math.max(...clock.pauses)).toBeLessThan(60_000);
  });

  it("nor takes an answer for a slow one where the date is set on meanwhile", async () => {
    const clock = steppingClock();
    let days = 0;
    const setOn = { ...clock, now: () => clock.now() + 86_400_000 * days++ };
    expect(await download({ clock: setOn, attempts: 1 })).toMatchObject({ images: 14, missing: [] });
    expect(days).toBeGreaterThan(10);
  });

  it("not for hours: the rest is left for another time", async () => {
    server.fail("record", idOf(0), answer(429, { "retry-after": "7200" }));
    const result = await download({ parallel: 1 });
    expect(result).toMatchObject({ images: 0, useful: false, gaveUp: "the archive asks to come back in 120 minutes" });
    expect(server.requests).toHaveLength(1);
    expect(result.missing).toHaveLength(14);
    expect(await table("missing.csv")).toHaveLength(14);
    expect(await download()).toMatchObject({ images: 14, missing: [] });
  });

  it("longer after each failure", async () => {
    const clock = steppingClock();
    server.fail("record", idOf(0), ...Array<Misbehaviour>(4).fill(answer(500)));
    await download({ clock, parallel: 1 }, manifest.slice(0, 1));
    expect(clock.pauses).toEqual([750, 1500, 3000, 6000]);
  });
});

describe("nothing to be had", () => {
  it("a server that is not there is not asked forever", async () => {
    await server.stop();
    const many = Array.from({ length: 200 }, (_, n) => ({ id: idOf(n), className: "nevus", split: "train" as const }));
    let asked = 0;
    const counting: typeof fetch = (...request) => {
      asked++;
      return fetch(...request);
    };
    const result = await download({ attempts: 2, fetch: counting }, many);
    expect(result).toMatchObject({ images: 0, files: 0, useful: false });
    expect(result.gaveUp).toMatch(
      /^10 images in a row could not be had \(the last one: record: the server refuses connections\)$/,
    );
    expect(result.missing).toHaveLength(200);
    expect(result.missing.at(-1)).toEqual({ id: idOf(199), reason: "not asked for any more", passing: true });
    expect(asked).toBeLessThanOrEqual(36);
  });

  it("neither is one that refuses everything, or has nothing", async () => {
    const many = Array.from({ length: 200 }, (_, n) => ({ id: idOf(n), className: "nevus", split: "train" as const }));
    const refusing = await download({ fetch: async () => new Response("", { status: 403 }) }, many);
    expect(refusing.gaveUp).toMatch(/^10 images in a row could not be had \(the last one: record: 403\)$/);
    const result = await download({ archive: `${server.archive}/elsewhere/` }, many);
    expect(result.gaveUp).toMatch(/^100 images in a row .*not in the archive \(404 Not Found\)\)$/);
    expect(server.requests.length).toBeLessThanOrEqual(108);
  });

  it("less than half, or a class without a training image, is of no use", async () => {
    for (const id of ids.slice(0, 9)) server.fail("record", id, answer(404));
    expect(await download()).toMatchObject({ images: 5, files: 6, useful: false });
    await rm(out, { recursive: true });
    for (const n of [1, 3, 5, 7, 9]) server.fail("record", idOf(n), answer(404));
    expect(await download()).toMatchObject({ images: 9, files: 10, useful: false });
  });
});
