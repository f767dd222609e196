// Shows /openapi.json, and calls what it describes with the page's own cookie.

const make = (name, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
};

const api = await (await fetch("/openapi.json")).json();
const resolve = (node) => (node?.$ref ? node.$ref.slice(2).split("/").reduce((at, key) => at[key], api) : node);

/** A schema in the short form of the documents: {name, other?}. */
function shape(schema, depth = 0) {
  const it = resolve(schema);
  if (!it) return "bytes";
  if (it.allOf) return it.allOf.map((each) => shape(each, depth)).join(" and ");
  if (it.enum) return it.enum.join(" | ");
  if (it.type === "array") return `[${shape(it.items, depth)}]`;
  if (it.type !== "object" || !it.properties) return it.type ?? "anything";
  const pad = "  ".repeat(depth + 1);
  const fields = Object.entries(it.properties).map(([name, field]) => {
    const optional = it.required?.includes(name) ? "" : "?";
    const about = resolve(field).description;
    return `${pad}${name}${optional}: ${shape(field, depth + 1)}${about ? `   # ${about}` : ""}`;
  });
  return `{\n${fields.join("\n")}\n${"  ".repeat(depth)}}`;
}

function answers(operation) {
  const table = make("table", {}, make("tr", {}, make("th", { textContent: "Status" }), make("th", { textContent: "Answer" })));
  for (const [status, given] of Object.entries(operation.responses)) {
    const response = resolve(given);
    const cell = make("td", {}, response.description);
    for (const [type, content] of Object.entries(response.content ?? {})) {
      cell.append(make("pre", { textContent: content.schema ? `${type}\n${shape(content.schema)}` : type }));
    }
    table.append(make("tr", {}, make("td", { textContent: status === "default" ? "else" : status }), cell));
  }
  return table;
}

/** Fields for the path and a JSON body; other bodies are for programs. */
function attempt(method, path, parameters, body) {
  const form = make("form");
  const fields = parameters.filter((p) => p.in === "path").map((p) => {
    const input = make("input", { name: p.name, required: true });
    form.append(make("label", {}, p.name, input));
    return input;
  });
  const json = body?.content?.["application/json"];
  const text = json && make("textarea", { rows: 2, value: "{}" });
  if (text) form.append(make("label", {}, "application/json", text));
  const answer = make("pre", { hidden: true });
  form.append(make("button", { textContent: "Call" }), answer);
  form.addEventListener("submit", async (e) => {
    e.preventDefault();
    const filled = fields.reduce((at, field) => at.replace(`{${field.name}}`, encodeURIComponent(field.value)), path);
    const headers = text ? { "Content-Type": "application/json" } : {};
    const response = await fetch(filled, { method: method.toUpperCase(), headers, body: text?.value });
    const type = response.headers.get("content-type") ?? "";
    const content = /json|text|sdp/.test(type) ? await response.text() : type;
    answer.hidden = false;
    answer.textContent = `${response.status} ${response.statusText}\n${type.includes("json") ? JSON.stringify(JSON.parse(content), null, 2) : content}`;
  });
  return form;
}

document.getElementById("about").textContent = api.info.description;
for (const tag of api.tags) {
  const main = document.getElementById("operations");
  main.append(make("h2", { textContent: tag.name }), make("p", { textContent: tag.description }));
  for (const [path, item] of Object.entries(api.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      if (!operation.tags?.includes(tag.name)) continue;
      const parameters = [...(item.parameters ?? []), ...(operation.parameters ?? [])].map(resolve);
      const body = resolve(operation.requestBody);
      const details = make("div", {}, make("p", { textContent: operation.description ?? "" }));
      for (const parameter of parameters) {
        details.append(make("p", {}, make("code", { textContent: parameter.name }), ` (${parameter.in}) ${parameter.description ?? ""}`));
      }
      for (const [type, content] of Object.entries(body?.content ?? {})) {
        details.append(make("pre", { textContent: content.schema ? `${type}\n${shape(content.schema)}` : type }));
      }
      details.append(answers(operation));
      const streams = "text/event-stream" in (operation.responses["200"]?.content ?? {});
      const callable = !streams && (!body || body.content["application/json"]) && method !== "options";
      if (callable) details.append(attempt(method, path, parameters, body));
      main.append(
        make("details", { id: operation.operationId },
          make("summary", {}, make("b", { textContent: method.toUpperCase() }), make("code", { textContent: path }), make("span", { textContent: operation.summary })),
          details));
    }
  }
}
