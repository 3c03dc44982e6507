import { useState } from "react";

/** Something that takes a while: whether it is under way, and what went wrong last. */
export function useTask(): { busy: boolean; error: unknown; run: (task: () => Promise<void>) => void } {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const run = (task: () => Promise<void>): void => {
    setBusy(true);
    setError(null);
    task()
      .catch(setError)
      .finally(() => setBusy(false));
  };
  return { busy, error, run };
}
