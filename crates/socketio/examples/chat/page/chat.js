// The page of the chat: what the socket says is drawn, what the visitor does is asked.
//
// Whatever another person wrote reaches the document as `textContent` only.
"use strict";

const ANSWER_WITHIN = 10_000; // ms
const MAX_PICTURE = 700_000; // bytes; the server refuses more
const MAX_SHOWN = 500; // messages kept in the document
const SAME_BREATH = 5 * 60_000; // ms within which messages of one author share a bubble head
const TYPING_LASTS = 4_000; // ms without news until a typist counts as gone

const $ = (id) => document.getElementById(id);
const socket = io();
const typists = new Map(); // nickname -> timer

let seat = null; // { nickname, room } as the server spelled them; asked for again on every connect
let rooms = [];

// asking

async function ask(event, value) {
  if (!socket.connected) throw new Error("You are offline.");
  const answer = await socket.timeout(ANSWER_WITHIN).emitWithAck(event, value);
  if (answer?.error) throw new Error(answer.error);
  return answer;
}

async function enter(wish) {
  const entered = await ask("join", wish);
  if (seat?.room !== entered.room) clearMessages();
  seat = { nickname: entered.nickname, room: entered.room };
  remember(seat);
  $("messages").setAttribute("aria-busy", "true"); // nobody wants the history read aloud
  for (const entry of entered.history) showEntry(entry);
  $("messages").setAttribute("aria-busy", "false");
  showPeople(entered.people);
  showSeat();
  scrollToEnd();
}

async function say(draft, message = showOwn(draft)) {
  message.classList.remove("failed");
  message.classList.add("pending");
  try {
    const { id, at } = await ask("message", draft);
    settle(message, id, at);
  } catch (error) {
    fail(message, error, () => say(draft, message));
  }
}

async function sendPicture(file) {
  if (!file || !seat || !socket.connected) return;
  try {
    const picture = new Uint8Array(await (await shrink(file)).arrayBuffer());
    await say({ picture });
  } catch (error) {
    showNotice(error.message);
  }
}

// A photograph from a phone is too big for the wire, but not for the eye: send a smaller one.
async function shrink(file) {
  if (file.size <= MAX_PICTURE) return file;
  const image = await createImageBitmap(file).catch(() => {
    throw new Error("This file is not a picture.");
  });
  for (const edge of [1920, 1280, 800]) {
    const scale = Math.min(1, edge / Math.max(image.width, image.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(image.width * scale);
    canvas.height = Math.round(image.height * scale);
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    const smaller = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.85));
    if (smaller && smaller.size <= MAX_PICTURE) return smaller;
  }
  throw new Error("This picture is too big.");
}

// messages

function showEntry({ id, at, author, body }) {
  const list = $("messages");
  if (list.querySelector(`[data-id="${id}"]`)) return;
  const message = draw(author, body, author === seat?.nickname);
  settle(message, id, at);
  place(message, [...list.children].find((other) => Number(other.dataset.id) > id));
}

function showOwn(draft) {
  const body = draft.text !== undefined ? draft : { picture: { kind: "", data: draft.picture } };
  const message = draw(seat.nickname, body, true);
  message.dataset.at = Date.now();
  place(message);
  scrollToEnd();
  return message;
}

function draw(author, body, own) {
  const message = element("article", { className: own ? "message own" : "message" });
  message.dataset.author = author;
  const head = element("p", { className: "head" });
  head.append(element("b", { textContent: author }), " ", element("time"));
  const bubble = element("div", { className: "bubble" });
  bubble.append(body.picture ? drawPicture(author, body.picture) : element("p", { textContent: body.text }));
  const note = element("p", { className: "note" });
  message.append(avatar(author), head, bubble, note);
  return message;
}

function drawPicture(author, { kind, data }) {
  const href = URL.createObjectURL(new Blob([data], { type: kind }));
  const link = element("a", { href, target: "_blank", rel: "noopener" });
  const image = element("img", { src: href, alt: `Picture from ${author}` });
  const follow = isAtEnd();
  image.onload = () => follow && scrollToEnd();
  link.append(image);
  return link;
}

function settle(message, id, at) {
  message.dataset.id = id;
  message.dataset.at = at;
  message.classList.remove("pending");
  message.querySelector(".note").replaceChildren();
  const time = message.querySelector("time");
  const date = new Date(at);
  time.dateTime = date.toISOString();
  time.title = date.toLocaleString();
  time.textContent = date.toLocaleTimeString([], { hour: "numeric", minute: "2-digit" });
}

