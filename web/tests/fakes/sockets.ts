/** A WebSocket whose other end is the test. */
export class FakeSocket {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  readonly sent: Record<string, unknown>[] = [];
  isClosed = false;

  constructor(readonly url: string) {}

  send(text: string): void {
    this.sent.push(JSON.parse(text) as Record<string, unknown>);
  }

  close(): void {
    this.isClosed = true;
  }

  /** What the server does. */
  opens(): void {
    this.onopen?.();
  }

  pushes(frame: unknown): void {
    this.onmessage?.({ data: typeof frame === "string" ? frame : JSON.stringify(frame) });
  }

  ends(code: number): void {
    this.onclose?.({ code });
  }

  of(action: string): Record<string, unknown>[] {
    return this.sent.filter((frame) => frame["action"] === action);
  }
}

/** All sockets that were opened, newest last. */
export class FakeSockets {
  readonly all: FakeSocket[] = [];
  readonly create = (url: string): WebSocket => {
    const socket = new FakeSocket(url);
    this.all.push(socket);
    return socket as unknown as WebSocket;
  };

  get last(): FakeSocket {
    const socket = this.all.at(-1);
    if (socket === undefined) throw new Error("No socket was opened");
    return socket;
  }

  get open(): FakeSocket[] {
    return this.all.filter((socket) => !socket.isClosed && socket.onclose !== null);
  }
}

/** A browser's window and document, as far as events go. */
export class FakePage {
  readonly window = new EventTarget();
  readonly document = Object.assign(new EventTarget(), { visibilityState: "visible" });

  happens(name: "online" | "offline" | "pageshow"): void {
    this.window.dispatchEvent(new Event(name));
  }

  turns(visibilityState: "visible" | "hidden"): void {
    this.document.visibilityState = visibilityState;
    this.document.dispatchEvent(new Event("visibilitychange"));
  }
}

/** A token with these claims; nobody has signed it. */
export function tokenOf(claims: object): string {
  return `e30.${btoa(JSON.stringify(claims)).replaceAll("=", "")}.x`;
}
