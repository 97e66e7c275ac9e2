/** CRC-32C against the examples of RFC 3720, appendix B.4. */
import { expect, test } from "vitest";
import { crc32c } from "./crc32c.ts";

const iscsiRead = Uint8Array.from([
  ...[0x01, 0xc0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x14, 0, 0, 0, 0, 0, 0x04, 0, 0, 0, 0, 0x14, 0, 0, 0],
  ...[0x18, 0x28, 0, 0, 0, 0, 0, 0, 0, 0x02, 0, 0, 0, 0, 0, 0, 0],
]);

test.each([
  ["32 zeros", new Uint8Array(32), "aa36918a"],
  ["32 bytes of ones", new Uint8Array(32).fill(0xff), "43aba862"],
  ["32 incrementing bytes", Uint8Array.from({ length: 32 }, (_, i) => i), "4e79dd46"],
  ["32 decrementing bytes", Uint8Array.from({ length: 32 }, (_, i) => 31 - i), "5cdb3f11"],
  ["an iSCSI read command", iscsiRead, "563a96d9"],
])("of %s", (_, bytes, expected) => {
  // The RFC gives the bytes as they are sent, lowest first.
  const sent = Buffer.alloc(4);
  sent.writeUInt32LE(crc32c(bytes));
  expect(sent.toString("hex")).toBe(expected);
});
