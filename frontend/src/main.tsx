import "./ui/fonts.css";
import "./ui/mantine.css";
import "./ui/tokens.css";
import "./ui/global.css";

import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { App } from "./app/App";
import { token } from "./lib/token";

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root element.");
token.adopt(window.location, window.history);
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
