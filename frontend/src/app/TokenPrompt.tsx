import { Button, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { token } from "@/lib/token";
import { Panel } from "@/ui/Panel";

import classes from "./Page.module.css";

/** Shown when the server answers 401. The token stays in this tab and is forgotten with it. */
export function TokenPrompt() {
  const queryClient = useQueryClient();
  const [value, setValue] = useState("");
  const refused = token.read() !== null;
  return (
    <div className={classes.status}>
      <Panel
        id="token"
        title="This server asks for a token"
        lead="Whoever started it set one in POLICYSCOPE_TOKEN. It stays in this tab only."
      >
        <form
          onSubmit={(event) => {
            event.preventDefault();
            token.save(value.trim());
            void queryClient.invalidateQueries();
          }}
        >
          <TextInput
            type="password"
            label="Token"
            autoComplete="off"
            autoFocus
            value={value}
            onChange={(event) => setValue(event.currentTarget.value)}
            error={refused && value === "" ? "The server did not accept the last token." : undefined}
          />
          <Button type="submit" mt="md" disabled={value.trim() === ""}>
            Continue
          </Button>
        </form>
      </Panel>
    </div>
  );
}
