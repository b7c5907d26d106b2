import { lazy, Suspense } from "react";

import { Block } from "@/ui/States";

import { Header } from "../Header";
import classes from "../Page.module.css";

const Gallery = lazy(() => import("./Gallery"));

export function GalleryPage() {
  return (
    <>
      <Header />
      <main className={classes.page}>
        <Suspense fallback={<Block height={560} label="Opening the components" />}>
          <Gallery />
        </Suspense>
      </main>
    </>
  );
}
