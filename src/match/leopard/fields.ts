/** Which fields of a configuration count. */
export interface FieldConventions {
  /** `phase_randomization_filter`. */
  readonly phaseRandomization: boolean;
  /** Beam tilt, chromatic aberration, MTF and laser phase plate of an `optics_group`. */
  readonly opticsEffects: boolean;
}

const ALL_FIELDS: FieldConventions = { phaseRandomization: true, opticsEffects: true };

/** Leopard-EM 1.2 reads these and does not use them, or does not know them. */
const LEOPARD_FIELDS: FieldConventions = { phaseRandomization: false, opticsEffects: false };

/** @param options  `compat`: those that count in Leopard-EM 1.2; default: all */
export function fieldConventions({ compat = false }: { readonly compat?: boolean }): FieldConventions {
  return compat ? LEOPARD_FIELDS : ALL_FIELDS;
}
