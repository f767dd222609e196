// The server's HTTP interface, docs/api.md; what it refuses becomes a Refusal with its hint.

export class Refusal extends Error {
  constructor(status, message, hint) {
    super(message);
    this.status = status;
    this.hint = hint;
  }
}

/** The server cannot be reached at all. */
export class Unreachable extends Refusal {
  constructor() {
    super(0, "The server does not answer.", "Is lipstream serve still running?");
  }
}

/** Of sessions that were begun here, by their paths: what they may be used with. */
const tokens = new Map();
const tokenOf = (path) => tokens.get(path.split("/").slice(0, 4).join("/"));

/** A key behind the address, /#key=..., is exchanged for a cookie and is seen no more. */
export const entered = (async () => {
  const key = new URLSearchParams(location.hash.slice(1)).get("key");
  if (key) {
    history.replaceState(null, "", location.pathname);
    await fetch("/v1/pass", { method: "POST", headers: { Authorization: `Bearer ${key}` } }).catch(() => {});
  }
})();

/** The cookie of a server that was set up anew is worth nothing; its page brings another. */
const enterAgain = () => fetch("/", { cache: "no-store" });

export async function call(method, path, { body, type = "application/json", keepalive = false, again = true } = {}) {
  const headers = body === undefined ? {} : { "Content-Type": type };
  const token = tokenOf(path);
  if (token) {
    headers.Authorization = `Bearer ${token}`;
  }
  let answer;
  try {
    if (!keepalive) await entered;
    answer = await fetch(path, { method, headers, body, keepalive, cache: "no-store" });
  } catch {
    throw new Unreachable();
  }
  if (answer.ok) {
    return answer;
  }
  if (answer.status === 401) {
    if (again && !token && !keepalive) {
      await enterAgain().catch(() => {});
      return call(method, path, { body, type, again: false });
    }
    throw new Refusal(401, "This server wants a key.", "Open its address with the key behind it: /#key=…");
  }
  const problem = await answer.json().catch(() => ({}));
  throw new Refusal(answer.status, problem.detail ?? `The server answered ${answer.status}.`, problem.hint ?? "");
}

const json = (value) => ({ body: JSON.stringify(value) });

export const avatars = async () => (await (await call("GET", "/v1/avatars")).json()).avatars;
export const voices = async () => (await (await call("GET", "/v1/voices")).json()).voices;
export async function create(avatar, voice) {
  const session = await (await call("POST", "/v1/sessions", json({ avatar, voice }))).json();
  tokens.set(`/v1/sessions/${session.id}`, session.token);
  return session;
}
/** Where events come from, for those who cannot set headers. */
export const events = (session) => `${session}/events?token=${tokenOf(session) ?? ""}`;
export const describe = async (session) => (await call("GET", session)).json();
export const chat = (session, text) => call("POST", `${session}/chat`, json({ text }));
export const say = (session, text) => call("POST", `${session}/speak`, json({ text }));
export const endTurn = (session) => call("POST", `${session}/end-turn`);
export const interrupt = (session) => call("POST", `${session}/interrupt`);

/** Works while the page is being left, too. */
export const remove = (resource) => call("DELETE", resource, { keepalive: true }).catch(() => {});

/** WHEP: an offer for an answer; the resource is what ends the connection. */
export async function watch(session, sdp) {
  const answer = await call("POST", `${session}/whep`, { body: sdp, type: "application/sdp" });
  return { sdp: await answer.text(), resource: answer.headers.get("Location") };
}
