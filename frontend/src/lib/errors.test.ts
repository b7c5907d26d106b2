import { expect, test } from "vitest";

import { ApiError, messageOf, toApiError, unreachable } from "./errors";

test("the server's sentence, code and fields are kept", () => {
  const error = toApiError(422, {
    error: { code: "invalid", message: "top_k is 500.", fields: { top_k: "≤ 128" } },
  });
  expect(error).toBeInstanceOf(ApiError);
  expect(error).toMatchObject({
    message: "top_k is 500.",
    code: "invalid",
    status: 422,
    fields: { top_k: "≤ 128" },
  });
});

test.each([null, undefined, "<html>", {}])("a body without a sentence (%j) still gives one", (body) => {
  expect(toApiError(502, body).message).toBe("The server answered with status 502 and no explanation.");
});

test("anything thrown has a message", () => {
  expect(messageOf(unreachable())).toMatch(/did not answer/);
  expect(messageOf("oops")).toMatch(/no message/);
});
