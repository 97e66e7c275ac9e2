/** Numbers too small to be normal are treated as zero while primitives run: they cost up to a hundred times the time. */
import type { NativeFunction } from "../../../foreign/library.ts";

/** Where the floating-point environment (`fenv_t`) holds the control register, and the bits that flush denormals. */
interface ControlRegister {
  readonly offset: number;
  readonly bits: number;
}

const FLUSH_TO_ZERO_AND_DENORMALS_ARE_ZERO = 0x8040;
const FLUSH_TO_ZERO_ARM = 1 << 24;

const registers: Readonly<Record<string, ControlRegister>> = {
  "linux x64": { offset: 28, bits: FLUSH_TO_ZERO_AND_DENORMALS_ARE_ZERO },
  "linux arm64": { offset: 0, bits: FLUSH_TO_ZERO_ARM },
  "darwin arm64": { offset: 8, bits: FLUSH_TO_ZERO_ARM },
};

/**
 * A function that runs `work` with denormals flushed in this thread, and in the threads that OpenMP starts meanwhile
 * (they inherit the mode). JavaScript's own arithmetic is as before afterwards.
 */
export function denormalFlusher(
  getEnvironment: NativeFunction,
  setEnvironment: NativeFunction,
): (work: () => void) => void {
  const register = registers[`${process.platform} ${process.arch}`];
  if (register === undefined) return (work) => work();
  const usual = new Uint8Array(64);
  const flushing = new Uint8Array(64);
  return (work) => {
    getEnvironment(usual);
    flushing.set(usual);
    const view = new DataView(flushing.buffer);
    view.setUint32(register.offset, view.getUint32(register.offset, true) | register.bits, true);
    setEnvironment(flushing);
    try {
      work();
    } finally {
      setEnvironment(usual);
    }
  };
}
