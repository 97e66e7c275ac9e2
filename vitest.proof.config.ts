/** The slow proofs, such as simulations and live peers: `npm run test:all` runs them after the fast tests. */
import { defineConfig } from "vitest/config";
import fast from "./vitest.config.ts";

export default defineConfig({
  test: { ...fast.test, include: ["src/**/*.proof.ts"], testTimeout: 600_000, hookTimeout: 600_000 },
});
