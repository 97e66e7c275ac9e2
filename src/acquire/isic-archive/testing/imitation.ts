/** A local server that answers as the ISIC Archive does, and misbehaves where a test wants it to. */

import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Clock } from "../clock.ts";

/** What the imitation has of one image. */
export interface ImitatedImage {
  readonly bytes: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly clinical?: Readonly<Record<string, unknown>>;
  readonly licence?: string;
}

export interface Answering {
  readonly response: ServerResponse;
  /** What the right answer would be. */
  readonly right: Uint8Array;
  /** The record as it should be, to be changed. */
  readonly record: Record<string, unknown>;
}

/** One way to misbehave, instead of the right answer. */
export type Misbehaviour = (answering: Answering) => void;

export interface Request {
  readonly what: "record" | "image";
  readonly id: string;
  readonly headers: IncomingHttpHeaders;
}

export interface Imitation {
  /** Address of the interface. */
  readonly archive: string;
  readonly requests: Request[];
  /** Misbehaviour of the next requests for a record or an image, one each. */
  fail(what: Request["what"], id: string, ...misbehaviours: readonly Misbehaviour[]): void;
  stop(): Promise<void>;
}

export async function imitateArchive(images: ReadonlyMap<string, ImitatedImage>): Promise<Imitation> {
  const requests: Request[] = [];
  const faults = new Map<string, Misbehaviour[]>();
  const server = createServer(({ url = "", headers }, response) => {
    const [, record, file] = /^\/api\/v2\/images\/(ISIC_\d+)\/$|^\/files\/(ISIC_\d+)\.jpg\?/.exec(url) ?? [];
    const id = record ?? file ?? "";
    const image = images.get(id);
    const what = record ? "record" : "image";
    requests.push({ what, id, headers });
    const fault = faults.get(`${what} ${id}`)?.shift();
    const origin = `http://${headers.host}`;
    const json = image ? recordOf(id, image, origin) : { detail: "Not Found" };
    const right = record || !image ? Buffer.from(JSON.stringify(json)) : image.bytes;
    if (fault) fault({ response, right, record: json });
    else {
      const type = record || !image ? "application/json; charset=utf-8" : "image/jpeg";
      response.writeHead(image ? 200 : 404, { "content-type": type, "content-length": right.length }).end(right);
    }
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    archive: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v2`,
    requests,
    fail: (what, id, ...misbehaviours) =>
      void faults.set(`${what} ${id}`, [...(faults.get(`${what} ${id}`) ?? []), ...misbehaviours]),
    stop: () => {
      const closed = new Promise<void>((done) => void server.close(() => done()));
      server.closeAllConnections();
      return closed;
    },
  };
}

function recordOf(id: string, image: ImitatedImage, origin: string): Record<string, unknown> {
  const file = (size: number) => ({ url: `${origin}/files/${id}.jpg?signature=abc`, size });
  return {
    public: true,
    isic_id: id,
    copyright_license: image.licence ?? "CC-0",
    attribution: 'Department of "Imitations", Nowhere',
    // As in the archive: the size before the attribution is written into the file.
    files: { full: file(image.bytes.length - 77), thumbnail_256: file(1000) },
    metadata: {
      acquisition: { pixels_x: image.width, pixels_y: image.height, image_type: "dermoscopic" },
      clinical: { ...image.clinical },
    },
  };
}

/** A clock that stands still but for pauses, which end at once; it keeps them. */
export interface SteppingClock extends Clock {
  readonly pauses: number[];
  /** Lets time pass; limits that end meanwhile run out. */
  pass(milliseconds: number): void;
}

/**
 * @param start the date, in milliseconds since 1970
 * @param shortestLimit what is waited for as long as this or longer is a limit, no pause: it runs out only where time is made to pass
 */
export function steppingClock(start = 1.7e12, shortestLimit = 1.8e6): SteppingClock {
  const pauses: number[] = [];
  const limits = new Set<{ readonly end: number; readonly callback: () => void }>();
  let now = start;
  return {
    pauses,
    now: () => now,
    elapsed: () => now - start,
    after(milliseconds, callback) {
      const end = now + milliseconds;
      if (milliseconds >= shortestLimit) {
        const limit = { end, callback };
        limits.add(limit);
        return () => void limits.delete(limit);
      }
      pauses.push(milliseconds);
      const timer = setImmediate(() => {
        now = Math.max(now, end);
        callback();
      });
      return () => clearImmediate(timer);
    },
    pass(milliseconds) {
      now += milliseconds;
      for (const limit of limits) {
        if (limit.end > now) continue;
        limits.delete(limit);
        limit.callback();
      }
    },
  };
}