function fail(message, error, again) {
  message.classList.remove("pending");
  message.classList.add("failed");
  const retry = element("button", { type: "button", className: "quiet", textContent: "Try again" });
  retry.onclick = again;
  message.querySelector(".note").replaceChildren(`Not sent: ${error.message} `, retry);
}

function showNotice(text) {
  place(element("p", { className: "notice", textContent: text }));
}

function place(child, before = null) {
  const list = $("messages");
  const follow = isAtEnd();
  list.insertBefore(child, before);
  joinBreath(child);
  joinBreath(child.nextElementSibling);
  if (list.childElementCount > MAX_SHOWN) discard(list.firstElementChild);
  if (follow) scrollToEnd();
  else $("latest").hidden = false;
}

// Marks a message that continues what its author just said.
function joinBreath(message) {
  if (!message?.dataset.author) return;
  const previous = message.previousElementSibling;
  message.classList.toggle(
    "more",
    previous?.dataset.author === message.dataset.author &&
      previous.classList.contains("own") === message.classList.contains("own") &&
      message.dataset.at - previous.dataset.at < SAME_BREATH,
  );
}

function clearMessages() {
  for (const child of [...$("messages").children]) discard(child);
  clearTyping();
}

function discard(child) {
  const picture = child.querySelector("img");
  if (picture) URL.revokeObjectURL(picture.src);
  child.remove();
}

function isAtEnd() {
  const list = $("messages");
  return list.scrollHeight - list.scrollTop - list.clientHeight < 60;
}

function scrollToEnd() {
  $("messages").scrollTop = $("messages").scrollHeight;
  $("latest").hidden = true;
}

// people, rooms, typing

function showPeople(people) {
  const you = (id) => (id === socket.id ? element("i", { textContent: "you" }) : "");
  $("people").replaceChildren(
    ...people.map(({ id, nickname }) => {
      const person = element("li", { className: "person" });
      person.append(avatar(nickname), element("span", { textContent: nickname }), you(id));
      return person;
    }),
  );
  $("count").textContent = people.length;
}

function showRooms() {
  $("rooms").replaceChildren(
    ...rooms.map(({ name, people }) => {
      const button = element("button", { type: "button", className: "room" });
      button.append(element("span", { textContent: name }), element("small", { textContent: people || "" }));
      if (name === seat?.room) button.setAttribute("aria-current", "true");
      button.onclick = () => seat && enter({ ...seat, room: name }).catch((error) => showNotice(error.message));
      const item = element("li");
      item.append(button);
      return item;
    }),
  );
  $("known-rooms").replaceChildren(...rooms.map(({ name }) => element("option", { value: name })));
}

function showSeat() {
  $("title").textContent = seat.room;
  document.title = `${seat.room} – Chat`;
  $("me").replaceChildren(avatar(seat.nickname), element("span", { textContent: seat.nickname }), "Change");
  showRooms();
  showLink();
}

function startTyping(nickname) {
  clearTimeout(typists.get(nickname));
  typists.set(nickname, setTimeout(stopTyping, TYPING_LASTS, nickname));
  showTyping();
}

function stopTyping(nickname) {
  clearTimeout(typists.get(nickname));
  typists.delete(nickname);
  showTyping();
}

function clearTyping() {
  for (const nickname of [...typists.keys()]) stopTyping(nickname);
}

function showTyping() {
  const names = [...typists.keys()];
  $("typing").textContent =
    names.length === 0 ? ""
    : names.length === 1 ? `${names[0]} is typing…`
    : names.length === 2 ? `${names[0]} and ${names[1]} are typing…`
    : "Several people are typing…";
}

function noticeText(notice) {
  if (notice.entered) return `${notice.entered} came in`;
  if (notice.left) return `${notice.left} left`;
  return `${notice.renamed[0]} is now ${notice.renamed[1]}`;
}

// the connection, as the visitor sees it

function showLink(state = $("status").dataset.state) {
  const words = { connected: "Connected", connecting: "Connecting", disconnected: "Offline" };
  $("status").dataset.state = state;
  $("status").textContent = words[state];
  $("transport").textContent = (state === "connected" && socket.io.engine?.transport.name) || "";
  const offline = state !== "connected";
  $("banner").hidden = !offline || !seat;
  if (offline && seat) $("banner").textContent = "Connection lost. Sending is off until it is back.";
  $("send").disabled = $("picture").disabled = offline || !seat;
  $("join").disabled = offline;
}

