// The native Gemini surface, driven by Google's own SDK for JavaScript.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { ApiError, GoogleGenAI, Type } from "@google/genai";

import { bed } from "./bed.mjs";

const model = "gemini-3.8-flash";
const contents = "Hello!";

describe("@google/genai", { timeout: 120_000 }, () => {
  let made;
  let google;

  const client = (apiKey, headers = {}) => new GoogleGenAI({ apiKey, httpOptions: { baseUrl: made.url, headers } });
  const streamed = async (ai) => {
    let text = "";
    let last;
    for await (const piece of await ai.models.generateContentStream({ model, contents })) {
      text += piece.text ?? "";
      last = piece;
    }
    return { text, finish: last?.candidates?.[0]?.finishReason };
  };

  const calls = async () => Object.values((await made.seen()).keys).reduce((sum, key) => sum + key.calls, 0);

  before(async () => {
    made = await bed();
    google = client(made.key);
  });
  after(async () => {
    await made?.close();
  });

  test("an answer", async () => {
    const answer = await google.models.generateContent({ model, contents });
    assert.ok(answer.text);
    assert.equal(answer.candidates[0].finishReason, "STOP");
    assert.ok(answer.usageMetadata.promptTokenCount > 0);
  });

  test("a stream", async () => {
    const { text, finish } = await streamed(google);
    assert.ok(text);
    assert.equal(finish, "STOP");
  });

  test("a chat sends what was said", async () => {
    const chat = google.chats.create({ model });
    assert.ok((await chat.sendMessage({ message: "first" })).text);
    assert.ok((await chat.sendMessage({ message: "second" })).text);
    const { recent } = await made.seen();
    assert.deepEqual(recent.at(-1).body.contents.map(({ role }) => role), ["user", "model", "user"]);
  });

  test("a function, and its result", async () => {
    const parameters = { type: Type.OBJECT, properties: { city: { type: Type.STRING } }, required: ["city"] };
    const tools = [{ functionDeclarations: [{ name: "get_weather", description: "The weather in a city", parameters }] }];
    const chat = google.chats.create({ model, config: { tools } });
    const asked = await chat.sendMessage({ message: "call the weather tool" });
    const [call] = asked.functionCalls;
    assert.equal(call.name, "get_weather");
    const functionResponse = { id: call.id, name: call.name, response: { output: "sunny" } };
    assert.ok((await chat.sendMessage({ message: [{ functionResponse }] })).text);
  });

  test("structured output", async () => {
    const properties = { name: { type: Type.STRING }, population: { type: Type.INTEGER } };
    const responseSchema = { type: Type.OBJECT, properties, required: ["name", "population"] };
    const config = { responseMimeType: "application/json", responseSchema };
    const answer = await google.models.generateContent({ model, contents: "A city", config });
    const place = JSON.parse(answer.text);
    assert.equal(typeof place.name, "string");
    assert.ok(Number.isInteger(place.population));
  });

  test("tokens are counted", async () => {
    assert.ok((await google.models.countTokens({ model, contents })).totalTokens > 0);
  });

  test("texts are embedded", async () => {
    const result = await google.models.embedContent({ model: "gemini-embedding-001", contents: ["one", "two"] });
    assert.equal(result.embeddings.length, 2);
    assert.ok(result.embeddings[0].values.length > 0);
  });

  test("models are listed", async () => {
    const names = [];
    for await (const { name } of await google.models.list()) names.push(name);
    assert.ok(names.includes(`models/${model}`));
    assert.ok((await google.models.get({ model })).inputTokenLimit > 0);
  });

  for (const fault of ["429-minute", "500", "503", "reset-before", "html-200"]) {
    test(`${fault} before the first event is not seen`, async () => {
      const ai = client(made.key, { "x-sim-fault": fault });
      const before = await calls();
      assert.ok((await ai.models.generateContent({ model, contents })).text);
      const { text, finish } = await streamed(ai);
      assert.ok(text);
      assert.equal(finish, "STOP");
      assert.ok((await calls()) - before >= 4, "each of the two was tried again");
    });
  }

  test("a stream that breaks is an error", async () => {
    await assert.rejects(streamed(client(made.key, { "x-sim-fault": "reset:1" })));
  });

  test("mistakes have their code", async () => {
    const code = (status) => (error) => error instanceof ApiError && error.status === status;
    await assert.rejects(google.models.generateContent({ model: "gpt-4o", contents }), code(404));
    await assert.rejects(client("wrong").models.generateContent({ model, contents }), code(401));
  });

  test("no key is in the log", () => {
    const log = made.log();
    assert.deepEqual([...made.keys, made.key].filter((key) => log.includes(key)), []);
  });
});
