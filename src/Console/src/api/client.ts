/** A refusal in the API's own words. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    /** What programs compare, as in docs/errors.md. */
    readonly type: string,
    message: string,
    readonly details: readonly string[] = [],
  ) {
    super(message);
  }
}

export interface Answer<T> {
  body: T;
  headers: Headers;
  status: number;
}

export interface CallOptions {
  body?: unknown;
  /** Of the body; JSON of the admin endpoints by default. */
  contentType?: string;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

export const OCCI = 'application/occi+json';

const TOKEN = 'controller.token';
const PROJECT = 'controller.project';
let expired: () => void = () => undefined;

/** The token that was pasted in; kept for this tab alone. */
export const token = {
  get: () => sessionStorage.getItem(TOKEN),
  set: (value: string | null) => (value === null ? sessionStorage.removeItem(TOKEN) : sessionStorage.setItem(TOKEN, value)),
};

/** The project that is worked in, where the signed-in person has several. */
export const project = {
  get: () => sessionStorage.getItem(PROJECT),
  set: (value: string | null) => (value === null ? sessionStorage.removeItem(PROJECT) : sessionStorage.setItem(PROJECT, value)),
};

/** What is done when the API says that it knows the caller no more. */
export function onExpired(handler: () => void) {
  expired = handler;
}

/** Headers of every request: who asks, and in which project. */
export function identity(): Record<string, string> {
  // It says that a script asks: the API then opens no dialogue of the browser's, and takes the session's cookie.
  const headers: Record<string, string> = { 'X-Requested-With': 'console' };
  const secret = token.get();
  if (secret) headers['Authorization'] = `Bearer ${secret}`;
  const chosen = project.get();
  if (chosen) headers['X-Project'] = chosen;
  return headers;
}

/** Text in a header: the server reads UTF-8, and fetch takes bytes only. */
export function headerText(text: string) {
  return String.fromCharCode(...new TextEncoder().encode(text));
}

async function refusal(answer: Response): Promise<ApiError> {
  const text = await answer.text();
  try {
    const said = JSON.parse(text) as { type?: string; message?: string; details?: string[] };
    return new ApiError(answer.status, said.type ?? '', said.message ?? answer.statusText, said.details ?? []);
  } catch {
    return new ApiError(answer.status, '', text || answer.statusText || `HTTP ${answer.status}`);
  }
}

/** Asks the API; whatever it refuses is thrown as ApiError. */
export async function send(method: string, path: string, options: CallOptions = {}): Promise<Response> {
  const { body, contentType = 'application/json', headers = {}, signal } = options;
  let answer: Response;
  try {
    answer = await fetch(path, {
      method,
      headers: { Accept: OCCI, ...identity(), ...(body === undefined ? {} : { 'Content-Type': contentType }), ...headers },
      body: body === undefined ? null : JSON.stringify(body),
      signal: signal ?? null,
      cache: 'no-store',
    });
  } catch (failure) {
    if (failure instanceof DOMException && failure.name === 'AbortError') throw failure;
    throw new ApiError(0, 'unreachable', 'The API does not answer. Is it running, and is the network there?');
  }
  if (!answer.ok) {
    const error = await refusal(answer);
    if (error.status === 401) expired();
    throw error;
  }
  return answer;
}

export async function call<T>(method: string, path: string, options: CallOptions = {}): Promise<Answer<T>> {
  const answer = await send(method, path, options);
  const text = await answer.text();
  let body: unknown = undefined;
  if (text && /json/.test(answer.headers.get('Content-Type') ?? '')) body = JSON.parse(text);
  return { body: body as T, headers: answer.headers, status: answer.status };
}

export const get = async <T>(path: string, options: CallOptions = {}) => (await call<T>('GET', path, options)).body;

/** Has the browser keep what the API answers as a file. A link would not do: a browser shows no token with one. */
export async function save(path: string, name: string) {
  const url = URL.createObjectURL(await (await send('GET', path)).blob());
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // Not at once: the download begins behind this.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
