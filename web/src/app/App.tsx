import { createChat, SignInNeeded, type Chat } from "@kaiwa/client";
import { useCallback, useEffect, useState } from "react";
import { loadConfig, type Config } from "../config";
import { methodOf, type Session, type SignInMethod } from "../sign-in/session";
import { SignIn } from "../sign-in/SignIn";
import { ChatContext } from "./chat";
import { Shell } from "./Shell";
import { Failure, Loading } from "./Waiting";

interface Deployment {
  config: Config;
  method: SignInMethod;
}

type Stage =
  | { name: "loading" }
  | { name: "failed"; resumes: { deployment: Deployment; session: Session } | null }
  | { name: "signed-out"; deployment: Deployment; why: "ended" | "failed" | null }
  | { name: "signed-in"; chat: Chat; session: Session };

/** From nothing to a chat: what the deployment is, who is signed in, and the way back to there. */
export function App() {
  const [stage, setStage] = useState<Stage>({ name: "loading" });
  const [turn, setTurn] = useState(0);

  const enter = useCallback(async (deployment: Deployment, session: Session): Promise<void> => {
    try {
      const chat = await createChat({
        websocketUrl: deployment.config.websocketUrl,
        tokens: session,
        storage: localStorage,
      });
      chat.store.subscribe(({ connection }) => {
        if (connection.state !== "ended" || connection.why !== "sign-in") return;
        chat.stop();
        void session.signOut();
        setStage({ name: "signed-out", deployment, why: "ended" });
      });
      setStage({ name: "signed-in", chat, session });
    } catch (error) {
      if (error instanceof SignInNeeded) {
        await session.signOut();
        setStage({ name: "signed-out", deployment, why: "failed" });
      } else {
        setStage({ name: "failed", resumes: { deployment, session } });
      }
    }
  }, []);

  useEffect(() => {
    let isCurrent = true;
    begin().then(
      async ({ deployment, session, why }) => {
        if (!isCurrent) return;
        if (session === null) setStage({ name: "signed-out", deployment, why });
        else await enter(deployment, session);
      },
      () => isCurrent && setStage({ name: "failed", resumes: null }),
    );
    return () => {
      isCurrent = false;
    };
  }, [turn, enter]);

  const again = (resumes: { deployment: Deployment; session: Session } | null): void => {
    setStage({ name: "loading" });
    if (resumes === null) setTurn((count) => count + 1);
    else void enter(resumes.deployment, resumes.session);
  };

  const signOut = async (chat: Chat, session: Session): Promise<void> => {
    chat.stop();
    chat.forget();
    await session.signOut();
    setTurn((count) => count + 1);
  };

  switch (stage.name) {
    case "loading":
      return <Loading />;
    case "failed":
      return <Failure again={() => again(stage.resumes)} />;
    case "signed-out":
      return (
        <SignIn
          config={stage.deployment.config}
          why={stage.why}
          method={stage.deployment.method}
          onSession={(session) => void enter(stage.deployment, session)}
        />
      );
    case "signed-in":
      return (
        <ChatContext value={stage.chat}>
          <Shell onSignOut={() => void signOut(stage.chat, stage.session)} />
        </ChatContext>
      );
  }
}

async function begin(): Promise<{ deployment: Deployment; session: Session | null; why: "failed" | null }> {
  const config = await loadConfig();
  const method = await methodOf(config);
  const deployment = { config, method };
  try {
    return { deployment, session: await method.resume(), why: null };
  } catch {
    // An answer of the issuer that was not for this tab, or too old.
    window.history.replaceState(null, "", "/");
    return { deployment, session: null, why: "failed" };
  }
}
