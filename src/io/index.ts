export {
  canonicalPath,
  fileExists,
  listFolder,
  makeFolder,
  openFile,
  openWritable,
  readFileBytes,
  removeFile,
  removeFolder,
  renameFile,
  writeFileAtomic,
} from "#files";
export type {
  Axes,
  ImageLayout,
  KnownKeys,
  OptionKeys,
  PixelArray,
  PixelImage,
  PixelType,
} from "../core/index.ts";
export {
  axesKey,
  bytesPerValue,
  describeAxes,
  imageBytes,
  layoutOf,
  pixelBytes,
  pixelTypeOf,
  pixelView,
  refuseUnknownKeys,
  requireKnownOptions,
} from "../core/index.ts";
export { folderAddress, isWebAddress } from "./address.ts";
export type { Atom, Structure } from "./atoms/atom.ts";
export { parseMmcif } from "./atoms/mmcif.ts";
export { parsePdb } from "./atoms/pdb.ts";
export type { ReadAtomsOptions } from "./atoms/read.ts";
export { readAtoms } from "./atoms/read.ts";
export type { AtomSelection } from "./atoms/select.ts";
export { atomSelectionSchema, selectAtoms } from "./atoms/select.ts";
export type { RescaledSource } from "./convert/bits.ts";
export { withBits } from "./convert/bits.ts";
export type { ConvertReport } from "./convert/convert.ts";
export { convertCollection, convertDataset } from "./convert/convert.ts";
export type { OpenedDataset } from "./convert/open.ts";
export { openDataset } from "./convert/open.ts";
export type { ConvertFormat, ConvertOptions, ConvertProgress, DatasetFormat } from "./convert/options.ts";
export type { ViewOptions } from "./convert/view.ts";
export { viewOf } from "./convert/view.ts";
export type { CsvCells, CsvTable, CsvValue } from "./csv.ts";
export { csvParts, formatCsv, parseCsv } from "./csv.ts";
export { parseCsvTable, readCsvTable } from "./csvTable.ts";
export { BaseDataset } from "./dataset/baseDataset.ts";
export type {
  ArrayBlock,
  ArrayOptions,
  ArraySelection,
  Dataset,
  DatasetArray,
  DatasetImage,
  DatasetWriter,
  JsonObject,
  JsonValue,
} from "./dataset/dataset.ts";
export type { MemoryDatasetOptions } from "./dataset/memory.ts";
export { createMemoryDataset } from "./dataset/memory.ts";
export type { ReadImageOptions } from "./dataset/readImage.ts";
export { shortestFloat32 } from "./decimal.ts";
export type { ArrayDescription } from "./describe/arrays.ts";
export type { DatasetDescription, LayoutDescription } from "./describe/dataset.ts";
export type { FileDescription } from "./describe/describe.ts";
export { describeFile } from "./describe/describe.ts";
export type { Hdf5Description } from "./describe/hdf5.ts";
export type {
  AxisDescription,
  ImageDescription,
  ImagesDescription,
  WellDescription,
} from "./describe/images.ts";
export type { AtomsDescription, StarDescription, TiffDescription } from "./describe/structure.ts";
export { endingOf, MRC_NAME, refuseOtherEnding, refuseOtherPicture } from "./endings.ts";
export type {
  Durability,
  FileChunks,
  FileSource,
  RandomAccessFile,
  WritableFile,
  WriteOptions,
} from "./files.ts";
export { sourceName } from "./files.ts";
export { openUnpacked, readUnpackedHead } from "./gzip.ts";
export type { Hdf5Attribute, Hdf5Attributes, Hdf5File, Hdf5Node, Hdf5Values } from "./hdf5/read.ts";
export { parseHdf5, readHdf5 } from "./hdf5/read.ts";
export type {
  Hdf5AttributeContent,
  Hdf5Content,
  Hdf5DataContent,
  Hdf5DatasetContent,
} from "./hdf5/write.ts";
export { formatHdf5, writeHdf5 } from "./hdf5/write.ts";
export type { FileKind } from "./identify.ts";
export { identifyFile } from "./identify.ts";
export { inputPrints, requireSameInputs } from "./inputPrints.ts";
export type { GreyPicture } from "./jpeg.ts";
export { decodeGreyJpeg } from "./jpeg.ts";
export { parseJsonText } from "./json.ts";
export { kindOfContent, kindWords } from "./kindWords.ts";
export type { MrcHeader, MrcMode, Xyz } from "./mrc.ts";
export { formatMrcHeader, parseMrcHeader } from "./mrc.ts";
export type { MrcFile } from "./mrcFile.ts";
export { checkMrcVolume, openMrc, readMrcImage, readMrcVolume, requireCubicVoxels } from "./mrcFile.ts";
export type { MrcStackShape, PutSection } from "./mrcStack.ts";
export { writeMrcStack } from "./mrcStack.ts";
export { parseMrc } from "./mrcValues.ts";
export type { MrcContent, MrcWriteMode } from "./mrcWrite.ts";
export { formatMrc, writeMrc } from "./mrcWrite.ts";
export type { NdtiffDataset } from "./ndtiff/dataset.ts";
export { nextDatasetFolder } from "./ndtiff/folders.ts";
export type { NdtiffVersion } from "./ndtiff/format.ts";
export type { OpenNdtiffOptions } from "./ndtiff/open.ts";
export { openNdtiff } from "./ndtiff/open.ts";
export type { NdtiffPyramidOptions } from "./ndtiff/pyramidWriter.ts";
export { createNdtiffPyramid } from "./ndtiff/pyramidWriter.ts";
export type { NdtiffOptions, NdtiffWriter } from "./ndtiff/writer.ts";
export { createNdtiff } from "./ndtiff/writer.ts";
export type { NpyArray, NpyContent, NpyData, NpyDtype } from "./npy.ts";
export { formatNpy, parseNpy } from "./npy.ts";
export { readNpy, writeNpy } from "./npyFile.ts";
export { parseNpyRecords, readNpyRecords } from "./npyRecords.ts";
export type { NpyObjectContent, NpyTextContent, NpyValueContent } from "./npyValuesWrite.ts";
export { formatNpyValue, formatNpzValues, writeNpyValue, writeNpzValues } from "./npyValuesWrite.ts";
export type { NpzOptions } from "./npz.ts";
export { formatNpz, parseNpz, readNpz, writeNpz } from "./npz.ts";
export type { NpyObjects, NpyTexts, NpyValue } from "./npzValues.ts";
export { parseNpyValue, readNpzValues } from "./npzValues.ts";
export type { OmeZarrCompression } from "./omezarr/chunks.ts";
export type { OmeZarrReader } from "./omezarr/dataset.ts";
export type { OmeZarrCollectionOptions, OmeZarrCollectionWriter } from "./omezarr/multiscale/collection.ts";
export { createOmeZarrCollection } from "./omezarr/multiscale/collection.ts";
export type { OmeZarrLabelsOptions } from "./omezarr/multiscale/labels.ts";
export { createOmeZarrLabels } from "./omezarr/multiscale/labels.ts";
export type {
  MultiscaleCompression,
  MultiscaleLayout,
  MultiscaleVersion,
  PlannedLevel,
  Reduction,
} from "./omezarr/multiscale/plan.ts";
export type {
  OmeZarrPlateOptions,
  OmeZarrPlateWriter,
  PlateFieldOptions,
} from "./omezarr/multiscale/plate.ts";
export { createOmeZarrPlate } from "./omezarr/multiscale/plate.ts";
export type { OmeZarrImageOptions, OmeZarrImageWriter } from "./omezarr/multiscale/writer.ts";
export { createOmeZarrImage } from "./omezarr/multiscale/writer.ts";
export { openOmeZarr } from "./omezarr/open.ts";
export type { OmeZarrTiling } from "./omezarr/tiling.ts";
export type { OmeZarrOptions } from "./omezarr/writer.ts";
export { createOmeZarr } from "./omezarr/writer.ts";
export type { ParquetColumn, ParquetField, ParquetValue } from "./parquet.ts";
export { formatParquet, ParquetChunks, readParquetColumns, readParquetRows } from "./parquet.ts";
export type { PngPicture } from "./png.ts";
export { encodePng } from "./png.ts";
export type { NpyRecords } from "./records.ts";
export type { PictureOptions, RenderedPicture } from "./render/options.ts";
export { renderPicture } from "./render/render.ts";
export type { ResultFiles, ResultPlaces } from "./resultFiles.ts";
export { prepareResultFiles, writeTogether } from "./resultFiles.ts";
export { parseWithSchema } from "./schema.ts";
export type { ChunkCache } from "./source/cache.ts";
export type { ChunkReader, ChunkRequest, SourceFacts } from "./source/chunked.ts";
export { chunkedSource } from "./source/chunked.ts";
export type { DatasetSourceOptions } from "./source/dataset.ts";
export { datasetSource } from "./source/dataset.ts";
export type { MemoryLevel, MemorySourceOptions } from "./source/memory.ts";
export { memorySource } from "./source/memory.ts";
export { openImage, openImages } from "./source/open.ts";
export type {
  AxisKind,
  ImageCollection,
  ImageSource,
  PlateField,
  PlateWell,
  SourceAxis,
  SourceChannel,
  SourceLevel,
  SourcePart,
  SourceRead,
  SourceRegion,
  StagePlace,
  StagePlaces,
} from "./source/source.ts";
export { openTiffImages } from "./source/tiff/open.ts";
export { convertUnit, unitName } from "./source/units.ts";
export type { ViewLevel } from "./source/viewLevels.ts";
export { axisOf, viewLevels } from "./source/viewLevels.ts";
export type { ViewBox, ViewRead } from "./source/views.ts";
export { readView } from "./source/views.ts";
export type { VolumeAxes } from "./source/volumeAxes.ts";
export { volumeAxes } from "./source/volumeAxes.ts";
export { formatStar, readStar, writeStar } from "./star/format.ts";
export { parseStar } from "./star/parse.ts";
export type { StarBlock, StarFile, StarPair } from "./star/star.ts";
export { starBlock, starPairs, starTable, starTables } from "./star/star.ts";
export type { StarCell, StarTable } from "./star/table.ts";
export { createStarTable, lazyStarTable, withStarColumns } from "./star/table.ts";
export { readText } from "./text.ts";
export type { TiffCompression } from "./tiff/encode.ts";
export type { OmeTiffOptions, OmeTiffWriter } from "./tiff/ome/writer.ts";
export { createOmeTiff } from "./tiff/ome/writer.ts";
export type { Xml } from "./tiff/ome/xml.ts";
export { readXml } from "./tiff/ome/xml.ts";
export type { TiffPage } from "./tiff/page.ts";
export { flipRows, type TiffRows, tiffRowsLine } from "./tiff/rows.ts";
export type { TiffFile } from "./tiff/tiffFile.ts";
export { openTiff, readTiffImage } from "./tiff/tiffFile.ts";
export type { TiffContent } from "./tiff/write.ts";
export { tiffBytes, writeTiff } from "./tiff/write.ts";
export type { PickledArray } from "./torch/numpyPickle.ts";
export type { PickleObject } from "./torch/pickle.ts";
export type { ReadTorchOptions } from "./torch/read.ts";
export { parseTorch, readTorch, readTorchTensor } from "./torch/read.ts";
export type { TorchTensor } from "./torch/tensor.ts";
export type { TorchContent } from "./torch/write.ts";
export { formatTorch, NumpyInTorch, TupleInTorch, writeTorch } from "./torch/write.ts";
export type { WellPlace } from "./wellNames.ts";
export { PLATE_FORMATS, parseWellName, rowLetters, rowOfLetters, wellName } from "./wellNames.ts";
export { formatYaml, parseYaml } from "./yaml.ts";
