/** Numbers and times as the reader writes them. */
import { look } from './look.svelte';

export const count = (value: number | null | undefined): string =>
  value == null ? '–' : new Intl.NumberFormat(look.locale).format(value);

export const short = (value: number): string =>
  new Intl.NumberFormat(look.shortLocale, { notation: 'compact', maximumFractionDigits: 1 }).format(value);

export const percent = (share: number | null): string =>
  share == null || !Number.isFinite(share) ? '–' : new Intl.NumberFormat(look.locale, { style: 'percent', maximumFractionDigits: 1 }).format(share);

export const dollars = (micro: number): string =>
  new Intl.NumberFormat(look.locale, { style: 'currency', currency: 'USD', currencyDisplay: 'narrowSymbol', maximumFractionDigits: micro > 0 && micro < 1_000_000 ? 5 : 2 }).format(micro / 1_000_000);

export const millis = (ms: number | null | undefined): string => {
  if (ms == null) return '–';
  return ms < 1000 ? `${Math.round(ms)} ms` : `${new Intl.NumberFormat(look.locale, { maximumFractionDigits: 2 }).format(ms / 1000)} s`;
};

export const bytes = (value: number): string => {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = value > 0 ? Math.min(units.length - 1, Math.floor(Math.log2(value) / 10)) : 0;
  return `${new Intl.NumberFormat(look.locale, { maximumFractionDigits: 1 }).format(value / 1024 ** power)} ${units[power]}`;
};

const clock = (options: Intl.DateTimeFormatOptions) =>
  new Intl.DateTimeFormat(look.locale, { hourCycle: 'h23', ...(look.timeZone ? { timeZone: look.timeZone } : {}), ...options });

/** A date with its time. */
export const when = (at: string | number | null | undefined): string =>
  at == null ? '–' : clock({ year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit' }).format(new Date(at));

/** Hours and minutes. */
export const hour = (at: string | number): string => clock({ hour: '2-digit', minute: '2-digit' }).format(new Date(at));

export const second = (at: string | number): string => clock({ hour: '2-digit', minute: '2-digit', second: '2-digit' }).format(new Date(at));

export const day = (at: string | number): string => clock({ month: 'short', day: 'numeric' }).format(new Date(at));

/** A length of time in the two largest units: `2 h 05 min`. */
export function span(ms: number): string {
  const all = Math.max(0, Math.ceil(ms / 1000));
  const t = look.t.time;
  const [days, hours, minutes, seconds] = [Math.floor(all / 86400), Math.floor(all / 3600) % 24, Math.floor(all / 60) % 60, all % 60];
  const two = (value: number) => String(value).padStart(2, '0');
  if (days > 0) return `${days} ${t.d} ${hours} ${t.h}`;
  if (hours > 0) return `${hours} ${t.h} ${two(minutes)} ${t.min}`;
  if (minutes > 0) return `${minutes} ${t.min} ${two(seconds)} ${t.s}`;
  return `${seconds} ${t.s}`;
}

/** `5 min ago`, in words. */
export function ago(at: string | null | undefined, now: number): string {
  if (!at) return look.t.time.never;
  const seconds = (new Date(at).getTime() - now) / 1000;
  const words = new Intl.RelativeTimeFormat(look.locale, { numeric: 'auto' });
  const size = Math.abs(seconds);
  if (size < 60) return words.format(Math.round(seconds), 'second');
  if (size < 3600) return words.format(Math.round(seconds / 60), 'minute');
  if (size < 86400) return words.format(Math.round(seconds / 3600), 'hour');
  return words.format(Math.round(seconds / 86400), 'day');
}
