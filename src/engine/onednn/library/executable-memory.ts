/** Memory for machine code: written first, executable afterwards, never both at once. */
import { EngineError } from "../../../errors.ts";
import { bindSystem } from "../../../foreign/library.ts";
import { roundUp } from "./memory.ts";

const PAGE = 4096;
const READ_AND_WRITE = 1 | 2;
const READ_AND_EXECUTE = 1 | 4;
const PRIVATE_AND_ANONYMOUS = 0x2 | 0x20;
/** What `mmap(2)` gives where it fails. */
const FAILED = -1n;

/**
 * Puts code where it can be called, for the rest of the process, and gives its address.
 *
 * @throws {EngineError} where the system has no memory or is hardened against code that is made at run time
 */
export type PlaceCode = (code: Uint8Array) => bigint;

/** For Linux. */
export function executableMemory(): PlaceCode {
  const map = bindSystem("mmap", "p", "pziiiz");
  const unmap = bindSystem("munmap", "i", "pz");
  const protect = bindSystem("mprotect", "i", "pzi");
  const copy = bindSystem("memcpy", "p", "ppz");
  return (code) => {
    const bytes = roundUp(code.length, PAGE);
    const address = map(null, bytes, READ_AND_WRITE, PRIVATE_AND_ANONYMOUS, -1, 0) as bigint;
    if (BigInt.asIntN(64, address) === FAILED) throw new EngineError("the system gave no memory for a kernel's code");
    copy(address, code, code.length);
    if (protect(address, bytes, READ_AND_EXECUTE) !== 0) {
      unmap(address, bytes);
      throw new EngineError("the system forbids executable memory, which kernels need");
    }
    return address;
  };
}
