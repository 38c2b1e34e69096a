// Namespaces come into being when a client asks for them: by pattern, by function, by an async question.
import assert from "node:assert/strict";
import { alsoConnect, collect, connect, next, open, refusal, run, settled, until } from "../lib.mjs";

run(async () => {
  const root = await connect();
  await eachRuleHasItsNames(root);
  await theQuestionSeesTheAuth(root);
  await childrenAreForgottenWhenEmpty(root);
  await childrenAreKeptByDefault();
  await namespacesAreAddedWhileTheServerRuns(root);
  await settled(root);
});

async function eachRuleHasItsNames(root) {
  const where = async (name) => {
    const socket = await alsoConnect(root, name);
    const answer = await new Promise((resolve) => socket.emit("where", (...words) => resolve(words)));
    return answer;
  };
  // A name of its own wins over the rules, an earlier rule over a later one.
  assert.deepEqual(await where("/room-exact"), ["by name"]);
  assert.deepEqual(await where("/room-1"), ["by pattern", ["1"]]);
  assert.deepEqual(await where("/room-ä ö"), ["by pattern", ["ä ö"]]);
  assert.deepEqual(await where("/room-a/b"), ["by function"]);
  for (const name of ["/room", "/rooms", "/Room-1", "/room-1?x=1".replace("room", "hall")]) {
    const refused = root.io.socket(name, {});
    assert.equal((await refusal(refused)).message, "Invalid namespace");
    assert.equal(refused.active, false);
  }
}

async function theQuestionSeesTheAuth(root) {
  const tenant = root.io.socket("/tenant-blue", { auth: { key: "blue" } });
  await next(tenant, "connect");
  const words = await new Promise((resolve) => tenant.emit("where", (...answer) => resolve(answer)));
  assert.deepEqual(words, ["by question", "/tenant-blue"]);
  tenant.disconnect();
  // The wrong key, none, and one of a type that the question does not understand: no is no.
  for (const auth of [{ key: "red" }, {}, undefined, { key: 7 }]) {
    const stranger = open("/tenant-blue", { auth });
    assert.equal((await refusal(stranger)).message, "Invalid namespace");
  }
}

async function childrenAreForgottenWhenEmpty(root) {
  const born = async () => (await root.emitWithAck("born")).filter((name) => name === "/room-child").length;
  const exists = async () => (await root.emitWithAck("exist")).includes("/room-child");
  assert.equal(await exists(), false);
  const [ada, bob] = [await connect("/room-child"), await connect("/room-child")];
  assert.deepEqual([await born(), await exists()], [1, true]);

  // They are in one namespace, and the server reaches it.
  const heard = [collect(ada, "told"), collect(bob, "told")];
  const said = next(bob, "said");
  ada.emit("say", "hello");
  assert.deepEqual(await said, ["hello"]);
  await root.emitWithAck("tell", "/room-child", "everybody");
  await until("both", () => heard.every((texts) => texts.length === 1));
  assert.match((await root.emitWithAck("tell", "/room-nobody", "x")).error, /no namespace "\/room-nobody"/);
  await root.emitWithAck("tell-all", "every namespace");
  await until("both again", () => heard.every((texts) => texts.length === 2));

  ada.disconnect();
  assert.equal(await exists(), true);
  bob.disconnect();
  await gone(exists);

  // One who is refused leaves nothing behind either.
  const refused = open("/room-child", { auth: { refuse: true } });
  assert.equal((await refusal(refused)).message, "not today");
  await gone(exists);
  assert.equal(await born(), 2);
}

/** Returns when the namespace is no more. */
async function gone(exists) {
  let here = true;
  const look = async () => {
    here = await exists();
    if (here) setTimeout(look, 10);
  };
  await look();
  await until("the namespace is forgotten", () => !here);
}

async function childrenAreKeptByDefault() {
  const root = await connect("/", { path: "/keep" });
  const child = await alsoConnect(root, "/room-child");
  child.disconnect();
  const again = await alsoConnect(root, "/room-child");
  again.disconnect();
  assert.deepEqual(await root.emitWithAck("born"), ["/room-child"]);
  assert.ok((await root.emitWithAck("exist")).includes("/room-child"));
}

async function namespacesAreAddedWhileTheServerRuns(root) {
  assert.equal((await refusal(root.io.socket("/late", {}))).message, "Invalid namespace");
  await root.emitWithAck("add", "/late");
  const late = await connect("/late");
  assert.equal(await late.emitWithAck("where"), "added");
  assert.ok((await root.emitWithAck("born")).includes("/late"));
  assert.match(await root.emitWithAck("add", "late"), /there is a namespace \/late already/);
}
