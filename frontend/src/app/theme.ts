import {
  createTheme,
  defaultVariantColorsResolver,
  type MantineColorsTuple,
  type MantineThemeOverride,
} from "@mantine/core";

const teal: MantineColorsTuple = [
  "#e8f4f2",
  "#d2e8e5",
  "#a5d2cc",
  "#7fc9c1",
  "#55b9b0",
  "#2f9b93",
  "#1c8480",
  "#117372",
  "#0b6b6b",
  "#084f50",
];

// Mantine's own surfaces in dark mode, so that its inputs sit on ours.
const dark: MantineColorsTuple = [
  "#eceef0",
  "#bac0c7",
  "#959ca5",
  "#6f7780",
  "#414850",
  "#2f353b",
  "#1f2327",
  "#181b1e",
  "#131518",
  "#101214",
];

export const theme: MantineThemeOverride = createTheme({
  primaryColor: "teal",
  primaryShade: { light: 8, dark: 4 },
  // Mantine's own choice of text on a filled button looks at the light scheme only.
  variantColorResolver: (input) => {
    const colors = defaultVariantColorsResolver(input);
    return input.variant === "filled" ? { ...colors, color: "var(--on-accent)" } : colors;
  },
  colors: { teal, dark },
  fontFamily: "var(--font)",
  fontFamilyMonospace: "var(--mono)",
  defaultRadius: 6,
  fontSizes: { xs: "0.75rem", sm: "0.8125rem", md: "0.875rem", lg: "1rem", xl: "1.25rem" },
  cursorType: "pointer",
  respectReducedMotion: true,
});
