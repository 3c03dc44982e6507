import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [react(), compressed()],
  // The client package from its sources, so that it needs no build of its own here.
  resolve: { conditions: ["kaiwa-source", "module", "browser", "development|production"] },
  build: {
    target: "es2022",
    // The page's policy allows no script but files of its own.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    sourcemap: true,
  },
  test: {
    include: ["tests/**/*.test.{ts,tsx}"],
    environment: "node",
    restoreMocks: true,
    testTimeout: 20_000,
  },
});

/** Beside every script and style sheet the same in gzip: the api process serves it, and need not compress. */
function compressed(): Plugin {
  return {
    name: "kaiwa-compressed",
    apply: "build",
    writeBundle: ({ dir = "dist" }) => {
      const assets = join(dir, "assets");
      for (const name of readdirSync(assets).filter((file) => /\.(js|css)$/.test(file))) {
        writeFileSync(join(assets, `${name}.gz`), gzipSync(readFileSync(join(assets, name)), { level: 9 }));
      }
    },
  };
}
