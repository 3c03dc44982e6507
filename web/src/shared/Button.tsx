import type { ComponentProps } from "react";

interface Props extends ComponentProps<"button"> {
  kind?: "primary" | "plain" | "quiet" | "danger" | "icon";
}

export function Button({ kind = "plain", className = "", ...rest }: Props) {
  return <button type="button" className={`button ${kind} ${className}`} {...rest} />;
}
