// A bid is confirmed by its bidder, answered with a receipt, and told to the others.
import assert from "node:assert/strict";
import { collect, connect, next, run } from "../lib.mjs";

run(async () => {
  const [ada, grace] = await Promise.all([connect(), connect()]);
  for (const socket of [ada, grace]) socket.on("confirm", (amount, answer) => answer(amount < 100));
  const own = collect(ada, "outbid");

  const outbid = next(grace, "outbid");
  const receipt = await ada.emitWithAck("place_bid", { item: "vase", amount: 20 });
  assert.deepEqual(receipt, { accepted: true, highest: 20 });
  assert.deepEqual(await outbid, [{ item: "vase", amount: 20 }]);

  const low = await grace.emitWithAck("place_bid", { item: "vase", amount: 10 });
  assert.deepEqual(low, { accepted: false, highest: 20 });
  const unconfirmed = await grace.emitWithAck("place_bid", { item: "vase", amount: 100 });
  assert.deepEqual(unconfirmed, { accepted: false, highest: 20 });
  const broken = await grace.emitWithAck("place_bid", { item: "vase" });
  assert.match(broken.error, /amount/);
  assert.deepEqual(own, []);
});
