/** The case of the reference page: 128 pixels, templates of random atoms, images with noise and an astigmatic CTF of their own. */
import { seededRandom } from "../../dist/core/index.js";
import { createPolarGrid } from "../../dist/likelihood/index.js";

const PIXELS = 128;
const BOX_A = 192;
const SIGMA_A = 3;
const ATOMS = 24;

export const grid = createPolarGrid({ radiusMax: PIXELS / 4, distRadii: 0.25, nInplanes: 2 * PIXELS });

/** Displacements in Å, 3 x 3 up to 3 pixels of 1.5 Å. */
export function displacements(side = 3, mostA = 4.5) {
  const line = Array.from({ length: side }, (_, i) =>
    side === 1 ? 0 : -mostA + (2 * mostA * i) / (side - 1),
  );
  return { x: line.flatMap(() => line), y: line.flatMap((y) => line.map(() => y)) };
}

/** A ball of atoms, half the half box in radius, seen from random directions: (count, shells, inplanes) complex, norm 1. */
export function makeTemplates(count) {
  const random = seededRandom(3);
  const atoms = Array.from({ length: ATOMS }, () => {
    const v = [random.normal(), random.normal(), random.normal()];
    const r = (0.5 * Math.cbrt(random.uniform())) / Math.hypot(...v);
    return v.map((x) => x * r);
  });
  const { nShells, nInplanes, radii, thetas, integrationWeights } = grid;
  const row = 2 * nShells * nInplanes;
  const data = new Float32Array(count * row);
  const sigma = (2 * SIGMA_A) / BOX_A;
  const turns = radii.length;
  for (let s = 0; s < count; s++) {
    const [a, z] = [2 * Math.PI * random.uniform(), 2 * random.uniform() - 1];
    const rho = Math.sqrt(1 - z * z);
    const e1 = [-Math.sin(a), Math.cos(a), 0];
    const e2 = [-z * Math.cos(a), -z * Math.sin(a), rho];
    const spots = atoms.map((p) => [e1, e2].map((e) => e[0] * p[0] + e[1] * p[1] + e[2] * p[2]));
    let energy = 0;
    for (let j = 0; j < nInplanes / 2; j++) {
      const [c, n] = [Math.cos(thetas[j]), Math.sin(thetas[j])];
      for (let k = 0; k < turns; k++) {
        let [re, im] = [0, 0];
        for (const [x, y] of spots) {
          const angle = -2 * Math.PI * radii[k] * (x * c + y * n);
          re += Math.cos(angle);
          im += Math.sin(angle);
        }
        const scale = Math.exp(-2 * (Math.PI * sigma * radii[k]) ** 2);
        const at = s * row + 2 * (k * nInplanes + j);
        data[at] = re * scale;
        data[at + 1] = im * scale;
        data[at + nInplanes] = re * scale;
        data[at + nInplanes + 1] = -im * scale;
        energy += 2 * integrationWeights[k] * scale * scale * (re * re + im * im);
      }
    }
    const norm = 1 / Math.sqrt(energy);
    for (let i = s * row; i < (s + 1) * row; i++) data[i] *= norm;
  }
  return { shape: [count, nShells, nInplanes], data };
}

/** Templates, turned and displaced, through CTFs, with noise of the same norm. */
export function makeImages(count, templates) {
  const random = seededRandom(5);
  const { nShells, nInplanes, radii, thetas } = grid;
  const plane = nShells * nInplanes;
  const images = new Float32Array(2 * plane * count);
  const ctf = new Float32Array(plane * count);
  for (let m = 0; m < count; m++) {
    const template = Math.floor(templates.shape[0] * random.uniform());
    const turn = Math.floor(nInplanes * random.uniform());
    const [defocus, astigmatism, angle] = [
      10000 + 10000 * random.uniform(),
      300 * random.uniform(),
      Math.PI * random.uniform(),
    ];
    for (let k = 0; k < nShells; k++) {
      const s2 = ((2 * radii[k]) / BOX_A) ** 2;
      for (let j = 0; j < nInplanes; j++) {
        const df = defocus + astigmatism * Math.cos(2 * (thetas[j] - angle));
        const gamma = -Math.PI * 0.019687 * s2 * df + (Math.PI / 2) * 2.7e7 * 0.019687 ** 3 * s2 * s2;
        ctf[m * plane + k * nInplanes + j] = -Math.sqrt(0.99) * Math.sin(gamma) + 0.1 * Math.cos(gamma);
      }
      for (let j = 0; j < nInplanes / 2; j++) {
        const from = 2 * ((template * nShells + k) * nInplanes + ((j + turn) % nInplanes));
        const at = 2 * ((m * nShells + k) * nInplanes + j);
        const c = ctf[m * plane + k * nInplanes + j];
        const [re, im] = [
          c * templates.data[from] + 0.02 * random.normal(),
          c * templates.data[from + 1] + 0.02 * random.normal(),
        ];
        images.set([re, im], at);
        images.set([re, -im], at + nInplanes);
      }
    }
  }
  return {
    images: { shape: [count, nShells, nInplanes], data: images },
    ctf: { shape: [count, nShells, nInplanes], data: ctf },
  };
}

export const boxSizeA = [BOX_A, BOX_A];
