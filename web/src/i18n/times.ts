import { useTranslation } from "react-i18next";

/** Times as people of a language write them. The browser knows how: no library needed. */
export interface Times {
  clock(time: string): string;
  day(time: string): string;
  /** The clock today, else the date, as lists have it. */
  brief(time: string): string;
  full(time: string): string;
}

const made = new Map<string, Times>();

export function useTimes(): Times {
  const { i18n } = useTranslation();
  const times = made.get(i18n.language) ?? timesOf(i18n.language);
  made.set(i18n.language, times);
  return times;
}

export function isSameDay(one: string, other: string): boolean {
  return new Date(one).toDateString() === new Date(other).toDateString();
}

function timesOf(language: string): Times {
  const clock = new Intl.DateTimeFormat(language, { hour: "numeric", minute: "2-digit" });
  const day = new Intl.DateTimeFormat(language, { weekday: "long", month: "long", day: "numeric" });
  const dayOfYear = new Intl.DateTimeFormat(language, { year: "numeric", month: "long", day: "numeric" });
  const short = new Intl.DateTimeFormat(language, { month: "short", day: "numeric" });
  const full = new Intl.DateTimeFormat(language, { dateStyle: "long", timeStyle: "medium" });
  const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  const daysAgo = (time: string) => Math.round((midnight(new Date()) - midnight(new Date(time))) / 86_400_000);
  return {
    clock: (time) => clock.format(new Date(time)),
    day: (time) => {
      const ago = daysAgo(time);
      if (ago === 0 || ago === 1) return capitalised(relative.format(-ago, "day"));
      return (ago < 300 ? day : dayOfYear).format(new Date(time));
    },
    brief: (time) => (daysAgo(time) <= 0 ? clock : short).format(new Date(time)),
    full: (time) => full.format(new Date(time)),
  };
}

function midnight(time: Date): number {
  return new Date(time).setHours(0, 0, 0, 0);
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
