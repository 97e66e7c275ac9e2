/** Fast tests and slow proofs together, for a part of them: `vitest run --config vitest.all.config.ts src/engine`. */
import { defineConfig } from "vitest/config";
import fast from "./vitest.config.ts";
import proofs from "./vitest.proof.config.ts";

export default defineConfig({
  test: { ...proofs.test, include: [...(fast.test?.include ?? []), ...(proofs.test?.include ?? [])] },
});
