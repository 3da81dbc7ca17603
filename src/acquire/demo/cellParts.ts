import { type Random, seededRandom } from "../../core/index.ts";
import { hashSeed } from "./hash.ts";
import { CHANNELS, type ChannelName } from "./specimen.ts";
import { type Chain, chainOf, type Disc, type Spot } from "./spots.ts";

/** What one channel shows of a cell; values are photoelectrons per ms in a pixel. */
export interface Parts {
  readonly discs: readonly Disc[];
  readonly chains: readonly Chain[];
}

/** One cell of the plane. */
export interface Cell {
  readonly xUm: number;
  readonly yUm: number;
  /** Grown when first asked for; places are relative to the cell's. */
  partsOf(channel: ChannelName): Parts;
}

/** No part of a sharp cell lies farther from its place than this, µm. */
export const CELL_REACH_UM: Readonly<Record<ChannelName, number>> = {
  DAPI: 13,
  FITC: 32,
  Rhodamine: 32,
  Cy5: 32,
  BF: 25,
};

interface Body {
  readonly random: Random;
  readonly nucleus: Disc;
  /** Outline of the whole cell: half axes around the nucleus, µm. */
  readonly lengthUm: number;
  readonly widthUm: number;
  readonly angle: number;
}

/** The cell that a seed describes, at a place. */
export function cellAt(seed: number, xUm: number, yUm: number): Cell {
  const grown: Partial<Record<ChannelName, Parts>> = {};
  return {
    xUm,
    yUm,
    partsOf(channel) {
      // every channel draws from numbers of its own, so that a change of one leaves the others
      const random = seededRandom(hashSeed(seed, CHANNELS.indexOf(channel)));
      grown[channel] ??= GROW[channel]({ ...shapeOf(seed), random });
      return grown[channel];
    },
  };
}

function shapeOf(seed: number): Omit<Body, "random"> {
  const shape = seededRandom(seed);
  const angle = Math.PI * shape.uniform();
  const aUm = 5.5 + 2 * shape.uniform();
  const bUm = aUm * (0.65 + 0.3 * shape.uniform());
  const value = 130 * Math.exp(0.25 * shape.normal());
  const lengthUm = 13 + 6 * shape.uniform();
  const nucleus = { xUm: 0, yUm: 0, aUm, bUm, angle: angle + 0.3 * shape.normal(), value };
  return { nucleus, lengthUm, widthUm: lengthUm * (0.5 + 0.25 * shape.uniform()), angle };
}

const GROW: Readonly<Record<ChannelName, (body: Body) => Parts>> = {
  DAPI: growNucleus,
  FITC: growFibres,
  Rhodamine: growMitochondria,
  Cy5: growMembrane,
  BF: growShadow,
};

/** The nucleus with dense grains and dark nucleoli. */
function growNucleus({ random, nucleus }: Body): Parts {
  const { aUm, bUm, value } = nucleus;
  const spots = Array.from({ length: 22 }, (_, i) => {
    const isNucleolus = i < 3;
    const [xUm, yUm] = placeIn(
      nucleus,
      (isNucleolus ? 0.5 : 0.8) * Math.sqrt(random.uniform()),
      2 * Math.PI * random.uniform(),
    );
    const sigmaUm = isNucleolus ? 0.9 + 0.4 * random.uniform() : 0.4 + 0.4 * random.uniform();
    return { xUm, yUm, sigmaUm, value: value * (isNucleolus ? -0.4 : 0.1 + 0.3 * random.uniform()) };
  });
  const dome = {
    xUm: nucleus.xUm,
    yUm: nucleus.yUm,
    sigmaUm: 0.5 * Math.sqrt(aUm * bUm),
    value: 0.3 * value,
  };
  return { discs: [nucleus], chains: [loose([dome, ...spots])] };
}

/** The body of the cell, dim, with fibres that run along it. */
function growFibres(body: Body): Parts {
  const { random, angle, lengthUm, widthUm } = body;
  const brightness = 60 * Math.exp(0.3 * random.normal());
  const chains = [growBody(body, 0.35 * brightness)];
  for (let fibre = 0; fibre < 11; fibre++) {
    const across = (random.uniform() * 2 - 1) * 0.85;
    const bend = 2 * random.normal();
    const half = lengthUm * 1.15 * Math.sqrt(1 - across * across) * (0.7 + 0.3 * random.uniform());
    const turn = angle + 0.12 * random.normal();
    const value = brightness * (0.35 + 0.5 * random.uniform());
    const spots: Spot[] = [];
    for (let along = -half; along <= half; along += 0.75) {
      const sideways = across * widthUm + bend * ((along / half) ** 2 - 0.4);
      const fade = 1 - 0.6 * (along / half) ** 4;
      spots.push({ ...turned(turn, [along, sideways]), sigmaUm: 0.38, value: value * fade });
    }
    chains.push(chainOf(spots, 0.75));
  }
  return { discs: [], chains };
}

