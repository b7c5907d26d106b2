import { ActionIcon, useMantineColorScheme, type MantineColorScheme } from "@mantine/core";

import { Icon, type IconName } from "@/ui/Icon";

export const NEXT_SCHEME: Record<MantineColorScheme, MantineColorScheme> = {
  auto: "light",
  light: "dark",
  dark: "auto",
};
const ICONS: Record<MantineColorScheme, IconName> = { auto: "system", light: "sun", dark: "moon" };
const WORDS: Record<MantineColorScheme, string> = { auto: "as the system", light: "light", dark: "dark" };

export function SchemeToggle() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      size="lg"
      onClick={() => setColorScheme(NEXT_SCHEME[colorScheme])}
      title={`Colours: ${WORDS[colorScheme]}. Click for ${WORDS[NEXT_SCHEME[colorScheme]]}.`}
      aria-label={`Colours ${WORDS[colorScheme]}, switch to ${WORDS[NEXT_SCHEME[colorScheme]]}`}
    >
      <Icon name={ICONS[colorScheme]} size={18} />
    </ActionIcon>
  );
}
