/**
 * Vitrine, from camera to molecule. What it does is imported from its parts, so that a program loads no more than it uses:
 *
 * - `vitrine/acquire`: acquisitions on simulated and real microscopes, image processors, events
 * - `vitrine/match`: 2D template matching, refinement, maps from atoms, simulated micrographs, pictures
 * - `vitrine/pyramid`: mosaics of plates: stitching, geometry, illumination, tiles
 * - `vitrine/subtomogram`: molecules in tomograms: places, orientations, features
 * - `vitrine/subtomogram/models`: its models alone, for programs that bring boxes of their own
 * - `vitrine/likelihood`: images against structures: polar images, templates, particle stacks
 * - `vitrine/pipe`: image providers and converters: templates and masks at any scale
 * - `vitrine/optics`: contrast transfer functions, filters, orientation grids, movies, shell correlation
 * - `vitrine/io`: NDTiff, OME-Zarr, MRC, TIFF, STAR, PDB, mmCIF, NPY, torch, CSV, YAML, PNG: read, write, check
 * - `vitrine/compute`: Fourier transforms, resampling, matrices in WebAssembly SIMD, the pool of worker threads
 * - `vitrine/experiment`: plates, wells, sites, images and map objects in SQLite or PostgreSQL
 * - `vitrine/server`: images, experiments and jobs over HTTP, with the page that shows them
 * - `vitrine/jobs`: one function in many processes with shared results
 * - `vitrine/core`: images, volumes, rotations, seeded random numbers, the one error class
 *
 * Here is what all of them share: the error that callers catch, and the shapes of images and volumes.
 */
export type { ErrorCode, Fault, Image, Shape2, Shape3, Volume } from "./core/index.ts";
export { VitrineError } from "./core/index.ts";