/** Short bent rods around the nucleus. */
function growMitochondria(body: Body): Parts {
  const { random, nucleus, lengthUm } = body;
  const brightness = 95 * Math.exp(0.3 * random.normal());
  const chains = [growBody(body, 0.05 * brightness)];
  for (let rod = 0; rod < 34; rod++) {
    const reach = 1.15 + ((0.85 * lengthUm) / nucleus.aUm - 1.15) * random.uniform() ** 1.6;
    let [xUm, yUm] = placeIn(nucleus, reach, 2 * Math.PI * random.uniform());
    let heading = 2 * Math.PI * random.uniform();
    const links = 3 + Math.floor(4 * random.uniform());
    const value = brightness * (0.35 + 0.65 * random.uniform());
    const spots: Spot[] = [];
    for (let link = 0; link < links; link++) {
      spots.push({ xUm, yUm, sigmaUm: 0.4, value });
      heading += 0.5 * random.normal();
      xUm += 0.6 * Math.cos(heading);
      yUm += 0.6 * Math.sin(heading);
    }
    chains.push(chainOf(spots, 0.6));
  }
  return { discs: [], chains };
}

/** The outline of the cell, vesicles, and a bright heap beside the nucleus. */
function growMembrane(body: Body): Parts {
  const { random } = body;
  const brightness = 70 * Math.exp(0.3 * random.normal());
  const chains = [growBody(body, 0.12 * brightness), growOutline(body, 0.25 * brightness)];
  return { discs: [], chains: [...chains, loose(growVesicles(body, brightness))] };
}

function growOutline({ random, ...body }: Body, value: number): Chain {
  const { lengthUm, widthUm, angle } = body;
  const waves = Array.from({ length: 3 }, () => [0.09 * random.normal(), 2 * Math.PI * random.uniform()]);
  const spots = Array.from({ length: 140 }, (_, step) => {
    const turn = (step / 140) * 2 * Math.PI;
    const bulge = waves.reduce((sum, [size, phase], k) => sum + size * Math.cos((k + 2) * turn + phase), 1);
    const point = [1.2 * lengthUm * bulge * Math.cos(turn), 1.25 * widthUm * bulge * Math.sin(turn)] as const;
    return { ...turned(angle, point), sigmaUm: 0.45, value };
  });
  return chainOf(spots, 0.8);
}

function growVesicles({ random, nucleus }: Body, brightness: number): Spot[] {
  const heap = placeIn(nucleus, 1.35, 2 * Math.PI * random.uniform());
  return Array.from({ length: 46 }, (_, vesicle) => {
    const inHeap = vesicle < 16;
    const away = placeIn(nucleus, 1.1 + 0.9 * random.uniform(), 2 * Math.PI * random.uniform());
    const xUm = inHeap ? heap[0] + 1.3 * random.normal() : away[0];
    const yUm = inHeap ? heap[1] + 1.3 * random.normal() : away[1];
    return { xUm, yUm, sigmaUm: 0.35 + 0.15 * random.uniform(), value: brightness * random.uniform() };
  });
}

/** What the cell takes from transmitted light: its rim, its nucleus, grains. */
function growShadow(body: Body): Parts {
  const { random, nucleus, lengthUm, widthUm, angle } = body;
  const outer = { xUm: 0, yUm: 0, aUm: 1.2 * lengthUm, bUm: 1.25 * widthUm, angle, value: -70 };
  const inner = { ...outer, aUm: outer.aUm - 1.2, bUm: outer.bUm - 1.2, value: 50 };
  const spots = Array.from({ length: 40 }, () => {
    const [x, y] = placeIn(nucleus, 1.1 + 0.8 * random.uniform(), 2 * Math.PI * random.uniform());
    return { xUm: x, yUm: y, sigmaUm: 0.4 + 0.2 * random.uniform(), value: -60 * random.uniform() };
  });
  const rim = { ...nucleus, value: -45 };
  const core = { ...nucleus, aUm: nucleus.aUm - 0.9, bUm: nucleus.bUm - 0.9, value: 35 };
  return { discs: [outer, inner, rim, core], chains: [loose(spots)] };
}

/** A body of overlapping wide Gaussians, without a border. */
function growBody(body: Body, value: number): Chain {
  const { random, angle, lengthUm, widthUm } = body;
  const spots = Array.from({ length: 9 }, (_, i) => {
    const along = (i / 8 - 0.5) * 1.7 * lengthUm;
    const taper = 1 - 0.5 * Math.abs(i / 4 - 1);
    const sideways = 0.2 * widthUm * random.normal();
    const sigmaUm = 0.55 * widthUm * taper * (0.85 + 0.3 * random.uniform());
    return { ...turned(angle, [along, sideways]), sigmaUm, value: 0.7 * value };
  });
  return loose(spots);
}

function loose(spots: readonly Spot[]): Chain {
  return chainOf(spots, Number.POSITIVE_INFINITY);
}

/** The point at `reach` half axes from the middle of a disc in a direction. */
function placeIn(disc: Disc, reach: number, direction: number): [xUm: number, yUm: number] {
  const along = reach * disc.aUm * Math.cos(direction);
  const across = reach * disc.bUm * Math.sin(direction);
  const cos = Math.cos(disc.angle);
  const sin = Math.sin(disc.angle);
  return [disc.xUm + cos * along - sin * across, disc.yUm + sin * along + cos * across];
}

function turned(angle: number, [along, across]: readonly [number, number]) {
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  return { xUm: cos * along - sin * across, yUm: sin * along + cos * across };
}
