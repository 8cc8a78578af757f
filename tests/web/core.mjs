// The session core without a browser: run by test_core.py.
import assert from "node:assert/strict";
import test from "node:test";
import { Timeline } from "../../socketchat/web/model/timeline.js";
import { tokens } from "../../socketchat/web/model/text.js";
import { Outbox } from "../../socketchat/web/session/outbox.js";
import { Positions } from "../../socketchat/web/session/positions.js";
import { Session } from "../../socketchat/web/session/session.js";

const message = (n, outbox = "a") => ({ type: "send", to: "#lobby", text: `text ${n}`, outbox, n });
const lobby = (head, more = {}) => ({ type: "conversation", conversation: "#lobby", head, ...more });
const entry = (seq, more = {}) => ({
  type: "entry", conversation: "#lobby", seq, ts: seq, author: "b", name: "bob", kind: "message", body: { text: `${seq}` }, ...more,
});

test("an outbox never lets a message overtake an earlier one of its series", () => {
  const outbox = new Outbox(2);
  for (const n of [1, 2, 3]) outbox.add(n, message(n));
  assert.deepEqual(outbox.due().map((each) => each.n), [1, 2]);
  outbox.hold(1);
  assert.deepEqual(outbox.due(), []);
  outbox.release();
  assert.deepEqual(outbox.due(), []); // the second is still on the wire
  outbox.hold(2);
  outbox.release();
  assert.deepEqual(outbox.due().map((each) => each.n), [1, 2]);
});

test("after a lost connection everything unanswered is sent again, in order and under the same keys", () => {
  const outbox = new Outbox();
  for (const n of [1, 2, 3]) outbox.add(n, message(n));
  outbox.add(4, message(1, "b"));
  const first = outbox.due();
  outbox.settle(1);
  outbox.connectionLost();
  assert.deepEqual(outbox.due(), first.slice(1));
});

test("positions drop repeats, and tell of holes", () => {
  const positions = new Positions();
  positions.login("e", [lobby(3)]);
  assert.deepEqual(positions.take(entry(3)), []);
  assert.deepEqual(positions.take(entry(4)), [entry(4)]);
  const [gap] = positions.take(entry(7));
  assert.deepEqual([gap.type, gap.first, gap.last, gap.reason], ["gap", 5, 6, "missing"]);
});

test("a login tells what was missed, skipped, shortened or replaced", () => {
  const login = (...told) => {
    const positions = new Positions();
    positions.login("e", [lobby(10)]);
    return positions.login(...told);
  };
  assert.deepEqual(login("e", [lobby(15)]), { told: [], missed: 5, skipped: 0 });
  const skipped = login("e", [lobby(2000, { after: 1800 })]);
  assert.deepEqual([skipped.skipped, skipped.told[0].reason], [1790, "skipped"]);
  assert.equal(login("e", [lobby(30, { floor: 20 })]).told[0].reason, "shortened");
  assert.equal(login("other", [lobby(15)]).told[0].type, "reset");
  assert.equal(login("e", [lobby(5)]).told[0].type, "reset"); // the server lost entries
});

async function loggedIn(told = []) {
  const written = [];
  const signer = { publicKey: "key", sign: async () => new Uint8Array(64) };
  const options = { name: "alice", origin: "https://chat.example", signer, random: (count) => new Uint8Array(count) };
  const session = new Session({ ...options, tell: (event) => told.push(event) });
  session.connectionMade((line) => written.push(JSON.parse(line)));
  session.receive(JSON.stringify({ type: "challenge", nonce: "AAAAAAAAAAAAAAAAAAAAAA", id: 1 }));
  await new Promise(setImmediate);
  const welcome = { type: "welcome", epoch: "e", user: "a", name: "alice", token: "t", id: 2 };
  session.receive(JSON.stringify({ ...welcome, conversations: [lobby(3)] }) + "\n");
  return { session, written };
}

test("a session logs in, resumes with its token and positions, and repeats what has no answer", async () => {
  const { session, written } = await loggedIn();
  assert.deepEqual(written.map((each) => each.type), ["hello", "prove"]);
  session.keep(message(1));
  session.connectionLost();
  written.length = 0;
  session.connectionMade((line) => written.push(JSON.parse(line)));
  const [hello] = written;
  assert.deepEqual([hello.token, hello.epoch, hello.positions], ["t", "e", { "#lobby": 3 }]);
  session.receive(JSON.stringify({ type: "welcome", epoch: "e", user: "a", name: "alice", token: "u", conversations: [lobby(3)] }));
  assert.deepEqual(written.slice(1).map((each) => [each.outbox, each.n]), [["a", 1]]);
});

test("an answer belongs to its request, and a lost connection fails it", async () => {
  const { session, written } = await loggedIn();
  const asked = session.request({ type: "topic", room: "#lobby" });
  const { id } = written.at(-1);
  session.receive(`${JSON.stringify({ type: "topic", room: "#lobby", text: "x", id })}\n${JSON.stringify({ type: "ok", id })}\n`);
  assert.equal((await asked).events[0].text, "x");
  const lost = session.request({ type: "ping" });
  session.connectionLost();
  await assert.rejects(lost, { code: "unreachable" });
});

test("a broken event changes nothing", async () => {
  const { session } = await loggedIn();
  for (const line of ["[]", "null", '{"type":"entry"}', '{"type":"welcome"}', '{"type":"left"}', "not json"]) {
    const before = JSON.stringify([...session.positions.seqs]);
    if (line !== "[]") assert.throws(() => session.receive(line));
    assert.equal(JSON.stringify([...session.positions.seqs]), before);
  }
});

test("a page of history that was read before an entry came does not lose it", () => {
  const timeline = new Timeline();
  timeline.beginPage();
  timeline.add(entry(4));
  timeline.addPage([entry(2), entry(3)], { from: 1, to: 4, isLive: true });
  assert.deepEqual(timeline.lines.map((each) => each.seq), [2, 3, 4]);
  timeline.beginPage();
  timeline.add(entry(5, { kind: "edit", body: { text: "new", of: 3 } }));
  assert.equal(timeline.line(3).text, "new");
});

test("a reaction counts once per user, in whatever order pages come", () => {
  const timeline = new Timeline();
  const react = (seq, kind) => entry(seq, { kind, body: { of: 1, text: "👍" } });
  timeline.addPage([react(9, "unreact")], { from: 5, to: 9, isLive: true });
  timeline.addPage([entry(1), react(3, "react")], { from: 1, to: 4, isLive: true });
  assert.deepEqual(timeline.reactionsTo(1), []);
  timeline.add(react(10, "react"));
  assert.deepEqual(timeline.reactionsTo(1)[0].names, ["bob"]);
});

test("only http links, code and text are in a text", () => {
  const kinds = (text) => tokens(text).map((each) => `${each.kind}:${each.text}`);
  assert.deepEqual(kinds("see (https://x.org/a_(b)), `code`"), ["text:see (", "link:https://x.org/a_(b)", "text:), ", "code:code"]);
  assert.deepEqual(kinds("javascript:alert(1)"), ["text:javascript:alert(1)"]);
  assert.deepEqual(kinds("```js\nx = 1\n```"), ["block:x = 1"]);
  const start = performance.now();
  tokens("https://x/" + ")".repeat(32_000));
  tokens("`".repeat(32_000));
  tokens("```\n".repeat(8_000) + "x");
  assert.ok(performance.now() - start < 2000);
});
