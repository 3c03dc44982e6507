import { SHAPES, type ServerFrame } from "../generated/server-frames.ts";

/** What a text from the socket turned out to be. */
export type Decoded =
  | { kind: "frame"; frame: ServerFrame }
  /** A newer server may send frames that this client does not know: they are passed over. */
  | { kind: "unknown"; type: string }
  | { kind: "malformed" };

/** Check a text against the contract's shapes; never throws. Fields that are not declared are let through. */
export function decodeFrame(text: unknown): Decoded {
  const value = parsed(text);
  if (value === null || typeof value.type !== "string") return { kind: "malformed" };
  if (!Object.hasOwn(SHAPES, value.type)) return { kind: "unknown", type: value.type };
  const shape = SHAPES[value.type as keyof typeof SHAPES];
  const fits = Object.entries(shape).every(([name, kind]) => isOf(kind, value[name]));
  return fits ? { kind: "frame", frame: value as unknown as ServerFrame } : { kind: "malformed" };
}

type Fields = Record<string, unknown> & { type?: unknown };

function parsed(text: unknown): Fields | null {
  if (typeof text !== "string") return null;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : null;
  } catch {
    return null;
  }
}

function isOf(kind: string, value: unknown): boolean {
  if (value === undefined) return kind.endsWith("?");
  return kind.replace("?", "").split("|").includes(kindOf(value));
}

/** As the shapes name it; a list is one of texts. */
function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return value.every((item) => typeof item === "string") ? "array" : "mixed";
  return typeof value === "number" && !Number.isFinite(value) ? "infinite" : typeof value;
}