socket.on("connect", () => {
  showLink("connected");
  if (seat) enter(seat).catch((error) => openDoor(error.message));
});
socket.on("disconnect", (reason) => {
  showLink("disconnected");
  clearTyping();
  // The client library comes back by itself, unless the server has asked it to go.
  if (reason === "io server disconnect") setTimeout(() => socket.connect(), 1_000);
});
socket.io.on("open", () => socket.io.engine.on("upgrade", () => showLink()));
socket.io.on("reconnect_attempt", () => showLink("connecting"));
socket.io.on("error", () => showLink("disconnected"));

socket.on("message", (entry) => {
  stopTyping(entry.author);
  showEntry(entry);
});
socket.on("notice", (notice) => showNotice(noticeText(notice)));
socket.on("people", showPeople);
socket.on("rooms", (list) => {
  rooms = list;
  showRooms();
});
socket.on("typing", (nickname, typing) => (typing ? startTyping : stopTyping)(nickname));

// the door

function openDoor(error = "") {
  $("door-error").textContent = error;
  $("stay").hidden = !seat;
  $("nickname").value = seat?.nickname ?? recall().nickname ?? "";
  $("room").value = seat?.room ?? recall().room ?? "lobby";
  if (!$("door").open) $("door").showModal();
}

$("join-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    await enter({ nickname: $("nickname").value, room: $("room").value });
    $("door").close();
    $("text").focus();
  } catch (error) {
    $("door-error").textContent = error.message;
  }
});
$("stay").onclick = () => $("door").close();
$("door").addEventListener("close", () => seat || openDoor()); // nobody stays outside
$("me").onclick = () => openDoor();
$("new-room").onclick = () => {
  openDoor();
  $("room").value = "";
  $("room").focus();
};

// the composer

let typingSaidAt = 0;

function sendTyping(typing) {
  if (!seat || !socket.connected || typing === Date.now() - typingSaidAt < TYPING_LASTS / 2) return;
  typingSaidAt = typing ? Date.now() : 0;
  socket.volatile.emit("typing", typing);
}

$("text").addEventListener("input", () => sendTyping($("text").value.trim() !== ""));
$("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    $("composer").requestSubmit($("send").disabled ? null : $("send"));
  }
});
$("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = $("text").value.trim();
  if (text === "" || $("send").disabled) return;
  $("text").value = "";
  typingSaidAt = 0; // the message itself says that the typing is over
  say({ text });
});

$("picture").onchange = () => {
  sendPicture($("picture").files[0]);
  $("picture").value = "";
};
document.addEventListener("paste", (event) => {
  const file = [...event.clipboardData.files].find((file) => file.type.startsWith("image/"));
  if (file) {
    event.preventDefault();
    sendPicture(file);
  }
});
document.addEventListener("dragover", (event) => {
  event.preventDefault();
  document.body.dataset.drop = "";
});
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) delete document.body.dataset.drop;
});
document.addEventListener("drop", (event) => {
  event.preventDefault();
  delete document.body.dataset.drop;
  sendPicture(event.dataTransfer.files[0]);
});

$("latest").onclick = scrollToEnd;
$("messages").addEventListener("scroll", () => isAtEnd() && ($("latest").hidden = true));

// small tools

function element(tag, properties = {}) {
  return Object.assign(document.createElement(tag), properties);
}

function avatar(nickname) {
  const words = nickname.split(/[\s_.-]+/).filter(Boolean);
  const initials = words.slice(0, 2).map((word) => [...word][0]).join("").toUpperCase() || "?";
  const face = element("span", { className: "avatar", textContent: initials, ariaHidden: "true" });
  face.style.setProperty("--hue", hue(nickname));
  return face;
}

// One nickname, one colour, on every screen. The golden angle keeps neighbours apart.
function hue(nickname) {
  let hash = 0;
  for (const character of nickname) hash = (hash * 31 + character.codePointAt(0)) % 65_521;
  return ((hash * 137.508) % 360).toFixed();
}

// Private browsing may forbid storage; the chat works without.
function remember(seat) {
  try {
    sessionStorage.setItem("seat", JSON.stringify(seat));
  } catch {}
}

function recall() {
  try {
    return JSON.parse(sessionStorage.getItem("seat")) ?? {};
  } catch {
    return {};
  }
}

showLink();
openDoor();
