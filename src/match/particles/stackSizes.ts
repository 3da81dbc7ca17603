import type { StackSizes } from "../config/refineConfig.ts";
import type { RefineTemplateYaml } from "../config/refineSchema.ts";
import { readStackSizes } from "./hdf5Particles.ts";

/** Sizes that a stack's file says where the configuration does not. */
export async function sizesOfStack(
  stack: RefineTemplateYaml["particle_stack"],
): Promise<{ readonly stackSizes?: StackSizes }> {
  if (!("hdf5_path" in stack) || (stack.extracted_box_size && stack.original_template_size)) return {};
  const stackSizes = await readStackSizes(stack.hdf5_path);
  return stackSizes === undefined ? {} : { stackSizes };
}
