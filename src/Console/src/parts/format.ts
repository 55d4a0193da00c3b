/** Bytes for people: 1.5 GiB. */
export function bytes(value: number | null | undefined): string {
  if (value === null || value === undefined) return '–';
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let at = 0;
  let left = value;
  while (Math.abs(left) >= 1024 && at < units.length - 1) {
    left /= 1024;
    at++;
  }
  return `${at === 0 || left >= 100 ? left.toFixed(0) : left.toFixed(1)} ${units[at]}`;
}

export const GIB = 2 ** 30;

/** How long something took, or is: 3 min. */
export function duration(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 90) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} d`;
}

export const ago = (time: string | null | undefined, now = Date.now()) => (time ? `${duration(now - Date.parse(time))} ago` : '–');

/** A moment, in the reader's own zone. */
export const moment = (time: string | null | undefined) => (time ? new Date(time).toLocaleString() : '–');

/** As a POSIX shell takes it. */
export function quoted(text: string): string {
  return /^[A-Za-z0-9._:/@%+=,#-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
