import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import Ajv from "ajv/dist/2020";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ServerFrame } from "../../client/generated/server-frames.ts";
import { SHAPES } from "../../client/generated/server-frames.ts";
import { decodeFrame } from "../../client/transport/frames.ts";

const CONTRACTS = join(import.meta.dirname, "../../../contracts");

/** The golden examples of the contract: what every side has to understand, for ever. */
function examples(side: "client" | "server"): [string, string][] {
  const folder = join(CONTRACTS, "examples/frames", side);
  return readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "utf8")]);
}

function schema(side: "client" | "server"): object {
  return JSON.parse(readFileSync(join(CONTRACTS, `generated/${side}-frames.schema.json`), "utf8")) as object;
}

describe("a text from the socket", () => {
  it.each(examples("server"))("is the frame of the golden example %s", (_, text) => {
    expect(decodeFrame(text)).toEqual({ kind: "frame", frame: JSON.parse(text) as ServerFrame });
  });

  it("has a golden example for every type that is known", () => {
    const types = examples("server").map(([, text]) => (JSON.parse(text) as ServerFrame).type);
    expect(new Set(types)).toEqual(new Set(Object.keys(SHAPES)));
  });

  it.each(['{"type":"FIREWORKS","size":3}', '{"type":"toString"}', '{"type":"__proto__"}'])(
    "of a type that a newer server may send is passed over: %s",
    (text) => {
      expect(decodeFrame(text).kind).toBe("unknown");
    },
  );

  it.each([
    "",
    "not json",
    "null",
    "[]",
    "7",
    "{}",
    '{"type":3}',
    '{"type":"MESSAGE"}',
    '{"type":"READ","chatRoomId":"r","userId":"u","seq":"3"}',
    '{"type":"READ","chatRoomId":"r","userId":"u","seq":1e999}',
    '{"type":"ROOM","change":"added","chatRoomId":"r","name":"n","userIds":[1],"participantCount":1}',
  ])("that does not have the contract's shape is malformed: %s", (text) => {
    expect(decodeFrame(text).kind).toBe("malformed");
  });

  it("never throws, whatever it is", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), fc.anything()), (text) => decodeFrame(text).kind !== "frame"),
    );
  });

  it("that the contract's JSON Schema refuses for a missing field or a wrong type is refused here too", () => {
    const valid = new Ajv({ strict: false }).compile(schema("server"));
    for (const [name, text] of examples("server")) {
      const frame = JSON.parse(text) as Record<string, unknown>;
      for (const field of Object.keys(frame).filter((key) => key !== "type")) {
        for (const broken of [undefined, {}, true]) {
          const changed = { ...frame, [field]: broken };
          const clean = JSON.parse(JSON.stringify(changed)) as unknown;
          if (!valid(clean)) expect(decodeFrame(JSON.stringify(changed)).kind, `${name} ${field}`).not.toBe("frame");
        }
      }
    }
  });
});
