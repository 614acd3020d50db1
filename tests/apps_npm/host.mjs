// An MCP Apps host, as small as one can be: it calls a tool, shows the tool's widget in a sandbox
// of another origin, and keeps what the widget asks of it.
import { AppBridge, PostMessageTransport, getToolUiResourceUri } from "@modelcontextprotocol/ext-apps/app-bridge";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";

const INFO = { name: "host-of-the-tests", version: "1" };
const asked = { links: [], modes: [], contexts: [], calls: [], marks: [] };
const waiting = [];
let app;
let bridge;

function note(what, value) {
  asked[what].push(value);
  for (const wait of waiting) if (asked[wait.what].length >= wait.count) wait.resolve(asked[wait.what]);
}

async function connectClient(headers) {
  const client = new Client(INFO, { capabilities: { extensions: { "io.modelcontextprotocol/ui": { mimeTypes: ["text/html;profile=mcp-app"] } } } });
  await client.connect(new StreamableHTTPClientTransport(new URL("/mcp", location.href), { requestInit: { headers } }));
  return client;
}

async function readWidget(client, name) {
  const { tools } = await client.listTools();
  const tool = tools.find((one) => one.name === name);
  const uri = getToolUiResourceUri(tool);
  const { contents } = await client.readResource({ uri });
  return { tool, resource: contents[0] };
}

/** A frame of the sandbox's origin, with the policy that the host makes of the resource's wishes. */
async function openSandbox(sandbox, csp) {
  const frame = document.createElement("iframe");
  frame.name = "sandbox";
  frame.setAttribute("sandbox", "allow-scripts allow-same-origin");
  const ready = new Promise((resolve) => {
    addEventListener("message", function hear(event) {
      if (event.source !== frame.contentWindow || event.data?.method !== "ui/notifications/sandbox-proxy-ready") return;
      removeEventListener("message", hear);
      resolve();
    });
  });
  frame.src = `${sandbox}?csp=${encodeURIComponent(JSON.stringify(csp))}`;
  document.body.replaceChildren(frame);
  await ready;
  return frame;
}

function listen() {
  bridge.onopenlink = async ({ url }) => { note("links", url); return {}; };
  bridge.onrequestdisplaymode = async ({ mode }) => { note("modes", mode); return { mode }; };
  bridge.onupdatemodelcontext = async (params) => { note("contexts", params); return {}; };
  bridge.addEventListener("loggingmessage", ({ data }) => note("marks", data));
  addEventListener("message", ({ data }) => { if (data?.method === "tools/call") note("calls", data.params.name); });
  bridge.addEventListener("sizechange", (size) => {
    if (size.height) document.querySelector("iframe").style.height = `${size.height}px`;
  });
}

/**
 * Shows what the tool `name` has to show. `grants` is what the host allows of the resource's
 * policy: "wishes" (all of it) or "nothing"; `headers` go with every call to the server; `result`
 * false keeps the tool from being called.
 */
window.openWidget = async ({ name, args = {}, context = {}, capabilities, grants = "wishes", headers = {}, sandbox, result = true }) => {
  const client = await connectClient(headers);
  const { tool, resource } = await readWidget(client, name);
  const csp = grants === "nothing" ? {} : resource._meta?.ui?.csp ?? {};
  const frame = await openSandbox(sandbox, csp);
  bridge = new AppBridge(client, INFO, capabilities ?? { openLinks: {}, serverTools: {}, updateModelContext: { text: {} } }, {
    hostContext: { theme: "light", displayMode: "inline", availableDisplayModes: ["inline", "fullscreen"], locale: "en-US", ...context },
  });
  listen();
  const initialized = new Promise((resolve) => bridge.addEventListener("initialized", resolve));
  await bridge.connect(new PostMessageTransport(frame.contentWindow, frame.contentWindow));
  await bridge.sendSandboxResourceReady({ html: resource.text, csp });
  await initialized;
  app = { info: bridge.getAppVersion(), capabilities: bridge.getAppCapabilities() };
  await bridge.sendToolInput({ arguments: args });
  if (result) await bridge.sendToolResult(await client.callTool({ name, arguments: args }));
};

window.host = {
  app: () => app,
  asked: (what) => asked[what],
  untilAsked: (what, count) => new Promise((resolve) => {
    if (asked[what].length >= count) resolve(asked[what]);
    else waiting.push({ what, count, resolve });
  }),
  tearDown: () => bridge.teardownResource({}),
  changeContext: (context) => bridge.sendHostContextChange(context),
  cancel: (reason) => bridge.sendToolCancelled({ reason }),
  writing: (args) => bridge.sendToolInputPartial({ arguments: args }),
  result: (result) => bridge.sendToolResult(result),
};
