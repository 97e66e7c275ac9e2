/** HTTP requests that wait when asked to, give up on stalled answers, go to known hosts alone, and never take half an answer for a whole one. */

import { ArchiveError } from "./archive-error.ts";
import type { AllowedAddress } from "./archive-hosts.ts";
import { type Clock, sleep } from "./clock.ts";

/** What requests are made with. */
export interface RequestOptions {
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly userAgent: string;
  /** Asked before every request, those that a redirection leads to among them. */
  readonly isAllowed: AllowedAddress;
  /** The longest time without a byte, after which a request has failed. */
  readonly stallMilliseconds: number;
}

/** Requests that share one pause: when the server asks one of them to wait, none is made meanwhile. */
export interface Requests {
  /**
   * Fetches a whole answer.
   *
   * @param accept the media type asked for
   * @param maxBytes the longest answer that is read
   * @throws ArchiveError where it failed; the signal's reason where it aborts
   */
  get(url: string, accept: string, maxBytes: number): Promise<Uint8Array>;
}

/** Requests that wait as long as the server asks, follow allowed redirections and read no more than was promised. */
export function politeRequests(options: RequestOptions): Requests {
  const { clock, signal } = options;
  let notBefore = Number.NEGATIVE_INFINITY;
  return {
    async get(url, accept, maxBytes) {
      while (clock.elapsed() < notBefore) await sleep(clock, notBefore - clock.elapsed(), signal);
      signal.throwIfAborted();
      try {
        return await request(url, accept, maxBytes, options);
      } catch (error) {
        if (error instanceof ArchiveError) notBefore = Math.max(notBefore, clock.elapsed() + (error.retryAfter ?? 0));
        throw error;
      }
    },
  };
}

const mostRedirections = 5;

/** Bytes a second that an answer must have come with in the mean, after its first minute: a server may not hold a request for days. */
const leastRate = 4096;
const graceMilliseconds = 60_000;

async function request(
  url: string,
  accept: string,
  maxBytes: number,
  { fetch, clock, signal, userAgent, isAllowed, stallMilliseconds }: RequestOptions,
): Promise<Uint8Array> {
  const own = new AbortController();
  const stop = () => own.abort(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  const stalled = new ArchiveError(`no answer for ${stallMilliseconds / 1000} s`, { passing: true });
  const watch = () => clock.after(stallMilliseconds, () => own.abort(stalled));
  let unwatch = watch();
  try {
    // Compressed bytes could not be counted against the announced length.
    const headers = { accept, "accept-encoding": "identity", "user-agent": userAgent };
    const follow = async (address: URL, redirections: number): Promise<Response> => {
      if (!isAllowed(address)) throw elsewhere(address);
      const response = await fetch(address, { headers, signal: own.signal, redirect: "manual" });
      const location = response.headers.get("location");
      if (!isRedirection(response.status) || location === null) return response;
      await response.body?.cancel();
      if (redirections === mostRedirections) {
        throw new ArchiveError(`more than ${mostRedirections} redirections`, { passing: false });
      }
      return follow(addressOf(location, address), redirections + 1);
    };
    const response = await follow(addressOf(url), 0);
    const begun = clock.elapsed();
    if (!response.ok) throw refusal(response, clock.now());
    const announced = announcedLength(response);
    if ((announced ?? 0) > maxBytes) throw tooLong(maxBytes);
    const chunks: Uint8Array[] = [];
    let length = 0;
    for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
      unwatch();
      unwatch = watch();
      length += chunk.length;
      if (length > maxBytes) throw tooLong(maxBytes);
      const elapsed = clock.elapsed() - begun;
      if (elapsed > graceMilliseconds && length < (leastRate * elapsed) / 1000) {
        throw new ArchiveError(`the answer comes too slowly (${length} bytes in ${Math.round(elapsed / 1000)} s)`, {
          passing: true,
        });
      }
      chunks.push(chunk);
    }
    if (announced !== undefined && announced !== length) {
      throw new ArchiveError(`${length} bytes came where ${announced} were announced`, { passing: true });
    }
    return Buffer.concat(chunks, length);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (error instanceof ArchiveError) throw error;
    throw own.signal.aborted ? own.signal.reason : connectionFault(error);
  } finally {
    unwatch();
    signal.removeEventListener("abort", stop);
    // Ends the connection where the answer was not read to its end.
    own.abort();
  }
}

const isRedirection = (status: number): boolean => [301, 302, 303, 307, 308].includes(status);

function addressOf(text: string, from?: URL): URL {
  const base = from?.href;
  if (!URL.canParse(text, base)) throw new ArchiveError("an address that is none", { passing: false });
  return new URL(text, base);
}

const elsewhere = ({ protocol, host }: URL): ArchiveError =>
  new ArchiveError(
    `leads to ${`${protocol}//${host}`.slice(0, 100)}, which is none of the archive's hosts; --image-host allows a mirror's`,
    { passing: false },
  );

function announcedLength(response: Response): number | undefined {
  const length = response.headers.get("content-length");
  const encoding = response.headers.get("content-encoding") ?? "identity";
  return length !== null && /^\d+$/.test(length) && encoding === "identity" ? Number(length) : undefined;
}

const tooLong = (maxBytes: number): ArchiveError =>
  new ArchiveError(`an answer of more than ${Math.round(maxBytes / 2 ** 20)} MiB`, { passing: false });

/** Statuses that say "not now"; a request too early, too many, or a server in trouble. */
const passingStatus = (status: number): boolean => [408, 425, 429].includes(status) || status >= 500;

function refusal({ status, statusText, headers }: Response, now: number): ArchiveError {
  const named = statusText ? `${status} ${statusText}` : String(status);
  const retryAfter = status === 429 || status === 503 ? retryAfterOf(headers.get("retry-after"), now) : undefined;
  return new ArchiveError(named, { passing: passingStatus(status), retryAfter, status });
}

/** RFC 9110, 10.2.3: seconds, or a date. */
function retryAfterOf(text: string | null, now: number): number | undefined {
  if (text === null) return undefined;
  if (/^\s*\d+\s*$/.test(text)) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

const connectionFaults: Readonly<Record<string, string>> = {
  ENOTFOUND: "the server's name is not known here; is this computer online?",
  EAI_AGAIN: "the server's name could not be looked up; is this computer online?",
  ECONNREFUSED: "the server refuses connections",
  ECONNRESET: "the connection broke",
  UND_ERR_SOCKET: "the connection broke",
  UND_ERR_CONNECT_TIMEOUT: "the server cannot be reached",
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: "the answer has another length than announced",
};

function connectionFault(error: unknown): ArchiveError {
  const { message, cause } = error as Error & { readonly cause?: NodeJS.ErrnoException };
  const text = connectionFaults[cause?.code ?? ""] ?? `the connection failed (${cause?.message || message})`;
  return new ArchiveError(text, { passing: true, cause: error });
}
