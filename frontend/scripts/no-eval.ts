// MuJoCo's bindings write the functions that call into WebAssembly as text and compile it with `new Function`, which
// the content security policy forbids. Here they become closures that do the same.
import type { Plugin } from "vite";

const INVOKER = "new Function(...args, invokerFnBody)(...closureArgs)";
const INVOKER_CLOSURE = `(function (...given) {
  checkArgCount(given.length, minArgs, expectedArgCount, humanName, throwBindingError);
  const destructors = needsDestructorStack ? [] : null;
  const wired = isClassMethodFunc ? [argTypes[1].toWireType(destructors, this)] : [];
  for (let at = 0; at < expectedArgCount; at++) wired.push(argTypes[at + 2].toWireType(destructors, given[at]));
  const value = cppInvokerFunc(cppTargetFunc, ...wired);
  const first = isClassMethodFunc ? 1 : 2;
  if (needsDestructorStack) runDestructors(destructors);
  else
    for (let at = first; at < argTypes.length; at++)
      if (argTypes[at].destructorFunction !== null) argTypes[at].destructorFunction(wired[at - first]);
  return returns ? argTypes[0].fromWireType(value) : undefined;
})`;

const CALLER = "new Function(...params, functionBody)(...args)";
const CALLER_CLOSURE = `(function (obj, func, destructorsRef, pointer) {
  const given = [];
  for (const type of types) {
    given.push(type.readValueFromPointer(pointer));
    pointer += type.argPackAdvance;
  }
  const value = kind === 1 ? new func(...given) : kind === 0 ? func.call(obj, ...given) : func.call(...given);
  return retType.isVoid ? undefined : emval_returnValue(retType, destructorsRef, value);
})`;

/** The bindings without `new Function`. Throws an Error when another version of them writes it otherwise. */
export function withoutEval(code: string): string {
  for (const pattern of [INVOKER, CALLER])
    if (code.split(pattern).length !== 2) throw new Error(`@mujoco/mujoco has changed: no single ${pattern}`);
  return code.replace(INVOKER, () => INVOKER_CLOSURE).replace(CALLER, () => CALLER_CLOSURE);
}

export const noEval = (): Plugin => ({
  name: "mujoco-without-eval",
  transform: (code, id) =>
    id.includes("@mujoco/mujoco/mujoco.js") ? { code: withoutEval(code), map: null } : null,
});
