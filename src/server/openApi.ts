/** The OpenAPI description of all routes, made of the schemas that parse their requests. */
import { z } from "zod";
import type { AnyRoute } from "./route.ts";

/** Of the routes' answers. */
const RESPONSES: Readonly<Record<string, string>> = {
  304: "the browser has it already",
  400: "a parameter is wrong: the message says which",
  401: "no token, or a wrong one",
  403: "not for this page or name",
  404: "nothing of this name is served",
  409: "something is under way already: the message says what",
  422: "a file that cannot be shown: the message says why",
};

/** Describes the routes. @returns  a document of OpenAPI 3.1, JSON */
export function describeRoutes(routes: readonly AnyRoute[], version: string) {
  return {
    openapi: "3.1.0",
    info: {
      title: "Vitrine",
      version,
      description:
        "What vitrine serve answers; get reads. What changes in time is told by the WebSocket /api/live (docs/viewer.md).",
    },
    components: { securitySchemes: { token: { type: "http", scheme: "bearer" } } },
    paths: Object.fromEntries(
      routes.map((route) => [`/api/${route.path}`, { [route.method ?? "get"]: operationOf(route) }]),
    ),
  };
}

function operationOf({ summary, query, gives, path, method }: AnyRoute) {
  const content = Object.fromEntries(gives.map((type) => [type, {}]));
  return {
    summary,
    operationId: path.replaceAll(/[^a-z]+(.)/gi, (_, letter: string) => letter.toUpperCase()),
    ...(method === "post"
      ? { requestBody: { required: true, content: { "application/json": { schema: bodyOf(query) } } } }
      : {
          parameters: Object.entries(query.shape).map(([name, each]) => parameterOf(name, each as z.ZodType)),
        }),
    responses: {
      200: { description: "what was asked for", content },
      ...Object.fromEntries(
        Object.entries(RESPONSES).map(([status, description]) => [status, { description }]),
      ),
    },
  };
}

function bodyOf(query: z.ZodObject) {
  const { $schema, ...schema } = z.toJSONSchema(query, { io: "input", unrepresentable: "any" });
  return schema;
}

function parameterOf(name: string, schema: z.ZodType) {
  const made: Record<string, unknown> = z.toJSONSchema(schema, {
    io: "input",
    unrepresentable: "any",
    override: ({ zodSchema, jsonSchema }) => {
      const meta = z.globalRegistry.get(zodSchema);
      if (meta !== undefined && "override" in meta) {
        delete jsonSchema.pattern;
        Object.assign(jsonSchema, meta.override);
        delete jsonSchema.override;
      }
    },
  });
  const { $schema, description, ...rest } = made;
  const isRequired = !schema.safeParse(undefined).success;
  return {
    name,
    in: "query",
    required: isRequired,
    ...(description !== undefined && { description }),
    schema: rest,
  };
}
